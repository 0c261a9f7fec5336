"""The headline of what went wrong: the one line of a language's trace that says it."""

from __future__ import annotations

import re

from ..printable import cut

_LONGEST = 200  # characters
_TRACEBACK = "Traceback (most recent call last)"  # Python
_STEP = "    at "  # Node.js
_FIRST_STEP = "#0 "  # PHP
_NAMED = re.compile(r"[\w$.]+( \[\w+\])?: ")  # an error's class, or a module's name


def headline(errors: str) -> str:
    """The line that says what went wrong, "" if nothing did."""
    lines = [line for line in errors.rstrip().split("\n") if line.strip()]
    found = _of_python(lines) or _of_node(lines) or _of_php(lines) or (lines[-1] if lines else "")
    return cut(found, _LONGEST)


def _of_python(lines: list[str]) -> str:
    """The first line below the steps of the last traceback."""
    begun = [place for place, line in enumerate(lines) if _TRACEBACK in line]
    below = lines[begun[-1] + 1 :] if begun else []
    return next((line for line in below if not line.startswith(" ")), "")


def _of_node(lines: list[str]) -> str:
    """The line above the last steps that names an error; messages may have several lines."""
    steps = [place for place, line in enumerate(lines) if line.startswith(_STEP)]
    if not steps:
        return ""
    above = steps[-1]
    while lines[above].startswith(_STEP) and above:
        above -= 1
    said = lines[: above + 1]
    return next((line for line in reversed(said) if _NAMED.match(line)), said[-1])


def _of_php(lines: list[str]) -> str:
    """The line above the last steps: PHP does not name the class."""
    steps = [place for place, line in enumerate(lines) if line.startswith(_FIRST_STEP)]
    return lines[steps[-1] - 1] if steps and steps[-1] else ""
