"""Projects: make functions what a project file says, and deploy their folders."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread

from .. import cron, events
from ..builder.generation import Way
from ..catalog import InterpreterMissing, agrees
from ..errors import ApiError, resolve
from ..models import Function, row_key
from ..near import meant
from ..printable import clean
from ..project_file import Entry, ProjectFileError, load
from . import bringing
from .bringing import Brought
from .changes import EntryRefused, changed, named
from .folders import Change, Folders
from .functions import Functions
from .ground import Ground
from .looks import Look
from .variables import Variables

Progress = Callable[[str, str], None]
"""Told the id of a function and what happens to it now."""

_OWN_SETTINGS = {field.name for field in fields(Entry)} | {"provider_root_directory"}
# What the file does not give goes back to its default, as when Appwrite's CLI pushes the file.
_DEFAULTS: dict[str, Any] = {
    row_key(field.name): field.default
    for field in fields(Function)
    if field.name in _OWN_SETTINGS and field.default is not MISSING
}


class Outcome(StrEnum):
    """What applying a project file came to for one function."""

    DEPLOYED = "deployed"  # a new deployment was built and is active
    UNCHANGED = "unchanged"  # the active deployment is of this source already
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How one function of a project file stands now."""

    id: str
    runtime: str
    outcome: Outcome
    seconds: float  # that it took
    reason: str = ""  # why it failed: the refusal, or the last lines of the build's log
    notes: tuple[str, ...] = ()  # what the developer should know although it worked
    look: Look | None = field(default=None, repr=False)  # at its folder; None: it was refused
    brought: Brought | None = field(default=None, repr=False)  # what came of it


_OUTCOMES = {
    bringing.Outcome.LIVE: Outcome.DEPLOYED,
    bringing.Outcome.UNCHANGED: Outcome.UNCHANGED,
    bringing.Outcome.BROKEN: Outcome.FAILED,
}


class DeployFailed(Exception):
    """Functions could not be deployed; `failed` has each with its reason."""

    def __init__(self, failed: Sequence[Applied]) -> None:
        lines = [line for each in failed for line in _told(each).split("\n")]
        super().__init__("\n".join(map(clean, lines)))
        self.failed = tuple(failed)


class NothingThere(LookupError):
    """There is no function at the path."""

    def __init__(self, path: Path) -> None:
        what = "holds no function" if path.is_dir() else "is no folder"
        super().__init__(
            f"{path} {what}. Give a folder with appwrite.config.json, one whose subfolders are "
            "functions, or that of a function; of one that does not look like it say `runtime` and "
            "`entrypoint` too."
        )


