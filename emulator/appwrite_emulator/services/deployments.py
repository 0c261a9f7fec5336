"""Deployments: receive sources, build them, choose which one is active."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from ..chunks import Received
from ..errors import ApiError, Era
from ..models import Deployment, DeploymentStatus, DeploymentType, Function, unique_id
from ..query import Attribute
from ..repositories import Order
from ..state import EpochPassed
from .archives import Archives
from .builds import Builds
from .functions import Functions
from .ground import Ground
from .records import Listing, Records

ATTRIBUTES = {
    "size": Attribute("sourceSize", "int"),
    "sourceSize": Attribute("sourceSize", "int"),
    "buildSize": Attribute("buildSize", "int"),
    "totalSize": Attribute("totalSize", "int"),
    "buildTime": Attribute("buildDuration", "int"),
    "buildDuration": Attribute("buildDuration", "int"),
    "buildId": Attribute("buildId", "string"),
    "activate": Attribute("activate", "bool"),
    "entrypoint": Attribute("entrypoint", "string"),
    "commands": Attribute("commands", "string"),
    "status": Attribute("status", "string"),
    "type": Attribute("type", "string"),
}

_RESTORED = "The state was restored while this upload was taken in; it was dropped. Send it again."


@dataclass(frozen=True, slots=True)
class Source:
    """A complete archive that waits to become a deployment."""

    path: Path
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What a new deployment is to be, whatever way its source comes."""

    entrypoint: str
    commands: str
    activate: bool
    type: DeploymentType = DeploymentType.MANUAL


