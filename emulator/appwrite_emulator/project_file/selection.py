"""Which files of a function's folder are deployed: what git would keep, without installs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from .entry import Entry, ProjectFileError
from .skipping import NEVER_SOURCE

_REMEMBERED = 50_000  # verdicts of one set of rules, for folders that are looked at again and again


def deployed_files(entry: Entry) -> Iterator[Path]:
    """The files and links of the function's folder that are deployed, relative to it, sorted.

    Left out is what `ignore` and the `.gitignore` files of the folder say, as git reads them, and
    what never is source: `.git`, our own folders, compiled Python. Installed dependencies go along
    unless `commands` will install them anew. Blocking: call it in a thread.
    Raises ProjectFileError for a pattern that is none, OSError for what cannot be read.
    """
    selection = Selection(entry)
    yield from _walk(entry, "", selection, selection.rules())


class Rules:
    """The patterns of one file, or of the entry, and what they said about paths so far."""

    __slots__ = ("_base", "_patterns", "_verdicts")

    def __init__(self, base: str, patterns: GitIgnoreSpec) -> None:
        self._base = base  # the folder they are written for, "" or ending in a slash
        self._patterns = patterns
        self._verdicts: dict[str, bool | None] = {}

    def verdict(self, path: str) -> bool | None:
        """Whether `path` is ignored; None when nothing here speaks about it."""
        try:
            return self._verdicts[path]
        except KeyError:
            if len(self._verdicts) >= _REMEMBERED:
                self._verdicts.clear()
        verdict = self._patterns.check_file(path.removeprefix(self._base)).include
        self._verdicts[path] = verdict
        return verdict


class Selection:
    """Decides for one entry what is deployed; `before` lends it the rules that stayed the same."""

    __slots__ = ("_entry", "_known", "_lent")

    def __init__(self, entry: Entry, before: Selection | None = None) -> None:
        self._entry = entry
        self._lent = before._known if before else {}
        self._known: dict[tuple[str, str], Rules] = {}

    def rules(self) -> tuple[Rules, ...]:
        """What counts in the root before its `.gitignore` is read."""
        lines = "\n".join(self._entry.ignore)
        return (self._read("", lines, f"function '{self._entry.id}': ignore"),)

    def rules_in(self, base: str, above: tuple[Rules, ...]) -> tuple[Rules, ...]:
        """What counts in a folder ("" or ending in a slash): in the order in which they decide.

        First come the entry's own rules, then those of the nearest folder.
        """
        file = self._entry.folder / base / ".gitignore"
        if not file.is_file():
            return above
        lines = file.read_text(encoding="utf-8", errors="replace")
        own, *others = above
        return (own, self._read(base, lines, str(file)), *others)

    def takes(self, path: str, name: str, rules: Sequence[Rules]) -> bool:
        """Whether what lies at `path` is deployed; the path of a folder ends in a slash."""
        if name in NEVER_SOURCE:
            return False
        verdicts = (each.verdict(path) for each in rules)
        return not next((verdict for verdict in verdicts if verdict is not None), False)

    def is_install(self, folder: os.DirEntry[str]) -> bool:
        """Whether it holds what `commands` install: packages of Node.js, an environment."""
        return bool(self._entry.commands) and (
            folder.name == "node_modules" or os.path.exists(os.path.join(folder, "pyvenv.cfg"))
        )

    def _read(self, base: str, lines: str, source: str) -> Rules:
        key = (base, lines)
        if (rules := self._lent.get(key)) is None:
            rules = Rules(base, _patterns(lines.splitlines(), source))
        self._known[key] = rules
        return rules


def _walk(
    entry: Entry, base: str, selection: Selection, rules: tuple[Rules, ...]
) -> Iterator[Path]:
    items = sorted(os.scandir(entry.folder / base), key=lambda item: item.name)
    if any(item.name == ".gitignore" for item in items):
        rules = selection.rules_in(base, rules)
    for item in items:
        is_folder = item.is_dir(follow_symlinks=False)
        path = base + item.name + ("/" if is_folder else "")
        if not selection.takes(path, item.name, rules):
            continue
        if item.is_symlink() or item.is_file():
            yield Path(path)
        elif is_folder and not selection.is_install(item):
            yield from _walk(entry, path, selection, rules)


def _patterns(lines: Sequence[str], source: str) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as exc:
        raise ProjectFileError(f"{source}: {exc}. Correct or remove the line.") from exc
