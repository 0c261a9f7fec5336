"""A workspace: a directory with its options and its project file, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import project_file
from ..addresses import is_loopback
from ..assets import assets
from ..catalog import Catalog
from ..config import Config, ConfigError
from ..project_file import Entry, ProjectFile

if TYPE_CHECKING:
    from ..emulator import Emulator
    from ..services.projects import Applied, Progress


@dataclass(frozen=True, slots=True)
class Workspace:
    """What an emulator that begins here has to do with."""

    config: Config
    directory: Path
    project: ProjectFile | None  # guessed without a project file; None: nothing to guess

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The functions to deploy."""
        return self.project.functions if self.project else ()

    async def serve(self, emulator: Emulator, on_progress: Progress) -> list[Applied]:
        """Deploy the functions, and take in every change of them from now on if that is wanted."""
        if not self.config.watch:
            projects = emulator.services.projects
            return await projects.apply(emulator.project, self.entries, on_progress)
        project = self.project or project_file.empty(self.directory, languages(self.config))
        serving = emulator.services.serving
        return await serving.serve(emulator.project, project, self._read, on_progress)

    def _read(self) -> ProjectFile | None:
        """The project file as it is now. Raises ProjectFileError."""
        return project_file.load(self.directory, languages(self.config), self.config.appwrite)


def prepare(directory: Path | None, options: Mapping[str, Any]) -> Workspace:
    """Read what lies in `directory`, by default that of the nearest project file upward.

    Raises ConfigError, ProjectFileError, ManifestInvalid.
    """
    directory, _ = locate(directory)
    config = configure(directory, options)
    project = project_file.load(directory, languages(config), config.appwrite)
    if project and not config.project:
        config = replace(config, project=project.project_id)
    return Workspace(config, directory, project)


def languages(config: Config) -> Catalog:
    """The runtimes with these options, for what is said before an emulator runs."""
    return Catalog([assets("runtimes"), *config.runtimes])


def locate(directory: Path | None) -> tuple[Path, Path | None]:
    """The folder to work in and its project file, if it has one. Raises ConfigError."""
    if directory is None:
        path = project_file.find(Path.cwd(), upward=True)
        return (path.parent if path else Path.cwd()), path
    _require_folder(directory, f"Give the folder that holds {project_file.NAMES[0]}")
    return directory, project_file.find(directory)


def configure(directory: Path, options: Mapping[str, Any]) -> Config:
    """The options for `directory`. Raises ConfigError."""
    config = guarded(Config.load(directory, **options))
    for folder in config.runtimes:
        _require_folder(folder, "--runtimes wants a folder with a folder for each language")
    return config


def guarded(config: Config) -> Config:
    """`config`, made strict when other machines can call. Raises ConfigError without a key."""
    if is_loopback(config.host):
        return config
    if not config.keys:
        raise ConfigError(
            f"host is {config.host}, so other machines could deploy and run code here. Give at "
            "least one --key, which callers must then have, or listen on localhost"
        )
    return replace(config, strict=True)


def _require_folder(path: Path, remedy: str) -> None:
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        raise ConfigError(f"{path} {what}. {remedy}")
