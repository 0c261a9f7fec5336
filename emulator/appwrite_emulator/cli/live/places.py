"""Places: the developer's own files, in texts that name the copies that run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .paint import Paint, Style

_FILE = r"[^\s\"'()<>:,]+"
_LINE = r"((?::\d+){0,2})"

Folders = Callable[[str, str], Path | None]
"""The folder that a project's function is deployed from, if it is known."""


class Places:
    """Turns the paths of builds in what functions say into those of their sources.

    `builds` is the folder of all builds, beside which those lie that are inspected. Files that only
    the build has keep their path.
    """

    def __init__(self, builds: Path | None, folders: Folders, here: Path, paint: Paint) -> None:
        self._folders = folders
        self._here = here
        self._prefix = f"{here}/" if here.parent != here else "\0"
        self._paint = paint
        built = _pattern(builds) if builds else "(?!)"
        inspected = _pattern(builds.with_name("inspected")) if builds else "(?!)"
        copies = rf"(?:{built}/[^/\s]+|{inspected}/[^/\s]+/[^/\s]+)"
        self._built = re.compile(rf"{copies}/src/function/({_FILE}){_LINE}")

    def own(self, text: str, project: str, function_id: str, *styles: Style) -> str:
        """A line in `styles` with the developer's paths, relative where they lie below here, not
        dimmed, and linked."""
        folder = self._folders(project, function_id)
        if folder is None or "/" not in text:
            return self._paint(text.replace(self._prefix, ""), *styles)
        pieces, end = [], 0
        for start, stop, path, line in self._found(text, folder):
            pieces.append(self._paint(text[end:start], *styles))
            pieces.append(self._paint.link(self.short(path) + line, path))
            end = stop
        pieces.append(self._paint(text[end:], *styles))
        return "".join(pieces)

    def place(self, text: str) -> str:
        """A file with its line, such as /shop/functions/a/main.js:3, as people here write it."""
        path, colon, line = text.rpartition(":")
        known = Path(path)
        if not (colon and known.is_absolute() and known.exists()):
            return text
        return self._paint.link(f"{self.short(known)}:{line}", known)

    def short(self, path: Path) -> str:
        """The path as people here write it."""
        return str(path.relative_to(self._here)) if path.is_relative_to(self._here) else str(path)

    def _found(self, text: str, folder: Path) -> list[tuple[int, int, Path, str]]:
        """Where in the text files are named: from, to, which one and its line."""
        hits = [*self._built.finditer(text)]
        if not hits and f"{folder}/" in text:
            hits = [*re.finditer(rf"{re.escape(str(folder))}/({_FILE}){_LINE}", text)]
        found = [(*hit.span(), folder / hit[1], hit[2]) for hit in hits]
        return [each for each in found if each[2].exists()]


def places_of(told: Mapping[str, Any], project: str, paint: Paint) -> Places:
    """Those of a project's functions, as `/_emulator/functions` tells of them."""
    folders = {each["functionId"]: each["folder"] for each in told["functions"]}

    def folder(asked: str, function_id: str) -> Path | None:
        known = folders.get(function_id) if asked == project else None
        return Path(known) if known else None

    return Places(Path(told["builds"]), folder, Path.cwd(), paint)


def _pattern(folder: Path) -> str:
    return f"(?:{'|'.join(re.escape(name) for name in _names(folder))})"


def _names(builds: Path) -> list[str]:
    """How the folder is written: in Node.js' modules as an address."""
    return [f"file://{quote(str(builds))}", f"file://{builds}", str(builds)]
