"""Paint: colours and links for terminals that show them, and text cut to their width."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Literal

Style = Literal["bold", "dim", "red", "green", "yellow", "cyan"]

_CODES: dict[Style, str] = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36",
}  # fmt: skip


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