class Deployments:
    """The deployments of all projects."""

    def __init__(
        self,
        ground: Ground,
        records: Records[Deployment],
        functions: Functions,
        builds: Builds,
        archives: Archives,
    ) -> None:
        self._ground = ground
        self._records = records
        self._functions = functions
        self._builds = builds
        self._archives = archives

    def draft(
        self, project: str, function_id: str, values: Mapping[str, Any]
    ) -> tuple[Function, Draft]:
        """What is to be deployed, completed by the function's settings.

        Raises ApiError: function_not_found, function_entrypoint_missing.
        """
        function = self._functions.get(project, function_id)
        entrypoint = values.get("entrypoint") or function.entrypoint
        if not entrypoint:
            raise ApiError("function_entrypoint_missing")
        commands = values.get("commands")
        draft = Draft(
            entrypoint,
            function.commands if commands is None else commands,
            values["activate"],
            values.get("type", DeploymentType.MANUAL),
        )
        return function, draft

    def add(
        self, function: Function, draft: Draft, *, size: int, id: str = "", **provider: Any
    ) -> Deployment:
        """Store a deployment whose source is still to come."""
        with self._ground.state.transaction():
            deployment = self._records.add(
                Deployment(
                    id=id or unique_id(),
                    **self._records.born(function.project),
                    type=draft.type,
                    resource_id=function.id,
                    entrypoint=draft.entrypoint,
                    commands=draft.commands,
                    runtime=function.runtime,
                    activate=draft.activate,
                    source_size=size,
                    total_size=size,
                    **provider,
                )
            )
            self._functions.note_latest(function, deployment)
        return deployment

    def complete(self, deployment: Deployment, source: str) -> Deployment:
        """The source is whole: queue the build. Raises ApiError deployment_not_found."""
        if not self.is_taken(deployment.project, deployment.id):
            raise ApiError("deployment_not_found")
        with self._ground.state.transaction():
            if deployment.activate:
                self._claim_activation(deployment)
            deployment = self._records.change(deployment, source=source, received=())
        self._builds.begin(deployment)
        return deployment

    def require_epoch(self, project: str, epoch: int) -> None:
        """Raises ApiError emulator_restored when the state was restored since `epoch`."""
        try:
            self._ground.epochs.check(project, epoch)
        except EpochPassed as exc:
            raise ApiError("emulator_restored", _RESTORED) from exc

    def note_received(self, deployment: Deployment, received: Received) -> Deployment:
        """Store which bytes of the source are here."""
        return self._records.change(deployment, received=received.ranges)

    async def create(self, function: Function, draft: Draft, source: Source) -> Deployment:
        """Deploy a complete archive; its file is taken over.

        Raises ApiError function_not_found, emulator_restored.
        """
        epoch = self._ground.epochs.of(function.project)
        keep = self._ground.files.keep_source
        name = await anyio.to_thread.run_sync(keep, source.path, source.digest)
        self.require_epoch(function.project, epoch)
        function = self._functions.get(function.project, function.id)  # it may be gone by now
        return self.complete(self.add(function, draft, size=source.size), name)

    def order(
        self, function: Function, draft: Draft, orders: Sequence[Order], **provider: str
    ) -> Deployment:
        """Deploy code that the build is to bring from repositories."""
        wanted = tuple(tuple(map(str, order)) for order in orders)
        deployment = self.add(function, draft, size=0, wanted=wanted, **provider)
        self._builds.begin(deployment)
        return deployment

    def get(self, project: str, function_id: str, id: str) -> Deployment:
        """The deployment. Raises ApiError function_not_found, deployment_not_found."""
        function = self._functions.get(project, function_id)
        deployment = self.find(function, id)
        if deployment is None:
            raise ApiError("deployment_not_found")
        return self._builds.with_live_logs(deployment)

    def is_taken(self, project: str, id: str) -> bool:
        """Whether a deployment of any function has this id."""
        return self._records.get(project, id) is not None

    def find(self, function: Function, id: str) -> Deployment | None:
        """The function's deployment of that id, or None."""
        deployment = self._records.get(function.project, id) if id else None
        return deployment if deployment and deployment.resource_id == function.id else None

    def of(self, function: Function) -> list[Deployment]:
        """All deployments of `function`, in creation order."""
        return self._records.all(project=function.project, resourceId=function.id)

    def page(
        self, project: str, function_id: str, listing: Listing
    ) -> tuple[list[Deployment], int]:
        """One page of the function's deployments, and how many match."""
        function = self._functions.get(project, function_id)
        found, total = self._records.page(listing, project, resourceId=function.id)
        return [self._builds.with_live_logs(deployment) for deployment in found], total

    def activate(self, project: str, function_id: str, id: str, *, era: Era) -> Function:
        """Let the deployment answer calls.

        Raises ApiError build_not_ready and the 404s: in 1.6 a build begins to exist when it starts.
        """
        deployment = self.get(project, function_id, id)
        if era == "1.6" and deployment.status == DeploymentStatus.WAITING:
            raise ApiError("build_not_found")
        if deployment.status != DeploymentStatus.READY:
            raise ApiError("build_not_ready")
        return self._functions.activate(self._functions.get(project, function_id), deployment)

    def delete(self, project: str, function_id: str, id: str) -> Deployment:
        """Remove the deployment; its files go with the next sweep."""
        deployment = self.get(project, function_id, id)
        function = self._functions.get(project, function_id)
        self._builds.stop(deployment)
        with self._ground.state.transaction():
            self._records.remove([deployment])
            if function.deployment_id == deployment.id:
                function = self._functions.change(
                    function, deployment_id="", deployment_created_at=""
                )
            self._note_latest(function)
        return deployment

    def delete_older(self, function: Function, moment: str) -> int:
        """Remove what was created before `moment` and is not active; how many there were."""
        old = [
            deployment
            for deployment in self.of(function)
            if deployment.created_at < moment and deployment.id != function.deployment_id
        ]
        for deployment in old:
            self._builds.stop(deployment)
        with self._ground.state.transaction():
            self._records.remove(old)
            if old:
                self._note_latest(function)
        return len(old)

    def _note_latest(self, function: Function) -> None:
        latest = self._records.latest(project=function.project, resourceId=function.id)
        self._functions.note_latest(function, latest)

    def count_by_status(self) -> dict[str, int]:
        """How many deployments of all projects there are in each status."""
        return self._records.count_by("status")

    def delete_of(self, function: Function) -> None:
        """Remove all deployments of a function that is being deleted."""
        deployments = self.of(function)
        for deployment in deployments:
            self._builds.stop(deployment)
        self._records.remove(deployments)

    def cancel(self, project: str, function_id: str, id: str) -> Deployment:
        """Cancel the build. Raises ApiError build_already_completed and the 404s."""
        return self._builds.cancel(self.get(project, function_id, id))

    async def rebuild(self, project: str, function_id: str, id: str) -> Deployment:
        """Build the same source again as a new deployment, with the function's settings of now.

        Raises ApiError: function_not_found, deployment_not_found (also when the source is gone),
        emulator_restored.
        """
        origin = self.get(project, function_id, id)
        epoch = self._ground.epochs.of(project)
        source, size = await self._archives.kept_source(origin)
        self.require_epoch(project, epoch)
        function = self._functions.get(project, function_id)
        draft = Draft(
            function.entrypoint,
            function.commands,
            origin.activate,
            DeploymentType(origin.type),
        )
        provider = {name: getattr(origin, name) for name in _PROVIDER}
        copy = self.add(function, draft, size=size, **provider)
        return self.complete(copy, source)

    def _claim_activation(self, deployment: Deployment) -> None:
        """Only the newest deployment that asked for activation keeps asking for it."""
        siblings = self._records.all(project=deployment.project, resourceId=deployment.resource_id)
        for sibling in siblings:
            if sibling.activate and sibling.id != deployment.id:
                self._records.change(sibling, activate=False, updated_at=sibling.updated_at)


_PROVIDER = (
    "provider_repository_id",
    "provider_root_directory",
    "provider_repository_name",
    "provider_repository_owner",
    "provider_repository_url",
    "provider_branch",
    "provider_branch_url",
    "provider_commit_hash",
    "provider_commit_author_url",
    "provider_commit_author",
    "provider_commit_message",
    "provider_commit_url",
)
