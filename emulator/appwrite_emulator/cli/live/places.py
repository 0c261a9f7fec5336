"""Places: the developer's own files, painted and linked in texts that name the copies that run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...places import Copies, short
from .paint import Paint, Style

Folders = Callable[[str, str], Path | None]
"""The folder that a project's function is deployed from, if it is known."""


class Places:
    """Turns the paths of builds in what functions say into those of their sources.

    `builds` is the folder of all builds. Files that only the build has keep their path.
    """

    def __init__(self, builds: Path | None, folders: Folders, here: Path, paint: Paint) -> None:
        self._copies = Copies(builds)
        self._folders = folders
        self._here = here
        self._prefix = f"{here}/" if here.parent != here else "\0"
        self._paint = paint

    def own(self, text: str, project: str, function_id: str, *styles: Style) -> str:
        """A line in `styles` with the developer's paths, relative where they lie below here, not
        dimmed, and linked."""
        folder = self._folders(project, function_id)
        if folder is None or "/" not in text:
            return self._paint(text.replace(self._prefix, ""), *styles)
        pieces, end = [], 0
        for start, stop, path, line in self._copies.found(text, folder):
            pieces.append(self._paint(text[end:start], *styles))
            pieces.append(self._paint.link(short(path, self._here) + line, path))
            end = stop
        pieces.append(self._paint(text[end:], *styles))
        return "".join(pieces)

    def place(self, text: str) -> str:
        """A file with its line, such as /shop/functions/a/main.js:3, as people here write it."""
        path, colon, line = text.rpartition(":")
        known = Path(path)
        if not (colon and known.is_absolute() and known.exists()):
            return text
        return self._paint.link(f"{short(known, self._here)}:{line}", known)


def places_of(told: Mapping[str, Any], project: str, paint: Paint) -> Places:
    """Those of a project's functions, as `/_emulator/functions` tells of them."""
    folders = {each["functionId"]: each["folder"] for each in told["functions"]}

    def folder(asked: str, function_id: str) -> Path | None:
        known = folders.get(function_id) if asked == project else None
        return Path(known) if known else None

    return Places(Path(told["builds"]), folder, Path.cwd(), paint)