class Projects:
    """Brings the functions of a project to what its file says."""

    def __init__(
        self,
        ground: Ground,
        functions: Functions,
        variables: Variables,
        folders: Folders,
    ) -> None:
        self._ground = ground
        self._functions = functions
        self._variables = variables
        self._folders = folders

    async def apply(
        self, project: str, entries: Sequence[Entry], on_progress: Progress
    ) -> list[Applied]:
        """Create or update every function, deploy its folder, and wait for the builds.

        A folder is deployed anew only when its files, the entrypoint, the commands or the runtime
        differ from what it was deployed with last. Variables of the file are set, others stay. A
        function that fails does not hinder the others: its Applied has the reason.
        """
        applied: list[Applied | None] = [None] * len(entries)

        async def run(place: int, entry: Entry) -> None:
            applied[place] = await self._apply(project, entry, partial(on_progress, entry.id))

        async with anyio.create_task_group() as group:
            for place, entry in enumerate(entries):
                group.start_soon(run, place, entry, name=f"apply {entry.id}")
        return [each for each in applied if each is not None]

    async def deploy(self, project: str, path: Path, **changes: Any) -> list[Applied]:
        """Deploy what lies at `path`: a project with or without a file, a folder of functions, or
        one function, with `changes` to the settings that are found for it.

        Of a folder that does not look like a function, `runtime` and `entrypoint` must be among
        them. Raises NothingThere, EntryRefused for changes that cannot be made, ProjectFileError.
        """
        catalog, era = self._ground.catalog, self._ground.config.appwrite
        found = await to_thread.run_sync(load, path, catalog, era)
        entries = found.functions if found else named(path, changes)
        if not entries:
            raise NothingThere(path)
        return await self.apply(project, changed(entries, changes), _quietly)

    async def _apply(self, project: str, entry: Entry, tell: Callable[[str], None]) -> Applied:
        began = time.monotonic()
        outcome, reason = Outcome.FAILED, ""
        look, brought = None, None
        notes: tuple[str, ...] = ()
        try:
            self._check(entry)
            look, brought = await self._deploy(project, entry, tell)
            outcome, reason = _OUTCOMES[brought.outcome], brought.error
            if outcome is not Outcome.FAILED:
                notes = await self._notes(self._functions.get(project, entry.id), entry, look)
        except ApiError as exc:
            reason = resolve(exc, self._ground.config.appwrite).message
        except (EntryRefused, InterpreterMissing, ProjectFileError, OSError) as exc:
            reason = str(exc)
        return Applied(
            id=entry.id,
            runtime=entry.runtime,
            outcome=outcome,
            seconds=time.monotonic() - began,
            reason=reason,
            notes=notes,
            look=look,
            brought=brought,
        )

    def _check(self, entry: Entry) -> None:
        """Refuse, as the API would, values that only the whole emulator can judge."""
        catalog, config = self._ground.catalog, self._ground.config
        if catalog.runtime(entry.runtime) is None:
            known = [runtime.id for runtime in catalog.runtimes(config.appwrite)]
            raise EntryRefused(_unknown("runtime", entry.runtime, known))
        sizes = [each.slug for each in catalog.specifications()]
        for size in (entry.build_specification, entry.runtime_specification):
            if size and size not in sizes:
                raise EntryRefused(_unknown("specification", size, sizes))
        if entry.timeout and entry.timeout > config.function_timeout:
            raise EntryRefused(
                f"timeout is {entry.timeout}, the most is {config.function_timeout} seconds. "
                "Lower it, or raise --function-timeout."
            )
        if entry.schedule and not cron.is_valid(entry.schedule):
            raise EntryRefused(f"schedule is '{entry.schedule}', which is no cron expression.")
        for event in entry.events or ():
            if event.startswith("functions.") or not events.is_valid(event):
                raise EntryRefused(f"events has '{event}', which functions cannot subscribe to.")

    async def _deploy(
        self, project: str, entry: Entry, tell: Callable[[str], None]
    ) -> tuple[Look, Brought]:
        """What the entry's folder holds, and what came of deploying it."""
        function = self._settle(project, entry)
        if not function.entrypoint:
            raise EntryRefused(
                "entrypoint is missing. Add the file that has its code to the entry, such as "
                '"entrypoint": "main.js".'
            )
        why = "its variables have changed" if self._set_variables(function, entry) else ""
        function = self._functions.get(project, entry.id)
        return await self._folders.take_in(
            function, entry, on_begin=lambda change: tell(_doing(change)), why=why
        )

    def _settle(self, project: str, entry: Entry) -> Function:
        """The function with the settings of the file."""
        given = entry.settings
        try:
            self._functions.get(project, entry.id)
        except ApiError:
            era = self._ground.config.appwrite
            return self._functions.create(project, entry.id, _DEFAULTS | given, era=era)
        return self._functions.update(project, entry.id, _DEFAULTS | given, given=frozenset(given))

    def _set_variables(self, function: Function, entry: Entry) -> bool:
        """Give the function the file's variables; whether its build would notice a change."""
        project, id = function.project, function.id
        known = {variable.key: variable for variable in self._variables.of(function)}
        changed = False
        for key, value in entry.variables:
            if key not in known:
                row = {"key": key, "value": value, "secret": False}
                self._variables.create(project, id, "unique()", row)
            elif known[key].value != value:
                self._variables.update(project, id, known[key].id, {"value": value})
            else:
                continue
            changed = True
        return changed and bool(function.commands)

    async def _notes(self, function: Function, entry: Entry, look: Look) -> tuple[str, ...]:
        notes = []
        catalog = self._ground.catalog
        runtime, family = catalog.runtime(entry.runtime), catalog.family(entry.runtime)
        if runtime and family:
            launch = await catalog.launch(entry.runtime, self._ground.probe)
            if not agrees(launch.version, runtime.version, family.version_parts):
                notes.append(f"{entry.runtime} runs on {family.name} {launch.version} here")
        if (
            entry.entrypoint
            and not entry.commands
            and not (entry.folder / entry.entrypoint).exists()
        ):
            notes.append(f"{entry.entrypoint} is not there: calls will fail")
        notes += self._folders.notes(function, look)
        return tuple(notes)


def checked(applied: Sequence[Applied]) -> list[Applied]:
    """`applied`, when none of it has failed. Raises DeployFailed."""
    if failed := [each for each in applied if each.outcome is Outcome.FAILED]:
        raise DeployFailed(failed)
    return list(applied)


def _told(failed: Applied) -> str:
    place = failed.brought.place if failed.brought else ""
    where = f" ({place})" if place and place not in failed.reason else ""
    return f"{failed.id} was not deployed{where}: {failed.reason}"


def _quietly(id: str, text: str) -> None:
    pass


def _doing(change: Change) -> str:
    return f"building: {change.need.reason}" if change.need.way is Way.BUILD else "loading"


def _unknown(key: str, value: str, known: Sequence[str]) -> str:
    advice = meant(value, known) or f"There are {', '.join(known)}."
    return f"{key} is '{value}', which Appwrite does not have. {advice}"
