"""The report as people and programs read it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator

import click

from ... import __version__
from .parts import Line, Mark, Part, problems

_WIDTH = 80
_MARKS = {
    Mark.GOOD: ("✓", "green"),
    Mark.NOTE: ("!", "yellow"),
    Mark.BAD: ("✗", "red"),
}


def show(parts: tuple[Part, ...], *, as_json: bool) -> int:
    """Print the report; the exit code: 0 when an emulator can work here, else 1."""
    broken = problems(parts)
    if as_json:
        facts = {part.key: part.facts for part in parts}
        report = {"ok": not broken, "problems": broken, "version": __version__, **facts}
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        for line in page(parts):
            click.echo(line)
    return 1 if broken else 0


def page(parts: tuple[Part, ...]) -> Iterator[str]:
    """The lines for people."""
    yield f"appwrite-emulator {__version__}"
    for part in parts:
        yield ""
        yield click.style(part.title, bold=True)
        for line in part.lines:
            yield from _lines(line)
    yield ""
    broken = len(problems(parts))
    if broken:
        lines = "the line" if broken == 1 else f"the {broken} lines"
        yield click.style(f"Not ready: see {lines} with ✗.", fg="red", bold=True)
    else:
        yield click.style("Ready to start.", fg="green", bold=True)


def _lines(line: Line) -> Iterator[str]:
    glyph, colour = _MARKS[line.mark]
    first, *rest = _wrapped(line.text, "    ")
    yield f"  {click.style(glyph, fg=colour)} {first.lstrip()}"
    yield from rest
    for paragraph in line.more.splitlines():
        yield from _wrapped(paragraph, "      ")


def _wrapped(text: str, indent: str) -> list[str]:
    """Lines that fit; what cannot be broken, such as a path, is left whole."""
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
