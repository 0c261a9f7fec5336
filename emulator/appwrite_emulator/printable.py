"""Printable text: what others say can do nothing to a terminal but be read, and not for long."""

from __future__ import annotations

import re

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# All controls but the tab; line ends, marks and overrides that would turn or break a line.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def clean(line: str) -> str:
    """`line` without colours, and with its controls made visible."""
    if line.isprintable():
        return line
    return _CONTROL.sub(_picture, _COLOUR.sub("", line))


def cut(text: str, most: int) -> str:
    """The first `most` characters of `text`, and a sign that there are more."""
    return text if len(text) <= most else f"{text[:most]}…"


def quoted(text: str, most: int) -> str:
    """The same in quotes, with the sign outside."""
    return repr(text) if len(text) <= most else f"{text[:most]!r}…"


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "\ufffd"
