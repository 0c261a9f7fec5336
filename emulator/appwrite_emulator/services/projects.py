"""Projects: make functions what a project file says, and deploy their folders."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
from anyio import to_thread

from .. import cron, events
from ..archive import pack
from ..catalog import InterpreterMissing, agrees
from ..errors import ApiError, resolve
from ..models import Deployment, DeploymentStatus, DeploymentType, Function, row_key
from ..project_file import Entry, ProjectFileError, deployed_files
from .builds import Builds
from .deployments import Deployments, Draft, Source
from .functions import Functions
from .ground import Ground
from .variables import Variables

Progress = Callable[[str, str], None]
"""Told the id of a function and what happens to it now."""

_LOG_LINES = 12  # of a failed build, kept as the reason
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
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


class EntryRefused(ValueError):
    """A function of a project file asks for what cannot be had; the text is for its author."""


class Projects:
    """Brings the functions of a project to what its file says."""

    def __init__(
        self,
        ground: Ground,
        functions: Functions,
        variables: Variables,
        deployments: Deployments,
        builds: Builds,
    ) -> None:
        self._ground = ground
        self._functions = functions
        self._variables = variables
        self._deployments = deployments
        self._builds = builds

    async def apply(
        self, project: str, entries: Sequence[Entry], on_progress: Progress
    ) -> list[Applied]:
        """Create or update every function, deploy its folder, and wait for the builds.

        A folder is deployed anew only when its files, the entrypoint, the commands or the runtime
        differ from the active deployment's. Variables of the file are set, others stay. A function
        that fails does not hinder the others: its Applied has the reason.
        """
        applied: list[Applied | None] = [None] * len(entries)

        async def run(place: int, entry: Entry) -> None:
            applied[place] = await self._apply(project, entry, partial(on_progress, entry.id))

        async with anyio.create_task_group() as group:
            for place, entry in enumerate(entries):
                group.start_soon(run, place, entry, name=f"apply {entry.id}")
        return [each for each in applied if each is not None]

    async def _apply(self, project: str, entry: Entry, tell: Callable[[str], None]) -> Applied:
        began = time.monotonic()
        outcome, reason = Outcome.FAILED, ""
        notes: tuple[str, ...] = ()
        try:
            self._check(entry)
            deployment = await self._deploy(project, entry, tell)
            outcome, reason = _judge(deployment)
            if outcome is not Outcome.FAILED:
                notes = await self._notes(entry)
        except ApiError as exc:
            reason = resolve(exc, self._ground.config.appwrite).message
        except (EntryRefused, InterpreterMissing, ProjectFileError, OSError) as exc:
            outcome, reason = Outcome.FAILED, str(exc)
        seconds = time.monotonic() - began
        return Applied(
            id=entry.id, runtime=entry.runtime, outcome=outcome, seconds=seconds, reason=reason,
            notes=notes,
        )  # fmt: skip

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
    ) -> Deployment | None:
        """The ended deployment of the entry's folder; None when the active one will do."""
        function = self._settle(project, entry)
        if not function.entrypoint:
            raise EntryRefused(
                "entrypoint is missing. Add the file that has its code to the entry, such as "
                '"entrypoint": "main.js".'
            )
        needs_build = self._set_variables(function, entry)
        source = await to_thread.run_sync(self._pack, project, entry)
        try:
            self._refuse_size(source)
            values = {"activate": True, "type": DeploymentType.CLI}
            function, draft = self._deployments.draft(project, entry.id, values)
            if not needs_build and self._is_active(function, draft, source):
                return None
            tell("building")
            deployment = await self._deployments.create(function, draft, source)
        finally:
            source.path.unlink(missing_ok=True)
        await self._builds.finished(deployment)
        return self._deployments.get(project, entry.id, deployment.id)

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

    def _pack(self, project: str, entry: Entry) -> Source:
        """The entry's files as an archive of our own. Blocking."""
        part = self._ground.files.incoming(f"{project}.{entry.id}.{secrets.token_hex(4)}")
        with TemporaryDirectory(dir=part.parent, suffix=part.suffix) as stage:
            _gather(entry, Path(stage))
            size = pack(Path(stage), part)
        with part.open("rb") as file:
            return Source(part, size, hashlib.file_digest(file, "sha256").hexdigest())

    def _refuse_size(self, source: Source) -> None:
        limit = self._ground.config.size_limit
        if 0 < limit < source.size:
            raise EntryRefused(
                f"its folder packs to {source.size:,} bytes, an upload may have {limit:,}. Leave "
                "files out by .gitignore or `ignore`, or raise --size-limit."
            )

    def _is_active(self, function: Function, draft: Draft, source: Source) -> bool:
        active = self._deployments.find(function, function.deployment_id)
        return (
            active is not None
            and active.status == DeploymentStatus.READY
            and (active.source, active.runtime) == (source.digest, function.runtime)
            and (active.entrypoint, active.commands) == (draft.entrypoint, draft.commands)
            and self._ground.files.build(active.build).is_dir()
        )

    async def _notes(self, entry: Entry) -> tuple[str, ...]:
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
        if (entry.folder / ".env").is_file():
            notes.append(".env is not read: name its variables in `vars` of the project file")
        return tuple(notes)


def _gather(entry: Entry, stage: Path) -> None:
    """Lay the files to deploy into `stage`, as links to the same bytes where the disk can."""
    for path in deployed_files(entry):
        (stage / path).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(entry.folder / path, stage / path, follow_symlinks=False)
        except OSError:  # another disk, or one without hard links
            shutil.copy2(entry.folder / path, stage / path, follow_symlinks=False)


def _judge(deployment: Deployment | None) -> tuple[Outcome, str]:
    if deployment is None:
        return Outcome.UNCHANGED, ""
    if deployment.status == DeploymentStatus.READY:
        return Outcome.DEPLOYED, ""
    lines = [line.rstrip() for line in _COLOURS.sub("", deployment.build_logs).splitlines()]
    ending = [line for line in lines if line][-_LOG_LINES:]
    return Outcome.FAILED, "\n".join(ending) or f"the build ended {deployment.status}"


def _unknown(key: str, value: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(value, known, n=3)
    advice = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(known)}."
    return f"{key} is '{value}', which Appwrite does not have. {advice}"
