"""Bringing: a folder's content becomes a deployment, which answers once it has proven itself."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple

from anyio import from_thread, to_thread

from .. import places
from ..builder import generation
from ..builder.generation import Found, Need, Recipe, Record, Way, record_of
from ..catalog import Launch
from ..errors import ApiError
from ..execution.executor import Executor
from ..execution.failures import LoadFailed, SpawnFailed, TimedOut, WorkerDied
from ..files import CODE_ROOT
from ..manifest import Family
from ..models import Deployment, DeploymentStatus, Function
from ..project_file import Entry
from ..trees import Tree
from .builds import Builds
from .generations import Generations
from .ground import Ground
from .plans import Plans

_LOG_LINES = 12  # of a failed build, told as the reason
_STAGE = "[open-runtimes]"  # in lines that say how far a build is, and nothing of the code
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Outcome(StrEnum):
    """What came of a folder's content."""

    LIVE = "live"  # a new deployment of it is active
    UNCHANGED = "unchanged"  # what is active is of this content, or was sent to us later
    BROKEN = "broken"  # it cannot be built or loaded: what was active goes on


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of it, and why it did not work, in the developer's own paths."""

    outcome: Outcome
    deployment_id: str = ""
    error: str = ""
    place: str = ""  # path:line of the error, if it has one
    is_built: bool = True  # not when its build failed
    is_final: bool = True  # not when its process ended: the next call tries again, as upstream


@dataclass(frozen=True, slots=True)
class Load:
    """What is brought: a folder's content, by a recipe, on top of an earlier generation."""

    id: str  # of the deployment to come
    function: Function
    entry: Entry
    tree: Tree
    base: Deployment | None
    active: Deployment | None  # what answers now: `load` must prove itself to replace it
    family: Family
    recipe: Recipe
    launch: Launch
    found: Found | None = None  # what the developer has installed in the folder


class _Refusal(NamedTuple):
    """Why code does not load."""

    text: str
    is_final: bool = True


