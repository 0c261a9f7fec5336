"""Builds: from an uploaded archive to a deployment that is ready, failed or canceled."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

import anyio

from ..builder import Builder, BuildFailed, BuildOutput
from ..catalog import InterpreterMissing
from ..errors import ApiError, resolve
from ..models import Deployment, DeploymentStatus, unique_id
from ..repositories import RepositoryUnavailable
from ..state import EpochPassed
from .events import Happening, Payload
from .fetching import fetch
from .functions import Functions
from .ground import Ground
from .live_logs import BEGAN, ENDED, Facts, Voice, growth
from .plans import Plans
from .records import Records
from .under_way import Work, WorkKind

logger = logging.getLogger(__name__)

_AT_ONCE = 2
_UPDATED = "functions.[functionId].deployments.[deploymentId].update"
_GREEN, _YELLOW = "\x1b[32m", "\x1b[33m"
_INTERRUPTED = "The emulator stopped during this build. Create the deployment again or rebuild it."


@dataclass(slots=True)
class _Act:
    """One build under way."""

    epoch: int  # of the project when it began
    voice: Voice
    began: float = field(default_factory=time.monotonic)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    ended: anyio.Event = field(default_factory=anyio.Event)
    logs: str = ""
    stored_at: float = 0.0


class Builds:
    """Builds deployments, at most two at once, in the order they came."""

    def __init__(
        self,
        ground: Ground,
        deployments: Records[Deployment],
        functions: Functions,
        plans: Plans,
        builder: Builder,
    ) -> None:
        self._ground = ground
        self._deployments = deployments
        self._functions = functions
        self._plans = plans
        self._builder = builder
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)
        self._acts: dict[str, _Act] = {}

    def begin(self, deployment: Deployment) -> None:
        """Queue the build of a complete deployment."""
        work = _work(deployment)
        voice = Voice(self._ground.live_logs, work)
        act = _Act(self._ground.epochs.of(deployment.project), voice)
        self._acts[_key(deployment)] = act
        self._ground.under_way.begin(work)
        self._ground.start(self._act, deployment, act)

    async def finished(self, deployment: Deployment) -> None:
        """Return once the deployment's build, if one is under way, has ended."""
        if act := self._acts.get(_key(deployment)):
            await act.ended.wait()

    def with_live_logs(self, deployment: Deployment) -> Deployment:
        """The deployment with what its build has printed so far."""
        act = self._acts.get(_key(deployment))
        if act is None or not act.logs or DeploymentStatus(deployment.status).is_final:
            return deployment
        return replace(deployment, build_logs=act.logs)

    def stop(self, deployment: Deployment) -> None:
        """End the processes of the deployment's build, and those that run it."""
        self._plans.retire(deployment)
        if act := self._acts.get(_key(deployment)):
            act.scope.cancel()

    def cancel_all(self, project: str = "") -> None:
        """End the processes of all builds, or of a project's; no row is written."""
        for key, act in self._acts.items():
            if key.startswith(f"{project}/" if project else ""):
                act.scope.cancel()

    def cancel(self, deployment: Deployment) -> Deployment:
        """Cancel a build that has not ended. Raises ApiError build_already_completed."""
        if deployment.status in (DeploymentStatus.READY, DeploymentStatus.FAILED):
            raise ApiError("build_already_completed")
        if deployment.status == DeploymentStatus.CANCELED:
            return deployment
        act = self._acts.get(_key(deployment))
        line = _notice("Build has been canceled.", _YELLOW, self._ground.clock.now())
        logs = (act.logs if act else deployment.build_logs) + (
            line if self._ground.config.appwrite == "1.9" else ""
        )
        self.stop(deployment)
        canceled = self._store(
            deployment,
            status=DeploymentStatus.CANCELED,
            build_id=deployment.build_id or unique_id(),
            build_logs=logs,
            build_ended_at=self._ground.now(),
            build_duration=int(time.monotonic() - act.began)
            if act and deployment.build_started_at
            else 0,
        )
        self._show(canceled)
        return canceled

    def fail(self, deployment: Deployment, reason: str) -> Deployment:
        """End a deployment that nothing builds, saying why."""
        return self._store(
            deployment,
            status=DeploymentStatus.FAILED,
            build_logs=f"{deployment.build_logs}\n{reason}".strip(),
            build_ended_at=self._ground.now(),
        )

    def recover(self, reason: str = _INTERRUPTED) -> int:
        """Fail what was being built when it was left, queue what was waiting."""
        broken = [
            deployment
            for status in (DeploymentStatus.PROCESSING, DeploymentStatus.BUILDING)
            for deployment in self._deployments.all(status=str(status))
        ]
        for deployment in broken:
            self.fail(deployment, reason)
        for deployment in self._deployments.all(status=str(DeploymentStatus.WAITING)):
            if deployment.source or deployment.wanted:
                self.begin(deployment)
            elif deployment.fingerprint:
                self.fail(deployment, reason)
        return len(broken)

    async def _act(self, deployment: Deployment, act: _Act) -> None:
        try:
            with act.scope:
                async with self._limiter:
                    await self._build(deployment, act)
        except EpochPassed:
            logger.info("build dropped: the state was restored", extra={"action": "drop_build"})
        except Exception as exc:  # one build's turn: the others must go on
            logger.exception("build of %s failed in the emulator", deployment.id)
            with suppress(EpochPassed):
                self._end_failed(deployment, act, exc)
        finally:
            if self._acts.get(_key(deployment)) is act:
                del self._acts[_key(deployment)]
                self._ground.under_way.end(_work(deployment))
            act.ended.set()

    async def _build(self, deployment: Deployment, act: _Act) -> None:
        current = self._current(deployment, act)
        if current is None:
            return
        act.began = time.monotonic()
        current = self._store(
            current,
            status=DeploymentStatus.PROCESSING,
            build_id=unique_id(),
            build_started_at=self._ground.now(),
            build=current.build or self._ground.files.new_build(),
        )
        self._show(current)
        begun = current
        act.voice.happens(BEGAN, lambda: ("building", _facts(begun)))
        try:
            if current.wanted:
                current = await self._with_source(current, act)
            function = self._functions.get(current.project, current.resource_id)
            request = await self._plans.build_request(function, current)
            output = await self._builder.build(
                request,
                on_building=lambda: self._enter_building(current, act),
                on_logs=lambda logs: self._note_logs(current, act, logs),
            )
        except (BuildFailed, InterpreterMissing, RepositoryUnavailable, ApiError) as exc:
            self._end_failed(current, act, exc)
        else:
            self._end_ready(current, act, output)

    async def _with_source(self, deployment: Deployment, act: _Act) -> Deployment:
        """The deployment once its code was brought from the repositories it lies in."""
        name, size = await fetch(self._ground, deployment)
        current = self._current(deployment, act)
        if current is None:
            raise ApiError("deployment_not_found")
        return self._store(current, source=name, source_size=size, total_size=size, wanted=())

    def _enter_building(self, deployment: Deployment, act: _Act) -> None:
        if current := self._current(deployment, act):
            current = self._store(current, status=DeploymentStatus.BUILDING)
            self._ground.events.publish(_updated(current), self._told(current))

    def _show(self, deployment: Deployment) -> None:
        """Tell watchers what has changed. Source: Appwrite 1.6.2 and 1.9.6, which tell others of
        a build's start alone."""
        self._ground.events.show(_updated(deployment), self._told(deployment))

    def _told(self, deployment: Deployment) -> Callable[[], Payload]:
        return lambda: self._ground.events.wording.deployment(deployment)

    def _note_logs(self, deployment: Deployment, act: _Act, logs: str) -> None:
        """Keep the text for readers at once, and in the row about once a second."""
        act.voice.chunk("build", growth(act.logs, logs))
        act.logs = logs
        if time.monotonic() - act.stored_at >= 1:
            act.stored_at = time.monotonic()
            if current := self._current(deployment, act):
                self._show(self._store(current, build_logs=logs))

    def _end_failed(self, deployment: Deployment, act: _Act, exc: Exception) -> None:
        if isinstance(exc, BuildFailed):
            text = exc.logs
        else:
            era = self._ground.config.appwrite
            text = resolve(exc, era).message if isinstance(exc, ApiError) else str(exc)
            if era == "1.9":
                text = f"{act.logs}\n\x1b[31m{text}"
        if ended := self._end(deployment, act, DeploymentStatus.FAILED, text, 0):
            self._show(ended)

    def _end_ready(self, deployment: Deployment, act: _Act, output: BuildOutput) -> None:
        logs = output.logs
        if self._ground.config.appwrite == "1.9":
            logs += _notice("Deployment finished.", _GREEN, self._ground.clock.now())
        with self._ground.state.transaction():
            ended = self._end(deployment, act, DeploymentStatus.READY, logs, output.size)
            if ended and ended.activate and not ended.fingerprint:  # else it has to load first
                self._activate(ended)
        if ended:
            self._show(ended)

    def _end(
        self, deployment: Deployment, act: _Act, status: DeploymentStatus, logs: str, size: int
    ) -> Deployment | None:
        current = self._current(deployment, act)
        if current is None:
            return None
        act.voice.chunk("build", growth(act.logs, logs))
        act.voice.end()
        took = time.monotonic() - act.began
        ended = self._store(
            current,
            status=status,
            build_logs=logs,
            build_size=size,
            total_size=current.source_size + size,
            build_ended_at=self._ground.now(),
            build_duration=math.ceil(took),
        )
        act.voice.happens(ENDED, lambda: (str(status), {**_facts(ended), "seconds": took}))
        self._functions.on_schedule(self._functions.get(ended.project, ended.resource_id))
        return ended

    def _activate(self, deployment: Deployment) -> None:
        """Appwrite 1.9.6 does not let an older deployment replace a newer one; 1.6.2 does."""
        function = self._functions.get(deployment.project, deployment.resource_id)
        active = self._deployments.get(deployment.project, function.deployment_id)
        is_older = active is not None and active.sequence > deployment.sequence
        if self._ground.config.appwrite == "1.6" or not is_older:
            self._functions.activate(function, deployment, live=True)

    def _current(self, deployment: Deployment, act: _Act) -> Deployment | None:
        """The row as it is now; None when it is gone or has ended, as by a cancel."""
        self._ground.epochs.check(deployment.project, act.epoch)
        current = self._deployments.get(deployment.project, deployment.id)
        return None if current is None or DeploymentStatus(current.status).is_final else current

    def _store(self, deployment: Deployment, **changes: object) -> Deployment:
        """Change the row, and the function's note of its newest deployment."""
        with self._ground.state.transaction():
            deployment = self._deployments.change(deployment, **changes)
            function = self._functions.get(deployment.project, deployment.resource_id)
            if "status" in changes and function.latest_deployment_id == deployment.id:
                self._functions.note_latest(function, deployment)
        return deployment


def _facts(deployment: Deployment) -> Facts:
    return {
        "status": str(deployment.status),
        "duration": deployment.build_duration,
        "commands": deployment.commands,
        "activate": deployment.activate,
    }


def _updated(deployment: Deployment) -> Happening:
    params = {"functionId": deployment.resource_id, "deploymentId": deployment.id}
    return Happening(deployment.project, _UPDATED, params)


def _key(deployment: Deployment) -> str:
    return f"{deployment.project}/{deployment.id}"


def _work(deployment: Deployment) -> Work:
    return Work(WorkKind.BUILD, deployment.project, deployment.resource_id, deployment.id)


def _notice(text: str, colour: str, moment: datetime) -> str:
    """A line of Appwrite's own in a build's log. Source: Appwrite 1.9.6."""
    grey = "\x1b[90m"
    return f"{grey}[{moment:%H:%M:%S}] {grey}[\x1b[0mappwrite{grey}]{colour} {text} \x1b[0m\n"
