"""Repositories of a version control provider, read from folders and git of this machine.

Nothing is fetched over a network, nothing in them is changed, and no code of theirs is run.
"""

from __future__ import annotations

from .git import git_folder
from .known import INSTALLATION, Order, Repositories
from .reading import Commit, Reference, ReferenceKind, RepositoryUnavailable

__all__ = [
    "INSTALLATION",
    "Commit",
    "Order",
    "Reference",
    "ReferenceKind",
    "Repositories",
    "RepositoryUnavailable",
    "git_folder",
]
