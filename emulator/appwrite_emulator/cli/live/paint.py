"""Paint: colours and links for terminals that show them, and text made safe for any terminal."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Literal

Style = Literal["bold", "dim", "red", "green", "yellow", "cyan"]

_CODES: dict[Style, str] = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36",
}  # fmt: skip
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# All controls but the tab; line ends, marks and overrides that would turn or break a line.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Paint:
    """Styles of text, which leave it alone where the reader is no terminal."""

    def __init__(self, *, has_colours: bool = False, has_links: bool = False) -> None:
        self._has_colours = has_colours
        self._has_links = has_links

    def __call__(self, text: str, *styles: Style) -> str:
        if not self._has_colours or not text or not styles:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"

    def link(self, text: str, path: Path) -> str:
        """`text` as a link to a file."""
        if not self._has_links:
            return text
        return f"\x1b]8;;{path.as_uri()}\x1b\\{text}\x1b]8;;\x1b\\"


def clean(text: str) -> str:
    """`text` without colours, and with its controls made visible: it can do nothing but be read."""
    if text.isprintable():
        return text
    return _CONTROL.sub(_picture, _COLOUR.sub("", text))


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "\ufffd"


def cut(text: str, cells: int) -> str:
    """As much of a line without styles as has room in so many cells of a terminal."""
    if text.isascii() and len(text) <= cells:
        return text
    room = cells - 1
    for place, character in enumerate(text):
        room -= 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if room < 0:
            rest = text[place:]
            return text if len(rest) == 1 and room == -1 else f"{text[:place]}…"
    return text
