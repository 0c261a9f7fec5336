"""Bringing: a folder's content becomes a deployment, which is active once it has proven itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

from anyio import to_thread

from ..builder import generation
from ..catalog import Family
from ..execution.executor import Executor
from ..execution.failures import LoadFailed, SpawnFailed, TimedOut, WorkerDied
from ..files import CODE_ROOT
from ..models import Deployment, DeploymentStatus, Function
from ..project_file import Entry
from ..trees import Tree
from . import places
from .builds import Builds
from .generations import Generations
from .ground import Ground
from .plans import Plans


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


@dataclass(frozen=True, slots=True)
class Load:
    """What is brought: of which function, on top of which earlier generation."""

    id: str  # of the deployment to come
    function: Function
    entry: Entry
    tree: Tree
    base: Deployment | None
    must_prove: bool  # it is to replace what answers now


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

    async def bring(self, load: Load, *, build: bool) -> Brought:
        """Deploy `load`, after its commands have run when it is to `build`.

        Raises TreeMoved when the folder has changed meanwhile, EpochPassed after a restore, and
        what keeps its runtime from running: InterpreterMissing, ApiError.
        """
        epoch = self._ground.epochs.of(load.function.project)
        made = await (self._built(load) if build else self._copied(load))
        if made.status != DeploymentStatus.READY:
            return self._broken(load, made, made.build_logs)
        error = await self._refusal(load, made) if load.must_prove else ""
        self._ground.epochs.check(load.function.project, epoch)
        if error:
            return self._broken(load, await self._failed(made, error, is_stored=build), error)
        with self._ground.state.transaction():
            made = made if build else self._generations.store(made)
        await self._generations.activate(made)
        return Brought(Outcome.LIVE, made.id)
