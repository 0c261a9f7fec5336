"""Places: the developer's own files, in texts that name the copies that run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from .paint import Paint, Style

Folders = Callable[[str, str], Path | None]
"""The folder that a project's function is deployed from, if it is known."""


class Places:
    """Turns the paths of builds in what functions say into those of their sources.

    `builds` is the folder of all builds. Files that only the build has keep their path.
    """

    def __init__(self, builds: Path | None, folders: Folders, here: Path, paint: Paint) -> None:
        self._folders = folders
        self._here = here
        self._paint = paint
        names = "|".join(re.escape(name) for name in _names(builds)) if builds else "(?!)"
        self._built = re.compile(rf"(?:{names})/[^/\s]+/src/function/([^\s\"'()<>:,]+)")

    def own(self, text: str, project: str, function_id: str, *styles: Style) -> str:
        """A line in `styles` with the developer's paths, relative where they lie below here, not
        dimmed, and linked."""
        folder = self._folders(project, function_id)
        if folder is None or "/" not in text:
            return self._paint(text, *styles)
        pieces, end = [], 0
        for start, stop, path in self._found(text, folder):
            pieces.append(self._paint(text[end:start], *styles))
            pieces.append(self._paint.link(self.short(path), path))
            end = stop
        pieces.append(self._paint(text[end:], *styles))
        return "".join(pieces)

    def short(self, path: Path) -> str:
        """The path as people here write it."""
        return str(path.relative_to(self._here)) if path.is_relative_to(self._here) else str(path)

    def _found(self, text: str, folder: Path) -> list[tuple[int, int, Path]]:
        found = [(*hit.span(), folder / hit[1]) for hit in self._built.finditer(text)]
        if not found and f"{folder}/" in text:
            own = re.compile(rf"{re.escape(str(folder))}/[^\s\"'()<>:,]+")
            found = [(*hit.span(), Path(hit[0])) for hit in own.finditer(text)]
        return [each for each in found if each[2].exists()]


def _names(builds: Path) -> list[str]:
    """How the folder is written: in Node.js' modules as an address."""
    return [f"file://{quote(str(builds))}", f"file://{builds}", str(builds)]
