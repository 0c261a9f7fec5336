"""Which files of a function's folder are deployed: what git would keep, without installs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from .entry import Entry, ProjectFileError

_NEVER_DEPLOYED = frozenset({".git", ".appwrite", ".appwrite-emulator", "__pycache__"})


def deployed_files(entry: Entry) -> Iterator[Path]:
    """The files and links of the function's folder that are deployed, relative to it, sorted.

    Left out is what `ignore` and the `.gitignore` files of the folder say, as git reads them, and
    what never is source: `.git`, our own folders, compiled Python. Installed dependencies go along
    unless `commands` will install them anew. Blocking: call it in a thread.
    Raises ProjectFileError for a pattern that is none, OSError for what cannot be read.
    """
    own = _Rules("", _patterns(entry.ignore, f"function '{entry.id}': ignore"))
    yield from _walk(entry, "", (own,))


@dataclass(frozen=True, slots=True)
class _Rules:
    base: str  # the folder they are written for, "" or ending in a slash
    patterns: GitIgnoreSpec

    def verdict(self, path: str) -> bool | None:
        """Whether `path` is ignored; None when nothing here speaks about it."""
        return self.patterns.check_file(path.removeprefix(self.base)).include


def _walk(entry: Entry, base: str, rules: tuple[_Rules, ...]) -> Iterator[Path]:
    """`rules` in the order in which they decide: the entry's own, then the nearest folder's."""
    own, *above = rules
    here = entry.folder / base
    if (file := here / ".gitignore").is_file():
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        rules = (own, _Rules(base, _patterns(lines, str(file))), *above)
    for item in sorted(os.scandir(here), key=lambda item: item.name):
        is_folder = item.is_dir(follow_symlinks=False)
        path = base + item.name + ("/" if is_folder else "")
        if item.name in _NEVER_DEPLOYED or _is_ignored(path, rules):
            continue
        if item.is_symlink() or item.is_file():
            yield Path(path)
        elif is_folder and not (entry.commands and _is_install(item)):
            yield from _walk(entry, path, rules)


def _is_ignored(path: str, rules: Sequence[_Rules]) -> bool:
    verdicts = (each.verdict(path) for each in rules)
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _is_install(folder: os.DirEntry[str]) -> bool:
    """Whether a package manager made the folder: packages of Node.js, an environment of Python."""
    return folder.name == "node_modules" or os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def _patterns(lines: Sequence[str], source: str) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as exc:
        raise ProjectFileError(f"{source}: {exc}. Correct or remove the line.") from exc
