"""A git repository, read by the `git` command: objects only, so that nothing of its runs."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from .reading import (
    Commit,
    Reference,
    ReferenceKind,
    RepositoryUnavailable,
    check_size,
    unavailable,
)

_PATIENCE = 60.0  # seconds that one command of git gets
_PIECE = 8_000_000  # bytes of content asked for at once
_NAMED = 10  # branches or tags that a message lists
_BRANCHES, _REMOTE, _TAGS = "refs/heads/", "refs/remotes/origin/", "refs/tags/"

# No settings of the user's or the system's, no question to anybody, no network.
_ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


class _Entry(NamedTuple):
    """A file of a commit."""

    path: str
    mode: str
    id: str
    size: int


def git_folder(path: Path) -> Path | None:
    """Where git keeps its objects for the folder `path`; None when it is no repository."""
    if (path / ".git").exists():
        return path / ".git"
    is_bare = (path / "HEAD").is_file() and all((path / n).is_dir() for n in ("objects", "refs"))
    return path if is_bare else None


@dataclass(frozen=True, slots=True)
class Git:
    """The repository in `folder`, which `path` is called by; `search_path` is where git is."""

    path: Path
    folder: Path
    search_path: str

    def commit(self, reference: Reference) -> Commit:
        id = self._resolve(reference)
        # Not `log`: a repository's settings can make it run programs, to verify signatures.
        form = ("--encoding=UTF-8", "--format=%an%x00%B")
        said = self._run("rev-list", "--max-count=1", *form, id, "--").decode("utf-8", "replace")
        author, _, message = said.partition("\n")[2].partition("\0")
        return Commit(id, author, message.rstrip("\n"))

    def add_to(self, archive: tarfile.TarFile, reference: Reference, root: str, limit: int) -> None:
        entries = list(self._entries(self._resolve(reference), root))
        if not entries:
            where = f"no folder {root!r}" if root else "nothing"
            raise unavailable(f"there is {where} in {reference} of {self.path}.")
        check_size(sum(entry.size for entry in entries), limit)
        for entry, content in self._contents(entries):
            _add(archive, entry, content)

    def _resolve(self, reference: Reference) -> str:
        """The id of the commit. What a client names is looked up, never given to git as it is."""
        if reference.kind is ReferenceKind.COMMIT:
            id = self._find_commit(reference.name)
        else:
            refs = self._refs()
            prefixes = (_TAGS,) if reference.kind is ReferenceKind.TAG else (_BRANCHES, _REMOTE)
            names = {name: _last_match(refs, name, reference) for name in prefixes}
            id = next(filter(None, names.values()), "")
        if not id:
            raise unavailable(f"there is no {reference} in {self.path}.{self._known(reference)}")
        return id

    def _find_commit(self, name: str) -> str:
        if not re.fullmatch(r"[0-9a-fA-F]{4,64}", name):
            return ""
        try:
            found = self._run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        except RepositoryUnavailable:
            return ""
        id = found.decode().strip()
        return id if id.startswith(name.lower()) else ""  # else a branch of that name

    def _refs(self) -> dict[str, str]:
        """The commit of each branch and tag, in the order of their names."""
        wanted = (_BRANCHES, _REMOTE, _TAGS)
        form = "--format=%(refname) %(objectname) %(*objectname)"
        lines = self._run("for-each-ref", form, *wanted).decode("utf-8", "replace").splitlines()
        refs = {}
        for line in lines:
            name, id, peeled = line.split(" ")
            refs[name] = peeled or id
        return refs

    def _known(self, reference: Reference) -> str:
        if reference.kind is ReferenceKind.COMMIT:
            return ""
        prefix = _TAGS if reference.kind is ReferenceKind.TAG else _BRANCHES
        names = [name.removeprefix(prefix) for name in self._refs() if name.startswith(prefix)]
        more = ", ..." if len(names) > _NAMED else ""
        return f" There are: {', '.join(names[:_NAMED]) or 'none'}{more}."

    def _entries(self, id: str, root: str) -> Iterator[_Entry]:
        """The files below `root`, with paths from there; other repositories inside are empty."""
        prefix = f"{root}/" if root else ""
        listed = self._run("ls-tree", "-r", "-l", "-z", "--full-tree", id)
        for line in listed.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            facts, _, path = line.partition("\t")
            mode, kind, id, size = facts.split()
            if kind == "blob" and path.startswith(prefix):
                yield _Entry(path.removeprefix(prefix), mode, id, int(size))

    def _contents(self, entries: Iterable[_Entry]) -> Iterator[tuple[_Entry, bytes]]:
        for piece in _pieces(entries):
            asked = "".join(f"{entry.id}\n" for entry in piece).encode()
            answers = io.BytesIO(self._run("cat-file", "--batch", input=asked))
            for entry in piece:
                head = answers.readline().decode("utf-8", "replace").strip()
                if head != f"{entry.id} blob {entry.size}":
                    raise unavailable(f"git could not read {self.path}: {head}")
                yield entry, answers.read(entry.size)
                answers.readline()

    def _run(self, *arguments: str, input: bytes = b"") -> bytes:
        command = ["git", "--no-pager", f"--git-dir={self.folder}", *arguments]
        environ = _ALONE | {"PATH": self.search_path}
        try:
            done = subprocess.run(
                command, input=input, capture_output=True, check=True, timeout=_PATIENCE,
                env=environ, cwd="/",  # not in the repository, which may have a program `git`
            )  # fmt: skip
        except FileNotFoundError as exc:
            raise unavailable(f"git, which is needed to read {self.path}, is missing.") from exc
        except subprocess.TimeoutExpired as exc:
            raise unavailable(f"git took more than {_PATIENCE:g} s in {self.path}.") from exc
        except subprocess.CalledProcessError as exc:
            said = exc.stderr.decode("utf-8", "replace").strip()
            raise unavailable(f"git could not read {self.path}: {said}") from exc
        return done.stdout


def _last_match(refs: dict[str, str], prefix: str, reference: Reference) -> str:
    """The commit of the last name that is meant. Source: Appwrite 1.9.6, which takes the last."""
    if reference.kind is ReferenceKind.BRANCH:
        return refs.get(prefix + reference.name, "")
    names = [n for n in refs if n.startswith(prefix)]
    found = [n for n in names if fnmatchcase(n.removeprefix(prefix), reference.name)]
    return refs[found[-1]] if found else ""


def _pieces(entries: Iterable[_Entry]) -> Iterator[list[_Entry]]:
    """Groups of entries whose contents may be in memory together."""
    piece: list[_Entry] = []
    size = 0
    for entry in entries:
        if piece and size + entry.size > _PIECE:
            yield piece
            piece, size = [], 0
        piece.append(entry)
        size += entry.size
    if piece:
        yield piece


def _add(archive: tarfile.TarFile, entry: _Entry, content: bytes) -> None:
    info = tarfile.TarInfo(entry.path)
    if entry.mode == "120000":
        info.type, info.mode = tarfile.SYMTYPE, 0o777
        info.linkname = content.decode("utf-8", "surrogateescape")
        archive.addfile(info)
    else:
        info.size, info.mode = len(content), int(entry.mode, 8) & 0o777
        archive.addfile(info, io.BytesIO(content))
