"""Folders: make deployments of functions' folders, as quickly as what changed in them allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

import anyio
from anyio import to_thread

from ..builder import generation
from ..builder.generation import TreeMoved
from ..catalog import InterpreterMissing
from ..errors import ApiError, resolve
from ..execution.executor import Executor
from ..models import Deployment, Function, unique_id
from ..project_file import Entry, ProjectFileError, environment
from ..trees import scan
from .generations import Generations
from .ground import Ground
from .looks import Look, stamp
from .plans import Plans
from .under_way import Work, WorkKind

_MOVES = 20  # changes while the folder is being copied
_QUIET = 0.02  # seconds without a change after which a folder is taken as it is
_LOOKS = 12  # for quiet, after which it is taken though it goes on changing
_RESTLESS = "Its files were changed again and again while they were copied. Save once more."


class Outcome(StrEnum):
    """What came of taking in a folder."""

    LIVE = "live"  # a new deployment of it is active
    UNCHANGED = "unchanged"  # what is active is of this content, or was sent to us later
    BROKEN = "broken"  # it cannot be built or loaded: what was active goes on


@dataclass(frozen=True, slots=True)
class Change:
    """What is about to be deployed."""

    work: Work
    files: tuple[str, ...]  # relative to the folder, sorted
    build: str  # why commands run, "" when none do
    replaces: str  # the id of a deployment that was sent to us and was active until now


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of it."""

    outcome: Outcome
    deployment_id: str = ""
    error: str = ""  # in the developer's own paths
    place: str = ""  # path:line of the error, if it has one


class Folders:
    """Makes deployments of functions' folders."""

    def __init__(
        self, ground: Ground, generations: Generations, running: tuple[Plans, Executor]
    ) -> None:
        self._ground = ground
        self._generations = generations
        self._plans, self._executor = running

    def skipped(self, runtime: str) -> tuple[str, ...]:
        """The names of folders that hold no sources: the dependencies of the language."""
        family = self._ground.catalog.family(runtime)
        return family.dependency_folders if family else ()

    async def take_in(
        self,
        function: Function,
        entry: Entry,
        before: Look | None = None,
        on_begin: Callable[[Change], None] = lambda change: None,
        *,
        why: str = "",
    ) -> tuple[Look, Brought]:
        """Deploy what the folder holds, unless that is active already.

        `why` asks for a build. Returns what the folder was seen to hold, and what came of it.
        Raises EpochPassed after a restore.
        """
        look = before
        for _ in range(_MOVES):
            look = await self.look(function, entry, look)
            try:
                return look, await self._deploy(function, entry, look, on_begin, why)
            except TreeMoved:
                continue
            except (ApiError, InterpreterMissing, ProjectFileError, OSError) as exc:
                return look, Brought(Outcome.BROKEN, error=self._text_of(exc))
        assert look is not None, "it was looked at"
        return look, Brought(Outcome.BROKEN, error=_RESTLESS)

    async def look(self, function: Function, entry: Entry, before: Look | None = None) -> Look:
        """What the folder holds now."""
        env = stamp(entry.folder / ".env")
        own = replace(entry, ignore=(*entry.ignore, "/.env"))  # its values go by the environment
        reading = partial(
            scan,
            own,
            skip=self.skipped(function.runtime),
            markers=self._markers(function),
            before=before.tree if before else None,
        )
        try:
            return Look(entry.folder, await to_thread.run_sync(reading), env)
        except (ProjectFileError, OSError) as exc:
            return Look(entry.folder, None, env, str(exc))

    async def rest(self, function: Function, entry: Entry, before: Look) -> None:
        """Return when the folder has not changed for a moment, so that no half save is taken."""
        look = before
        for _ in range(_LOOKS):
            look = await self.look(function, entry, look)
            await anyio.sleep(_QUIET)
            if look.is_current():
                return

    async def _deploy(
        self,
        function: Function,
        entry: Entry,
        look: Look,
        on_begin: Callable[[Change], None],
        why: str,
    ) -> Brought:
        variables = await to_thread.run_sync(environment, entry.folder)
        self._plans.lay_over(function, variables)
        if look.tree is None:
            return Brought(Outcome.BROKEN, error=look.problem)
        active = self._generations.active(function)
        if not why and self._is_served(function, active, look.tree.fingerprint):
            return Brought(Outcome.UNCHANGED, active.id if active else "")
        ...

    def _is_served(
        self, function: Function, active: Deployment | None, fingerprint: str
    ) -> bool:
        """Whether a deployment of what the folder holds would bring nothing new.

        What was sent to us after the folder was last deployed stays until the folder changes.
        """
        if active is None:
            return False
        if active.fingerprint:
            settings = (function.runtime, function.entrypoint, function.commands)
            is_same = (active.runtime, active.entrypoint, active.commands) == settings
            return is_same and active.fingerprint == fingerprint
        latest = self._generations.latest(function)
        return latest is not None and latest.fingerprint == fingerprint

    def _text_of(self, exc: Exception) -> str:
        if isinstance(exc, ApiError):
            return resolve(exc, self._ground.config.appwrite).message
        return str(exc)
