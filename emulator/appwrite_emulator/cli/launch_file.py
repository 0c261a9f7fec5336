"""Entries in an editor's launch file, whose comments and order are the developer's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_INDENT = 4
_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>"(?:\\.|[^"\\\n])*")"""
    r"""|(?P<mark>[\[\]{},:])|(?P<word>[^\s\[\]{},:"/]+)""",
    re.DOTALL,
)


class LaunchFileUnclear(Exception):
    """The file is no launch file that can be changed safely; the text says why."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def merged(text: str, entries: Sequence[dict[str, Any]]) -> str:
    """The launch file `text` with `entries`, which replace those of the same name.

    All else stays, comments too. Raises LaunchFileUnclear rather than lose anything.
    """
    if not text.strip():
        value = {"version": "0.2.0", "configurations": list(entries)}
        return json.dumps(value, indent=_INDENT, ensure_ascii=False) + "\n"
    wanted = _with(_read(text), entries)
    for entry in entries:
        text = _changed(text, entry)
    if _read(text) != wanted:
        raise LaunchFileUnclear("its form is not understood")
    return text


def _with(value: Any, entries: Sequence[dict[str, Any]]) -> Any:
    """What the file must say afterwards."""
    if not isinstance(value, dict) or not isinstance(value.get("configurations"), list):
        raise LaunchFileUnclear('it has no list "configurations"')
    found = list(value["configurations"])
    for entry in entries:
        places = [n for n, each in enumerate(found) if _name(each) == entry["name"]]
        if places:
            found[places[0]] = entry
        else:
            found.append(entry)
    return {**value, "configurations": found}


def _name(entry: Any) -> Any:
    return entry.get("name") if isinstance(entry, dict) else None


def _read(text: str) -> Any:
    """The value of JSON that may have comments and commas too many. Raises LaunchFileUnclear."""
    tokens = list(_tokens(text))
    kept = [
        token.text
        for token, after in zip(tokens, [*tokens[1:], None], strict=True)
        if token.text != "," or after is None or after.text not in "]}"
    ]
    try:
        return json.loads(" ".join(kept))
    except ValueError as exc:
        raise LaunchFileUnclear(f"it is no JSON with comments ({exc})") from exc


def _tokens(text: str) -> Iterator[_Token]:
    """What is not white space or comment."""
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            line = text.count("\n", 0, place) + 1
            raise LaunchFileUnclear(f"line {line} is no JSON")
        if match.lastgroup != "skip":
            yield _Token(match.group(), place)
        place = match.end()


def _changed(text: str, entry: dict[str, Any]) -> str:
    """The text with `entry` in its list, in the place of one of its name or at the end."""
    spans, close = _elements(text)
    for start, end in spans:
        if _name(_read(text[start:end])) == entry["name"]:
            return text[:start] + _indented(entry, _column(text, start)) + text[end:]
    if not spans:
        written = _indented(entry, " " * 2 * _INDENT)
        return f"{text[:close]}\n{' ' * 2 * _INDENT}{written}\n{' ' * _INDENT}{text[close:]}"
    start, end = spans[-1]
    indent = _column(text, start)
    return f"{text[:end]},\n{indent}{_indented(entry, indent)}{text[end:]}"


def _elements(text: str) -> tuple[list[tuple[int, int]], int]:
    """Where the elements of "configurations" are, and where its list ends."""
    tokens = list(_tokens(text))
    spans: list[tuple[int, int]] = []
    depth, begun, inside = 0, -1, False
    for number, token in enumerate(tokens):
        if token.text in ("]", "}"):
            depth -= 1
            if inside and depth == 1:
                return spans, token.start
            if inside and depth == 2:
                spans.append((begun, token.end))
        if token.text in ("[", "{"):
            if inside and depth == 2:
                begun = token.start
            inside = inside or (depth == 1 and _is_list(tokens, number))
            depth += 1
    raise LaunchFileUnclear('it has no list "configurations"')


def _is_list(tokens: Sequence[_Token], number: int) -> bool:
    before = [token.text for token in tokens[max(0, number - 2) : number + 1]]
    return before == ['"configurations"', ":", "["]


def _column(text: str, place: int) -> str:
    """The white space with which the line of `place` begins."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line[: len(line) - len(line.lstrip())]


def _indented(entry: dict[str, Any], indent: str) -> str:
    return json.dumps(entry, indent=_INDENT, ensure_ascii=False).replace("\n", f"\n{indent}")
