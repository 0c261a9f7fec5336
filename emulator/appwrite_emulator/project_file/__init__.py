"""Project files: which functions a repository has, and which of their files are deployed."""

from __future__ import annotations

from pathlib import Path

from ..catalog import Catalog
from ..errors import Era
from .dotenv import environment
from .entry import Entry, ProjectFile, ProjectFileError
from .guessing import empty, guess, guessed_id
from .ids import made_id
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
    "empty",
    "environment",
    "find",
    "guess",
    "guessed_id",
    "load",
    "made_id",
    "read",
]


def load(directory: Path, catalog: Catalog, era: Era) -> ProjectFile | None:
    """The project file in `directory`, else what a bare folder's files make guess. Blocking.

    None when there is neither. What is guessed has sentences in `guesses`, and in `folders` those
    whose new or vanished entries make another guess. Raises ProjectFileError.
    """
    path = find(directory)
    return read(path) if path else guess(directory, catalog, era)
