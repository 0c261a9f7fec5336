"""Project files: which functions a repository has, and which of their files are deployed."""

from __future__ import annotations

from .entry import Entry, ProjectFile, ProjectFileError
from .reading import NAMES, find, read
from .selection import deployed_files

__all__ = [
    "NAMES",
    "Entry",
    "ProjectFile",
    "ProjectFileError",
    "deployed_files",
    "find",
    "read",
]
