"""What a project file says: its values, and the error when they cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..models import row_key

_NOT_SETTINGS = frozenset({"id", "folder", "variables", "ignore"})


class ProjectFileError(ValueError):
    """A project file cannot be used; the text names file, function, key, value and remedy.

    Besides the project file itself, a change at one of `places` may mend it.
    """

    def __init__(self, text: str, *places: Path) -> None:
        super().__init__(text)
        self.places = places


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One function of a project file. What is None is not in the file."""

    id: str
    name: str
    runtime: str
    folder: Path  # where its source is
    entrypoint: str | None = None
    commands: str | None = None
    execute: tuple[str, ...] | None = None
    events: tuple[str, ...] | None = None
    scopes: tuple[str, ...] | None = None
    schedule: str | None = None
    timeout: int | None = None  # seconds
    enabled: bool | None = None
    logging: bool | None = None
    build_specification: str | None = None
    runtime_specification: str | None = None
    deployment_retention: int | None = None  # days
    variables: tuple[tuple[str, str], ...] = ()
    ignore: tuple[str, ...] = ()  # patterns as in a .gitignore, on top of the folder's own

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that the file gives, by the API's parameter names."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _NOT_SETTINGS}
        return {row_key(name): value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """What a project file says about functions; everything else in it is left alone."""

    path: Path  # where it lies, or would lie when all of it is guessed
    project_id: str
    functions: tuple[Entry, ...]
    files: tuple[Path, ...] = ()  # that it was read from: itself, and what it includes
    guesses: tuple[str, ...] = ()  # sentences on what no file says, when there is none
    folders: tuple[Path, ...] = ()  # what lies below them, less what `skip` names, decides what is
    skip: frozenset[str] = frozenset()  # guessed: names of folders with dependencies