class Bringing:
    """Copies or builds, has a worker load it, and lets it answer."""

    def __init__(
        self,
        ground: Ground,
        generations: Generations,
        builds: Builds,
        running: tuple[Plans, Executor],
    ) -> None:
        self._ground = ground
        self._generations = generations
        self._builds = builds
        self._plans, self._executor = running

    async def languages(self, function: Function) -> tuple[Family, Launch]:
        """What is known of the function's language. Raises InterpreterMissing, ApiError."""
        ground = self._ground
        launch = await ground.catalog.launch(function.runtime, ground.probe)
        family = ground.catalog.family(function.runtime)
        if family is None:
            raise ApiError("function_runtime_unsupported")
        return family, launch

    def recipe(self, function: Function, launch: Launch) -> Recipe:
        """What a build of the function depends on besides its sources."""
        variables = json.dumps(self._plans.user_variables(function), sort_keys=True)
        return Recipe(
            runtime=function.runtime,
            entrypoint=function.entrypoint,
            commands=function.commands,
            era=self._ground.config.appwrite,
            version=launch.version,
            variables=hashlib.sha256(variables.encode()).hexdigest(),
        )

    def weigh(self, load: Load) -> tuple[Load, Need]:
        """`load` with what is installed in its folder; what it takes to serve it. Blocking."""
        found = generation.find(load.entry.folder, load.family, load.launch)
        last = record_of(self._folder(load.base)) if load.base else None
        need = generation.need(load.recipe, load.tree.files, load.family, last=last, found=found)
        return replace(load, found=found), need

    async def bring(self, load: Load, way: Way) -> Brought:
        """Deploy `load` that way.

        Raises TreeMoved when the folder has changed meanwhile, EpochPassed after a restore, and
        what keeps its runtime from running: InterpreterMissing, ApiError.
        """
        epoch = self._ground.epochs.of(load.function.project)
        is_built = way is Way.BUILD
        made = await (self._built(load, epoch) if is_built else self._laid(load, way))
        if made.status != DeploymentStatus.READY:
            return replace(_broken(load, made, _ending(made)), is_built=False)
        try:
            refusal = await self._refusal(load, made) if load.active else None
            self._ground.epochs.check(load.function.project, epoch)
            if refusal:
                failed = await self._failed(made, refusal.text, is_stored=is_built)
                return _broken(load, failed, refusal.text, is_final=refusal.is_final)
            made = made if is_built else self._generations.store(made)
        except BaseException:
            if not is_built:  # no row names it
                self._ground.files.remove_builds({made.build})
            raise
        if sent := self._generations.sent_since(load.function, load.active):
            return Brought(Outcome.UNCHANGED, sent.id)
        await self._generations.activate(made)
        return Brought(Outcome.LIVE, made.id)

    async def _laid(self, load: Load, way: Way) -> Deployment:
        """A deployment that needs no commands, not stored yet."""
        name = self._ground.files.name_of_build()
        lay = partial(
            generation.lay,
            load.tree,
            self._ground.files.build(name),
            self._folder(load.base) if load.base else None,
            load.recipe,
            found=load.found if way is Way.BRING else None,
            check=from_thread.check_cancelled,
        )
        try:
            record = await to_thread.run_sync(lay, abandon_on_cancel=False)
        except BaseException:
            self._ground.files.remove_builds({name})
            raise
        born = self._generations.born(load.function, load.id, load.tree.fingerprint, name)
        return self._measured(born, record)

    async def _built(self, load: Load, epoch: int) -> Deployment:
        """A stored deployment for which commands have run, as its build has ended."""
        name = self._ground.files.name_of_build()
        folder = self._ground.files.build(name)
        prepare = partial(
            generation.prepare,
            load.tree,
            folder,
            self._folder(load.base) if load.base else None,
            load.recipe,
            load.family,
            found=load.found,
            check=from_thread.check_cancelled,
        )
        try:
            await to_thread.run_sync(prepare)
            self._ground.epochs.check(load.function.project, epoch)
        except BaseException:
            self._ground.files.remove_builds({name})
            raise
        deployment = self._generations.add(
            load.function, load.id, load.tree.fingerprint, build=name
        )
        self._builds.begin(deployment)
        await self._builds.finished(deployment)
        made = self._generations.find(deployment)
        if made.status != DeploymentStatus.READY:
            return made
        conclude = partial(generation.conclude, folder, load.family)
        record = await to_thread.run_sync(conclude)
        self._ground.epochs.check(load.function.project, epoch)
        return self._generations.change(self._measured(made, record))

    def _measured(self, deployment: Deployment, record: Record) -> Deployment:
        source, whole = record.source_size, record.size
        return replace(
            deployment,
            install=record.home,
            source_size=source,
            build_size=whole,
            total_size=source + whole,
        )

    async def _refusal(self, load: Load, deployment: Deployment) -> _Refusal | None:
        """Why the deployment does not load, if it does not."""
        plan = await self._plans.make(load.function, deployment)
        code, folder = plan.target.folder / CODE_ROOT, load.entry.folder.absolute()
        try:
            await self._executor.load(plan.target)
        except LoadFailed as exc:
            text = str(exc) if exc.stack in str(exc) else f"{exc}\n{exc.stack}".strip()
            return _Refusal(places.owned(text, code, folder))
        except TimedOut as exc:
            return _Refusal(f"Its code was not loaded in time: {exc}.")
        except (SpawnFailed, WorkerDied) as exc:
            return _Refusal(places.owned(str(exc), code, folder), is_final=False)
        return None

    async def _failed(self, deployment: Deployment, error: str, *, is_stored: bool) -> Deployment:
        """The row that says why it does not load; its files are not kept."""
        garbage, failed = deployment.build, self._generations.failed(deployment, error)
        failed = self._generations.change(failed) if is_stored else self._generations.store(failed)
        await to_thread.run_sync(self._ground.files.remove_builds, {garbage})
        return failed

    def _folder(self, deployment: Deployment) -> Path:
        return self._ground.files.build(deployment.build)


def _broken(load: Load, made: Deployment, error: str, *, is_final: bool = True) -> Brought:
    place = places.place(error, load.entry.folder.absolute())
    return Brought(Outcome.BROKEN, made.id, error, place, is_final)


def _ending(deployment: Deployment) -> str:
    """The end of a build's log: what its commands said, without colours."""
    lines = [line.rstrip() for line in _COLOURS.sub("", deployment.build_logs).splitlines()]
    found = [line for line in lines if line and _STAGE not in line][-_LOG_LINES:]
    return "\n".join(found) or f"the build ended {deployment.status}"
