"""Project files: which functions a repository has, and which of their files are deployed."""

from __future__ import annotations

from .entry import Entry, ProjectFile, ProjectFileError
from .reading import NAMES, find, read
from .selection import Rules, Selection, deployed_files
from .skipping import NEVER_SOURCE, Skip

__all__ = [
    "NAMES",
    "NEVER_SOURCE",
    "Entry",
    "ProjectFile",
    "ProjectFileError",
    "Rules",
    "Selection",
    "Skip",
    "deployed_files",
    "find",
    "read",
]
