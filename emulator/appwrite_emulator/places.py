"""Places: where errors lie, told by the developer's own files instead of the copies that run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

_TRACEBACK = "Traceback (most recent call last)"  # Python's begin far from the place they end at
_THROWN_AT = re.compile(r"^At (.+):(\d+)$", re.MULTILINE)  # below the traces of PHP
_COMPILED = re.compile(r"([\w@.][\w@./-]*\.\w+)[(:](\d+)")  # as compilers name what they build

_FILE = r"[^\s\"'()<>:,]+"
_LINE = r"((?::\d+){0,2})"


class Found(NamedTuple):
    """A file of the developer's that a text names: from where to where, and its line."""

    start: int
    stop: int
    path: Path
    line: str  # such as :3 or :3:9, or ""


class Copies:
    """Finds the copies that run in what functions say.

    `builds` is the folder of all builds, beside which those lie that are inspected. Files that only
    the build has are none of the developer's.
    """

    def __init__(self, builds: Path | None) -> None:
        built = _pattern(builds) if builds else "(?!)"
        inspected = _pattern(builds.with_name("inspected")) if builds else "(?!)"
        copies = rf"(?:{built}/[^/\s]+|{inspected}/[^/\s]+/[^/\s]+)"
        self._built = re.compile(rf"{copies}/src/function/({_FILE}){_LINE}")

    def found(self, text: str, folder: Path) -> list[Found]:
        """Where files are named that were copied from `folder`, or that lie there."""
        hits = [*self._built.finditer(text)]
        if not hits and f"{folder}/" in text:
            hits = [*re.finditer(rf"{re.escape(str(folder))}/({_FILE}){_LINE}", text)]
        found = [Found(*hit.span(), folder / hit[1], hit[2]) for hit in hits]
        return [each for each in found if each.path.exists()]

    def own(self, text: str, folder: Path) -> str:
        """`text` with the paths of copies as those below `folder`."""
        pieces, end = [], 0
        for start, stop, path, line in self.found(text, folder):
            pieces += [text[end:start], f"{path}{line}"]
            end = stop
        return "".join([*pieces, text[end:]])

    def brief(self, text: str) -> str:
        """`text` with the paths of copies as those below the root of the code, such as those of
        packages, which only builds have."""
        return self._built.sub(r"\1\2", text)


def owned(text: str, code: Path, folder: Path) -> str:
    """`text` with the paths below the code root `code` as those below `folder`."""
    return text.replace(f"{code}/", f"{folder}/")


def place(text: str, folder: Path) -> str:
    """The `path:line` below `folder` where the error lies that `text` tells of, or ""."""
    line = r"(?::|, line | on line |\()"
    pattern = re.compile(rf"({re.escape(str(folder))}/[^\s:\"'()]+)[\"']?{line}(\d+)")
    found = [f"{path}:{number}" for path, number in pattern.findall(text)]
    if not found:
        named = _COMPILED.findall(text)
        relative = (f"{folder / path}:{line}" for path, line in named if (folder / path).is_file())
        return next(relative, "")
    if (thrown := _THROWN_AT.search(text)) and f"{thrown[1]}:{thrown[2]}" in found:
        return f"{thrown[1]}:{thrown[2]}"
    return found[-1] if _TRACEBACK in text else found[0]


def short(path: Path, here: Path) -> str:
    """The path as people write it who are in the folder `here`."""
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _pattern(folder: Path) -> str:
    return f"(?:{'|'.join(re.escape(name) for name in _names(folder))})"


def _names(builds: Path) -> list[str]:
    """How the folder is written: in Node.js' modules as an address."""
    return [f"file://{quote(str(builds))}", f"file://{builds}", str(builds)]
