"""What every kind of repository can be asked for, whatever lies behind it."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol


class RepositoryUnavailable(Exception):
    """The code cannot be had; the text says why, in a form that ends a build log."""


class ReferenceKind(StrEnum):
    """What a reference names."""

    BRANCH = "branch"
    COMMIT = "commit"
    TAG = "tag"  # may have wildcards: the last that matches, by name, is meant


class Reference(NamedTuple):
    """One state of a repository, as a client names it."""

    kind: ReferenceKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r}"


@dataclass(frozen=True, slots=True)
class Commit:
    """Who recorded a state of the code, and why; all empty where nobody did."""

    hash: str = ""
    author: str = ""
    message: str = ""


class Reader(Protocol):
    """A repository on this machine. All methods block and raise RepositoryUnavailable."""

    def commit(self, reference: Reference) -> Commit:
        """The commit that `reference` means."""
        ...

    def add_to(self, archive: tarfile.TarFile, reference: Reference, root: str, limit: int) -> None:
        """Add the files below `root`, as `reference` has them, to `archive`.

        `root` is a clean path, empty for all. More than `limit` bytes are refused; 0 is no limit.
        """
        ...


def unavailable(reason: str) -> RepositoryUnavailable:
    """In the words of Appwrite 1.6.2 and 1.9.6, which clone what we read."""
    return RepositoryUnavailable(f"Unable to clone code repository: {reason}")


def check_size(size: int, limit: int) -> None:
    """Raise RepositoryUnavailable when there is too much code. Source: Appwrite 1.9.6."""
    if 0 < limit < size:
        most = f"{limit / 1_000_000:,.2f}"
        raise RepositoryUnavailable(f"Repository directory size should be less than {most} MBs.")
