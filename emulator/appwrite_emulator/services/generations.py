"""Generations: deployments that are copies of a function's folder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..execution.executor import Executor
from ..models import Deployment, DeploymentStatus, DeploymentType, Function, unique_id
from .deployments import Deployments, Draft
from .functions import Functions
from .ground import Ground
from .plans import Plans
from .records import Records

_ENDS = ("status", "build_logs", "build", "install", "source_size", "build_size", "total_size")
KEPT = 5  # of each function, besides what is active or still runs


class Generations:
    """Their rows: begun, ended, found again, and dropped when there are many."""

    def __init__(
        self,
        ground: Ground,
        records: Records[Deployment],
        functions: Functions,
        deployments: Deployments,
        running: tuple[Plans, Executor],
    ) -> None:
        self._ground = ground
        self._records = records
        self._functions = functions
        self._deployments = deployments
        self._plans, self._executor = running

    def add(self, function: Function, id: str, fingerprint: str, **fields: Any) -> Deployment:
        """Store a generation that is in the making; it is activated when it has proven itself."""
        draft = Draft(function.entrypoint, function.commands, True, DeploymentType.CLI)
        return self._deployments.add(
            function, draft, size=0, id=id, fingerprint=fingerprint, **fields
        )

    def born(self, function: Function, id: str, fingerprint: str, build: str) -> Deployment:
        """One that needs no build, as it is before it is stored."""
        return Deployment(
            id=id,
            **self._records.born(function.project),
            type=DeploymentType.CLI,
            resource_id=function.id,
            entrypoint=function.entrypoint,
            commands=function.commands,
            runtime=function.runtime,
            activate=True,
            build_id=unique_id(),
            build=build,
            fingerprint=fingerprint,
            build_started_at=self._ground.now(),
            build_ended_at=self._ground.now(),
            status=DeploymentStatus.READY,
        )

    def store(self, deployment: Deployment) -> Deployment:
        """Store one that has ended without a build."""
        with self._ground.state.transaction():
            deployment = self._records.add(deployment)
            function = self._functions.get(deployment.project, deployment.resource_id)
            self._functions.note_latest(function, deployment)
        return deployment

    def find(self, deployment: Deployment) -> Deployment:
        """Its row as it is now. Raises ApiError deployment_not_found."""
        return self._deployments.get(deployment.project, deployment.resource_id, deployment.id)

    def change(self, deployment: Deployment) -> Deployment:
        """Store what `deployment` says now of its end and its sizes."""
        fields = {name: getattr(deployment, name) for name in _ENDS}
        with self._ground.state.transaction():
            deployment = self._records.change(deployment, **fields)
            function = self._functions.get(deployment.project, deployment.resource_id)
            if function.latest_deployment_id == deployment.id:
                self._functions.note_latest(function, deployment)
        return deployment

    def failed(self, deployment: Deployment, reason: str) -> Deployment:
        """It, as it ends when it cannot be loaded; nothing is stored."""
        return replace(
            deployment,
            status=DeploymentStatus.FAILED,
            build_logs=f"{deployment.build_logs}\n{reason}".strip(),
            build="",
            install="",
        )

    async def activate(self, deployment: Deployment) -> None:
        """Let it answer from now on; the workers of the one before end when they are free."""
        function = self._functions.get(deployment.project, deployment.resource_id)
        before = self._deployments.find(function, function.deployment_id)
        function = self._functions.activate(function, deployment, live=True)
        if before is not None and before.id != deployment.id:
            self._plans.retire(before)
        await self._plans.get(function, deployment)

    def latest(self, function: Function) -> Deployment | None:
        """The newest, however it ended."""
        return next(iter(reversed(self._all(function))), None)

    def latest_ready(self, function: Function) -> Deployment | None:
        """The newest whose files are there to go on from."""
        for each in reversed(self._all(function)):
            if each.status == DeploymentStatus.READY and self._has_files(each):
                return each
        return None

    def active(self, function: Function) -> Deployment | None:
        """The deployment that answers, a generation or not, if it can."""
        found = self._deployments.find(function, function.deployment_id)
        is_good = found and found.status == DeploymentStatus.READY and self._has_files(found)
        return found if is_good else None

    def sent_since(self, function: Function, known: Deployment | None) -> Deployment | None:
        """What was sent to us and answers by now, if that is not `known`."""
        found = self.active(self._functions.get(function.project, function.id))
        if found is None or found.fingerprint or (known and known.id == found.id):
            return None
        return found

    def trim(self, function: Function) -> set[str]:
        """Drop the oldest but a few; the folders below builds/ that they had.

        The active one stays, as do those that still run.
        """
        old = [
            each
            for each in self._all(function)[:-KEPT]
            if each.id != function.deployment_id
            and DeploymentStatus(each.status).is_final
            and not self._executor.serves(f"{each.project}/{each.id}/")
        ]
        self._records.remove(old)
        return set().union(*map(builds_of, old))

    def _has_files(self, deployment: Deployment) -> bool:
        return bool(deployment.build) and self._ground.files.build(deployment.build).is_dir()

    def _all(self, function: Function) -> list[Deployment]:
        found = self._records.all(project=function.project, resourceId=function.id)
        return [each for each in found if each.fingerprint]


def builds_of(deployment: Deployment) -> set[str]:
    """The folders below builds/ that it needs."""
    return {name for name in (deployment.build, deployment.install) if name}
