"""Chunked uploads: pieces in any order, at the same time, and again, become one deployment."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import anyio

from ..chunks import ContentRange, Received
from ..errors import ApiError
from ..models import Deployment, Function
from .archives import part_name
from .deployments import Deployments, Draft
from .ground import Ground
from .live_logs import BEGAN, ENDED, NOTE, Facts
from .under_way import Work, WorkKind

_LOST = (
    "The state was restored to a moment at which the upload of deployment {} was half done, and "
    "what had arrived is gone. Delete the deployment and send all of it again."
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an archive: the file that holds it and the range it is of the whole."""

    path: Path
    range: ContentRange


class Taken(NamedTuple):
    """A deployment of which a chunk came in, and whether that chunk made it whole."""

    deployment: Deployment
    is_whole: bool = False


class Uploads:
    """Collects the chunks of deployments. What arrived is in the row: it survives a crash."""

    def __init__(self, ground: Ground, deployments: Deployments) -> None:
        self._ground = ground
        self._deployments = deployments
        self._joining: set[str] = set()

    async def receive(self, function: Function, draft: Draft, chunk: Chunk, *, id: str) -> Taken:
        """Take in one chunk of the deployment `id` (empty: a new one); start it when whole.

        Chunks of a deployment that is complete already are ignored. Source: Appwrite 1.9.6.
        Raises ApiError storage_invalid_content_range when the announced total has changed,
        storage_invalid_appwrite_id for the id of another function's deployment, emulator_restored.
        """
        range = chunk.range
        epoch = self._ground.epochs.of(function.project)
        deployment = self._deployments.find(function, id)
        if deployment is None:
            if id and self._deployments.is_taken(function.project, id):
                raise ApiError("storage_invalid_appwrite_id")
            deployment = self._deployments.add(function, draft, size=range.size, id=id)
            self._part(deployment).unlink(missing_ok=True)  # of one that a restore has undone
            self._tell(deployment, BEGAN, Received())
        if deployment.source:
            return Taken(deployment)
        if deployment.source_size != range.size:
            raise ApiError(
                "storage_invalid_content_range",
                f"The content range is invalid. Deployment {deployment.id} was announced with "
                f"{deployment.source_size} bytes, this chunk says {range.size}.",
            )
        if deployment.received and not self._part(deployment).exists():
            raise ApiError("emulator_restored", _LOST.format(deployment.id))
        await anyio.to_thread.run_sync(_copy, chunk.path, self._part(deployment), range.start)
        return await self._note(function, deployment, range, epoch)

    async def _note(
        self, function: Function, deployment: Deployment, range: ContentRange, epoch: int
    ) -> Taken:
        self._deployments.require_epoch(function.project, epoch)
        current = self._deployments.find(function, deployment.id)
        if current is None:
            raise ApiError("deployment_not_found")
        if current.source:
            return Taken(current)
        received = Received(current.received).merge(range.start, range.stop)
        current = self._deployments.note_received(current, received)
        is_whole = received.is_complete(current.source_size)
        self._tell(current, ENDED if is_whole else NOTE, received)
        is_joining = self._part(current).name in self._joining
        if is_whole and not is_joining:
            return Taken(await self._complete(current, epoch), is_whole=True)
        return Taken(current)

    def _tell(self, deployment: Deployment, level: str, received: Received) -> None:
        """Tell live how far it is."""
        kind, project, id = WorkKind.UPLOAD, deployment.project, deployment.id
        work = Work(kind, project, deployment.resource_id, id)
        self._ground.live_logs.happens(work, level, lambda: _progress(deployment, received))

    async def _complete(self, deployment: Deployment, epoch: int) -> Deployment:
        part = self._part(deployment)
        self._joining.add(part.name)
        try:
            name = await anyio.to_thread.run_sync(self._keep, part)
        finally:
            self._joining.discard(part.name)
        self._deployments.require_epoch(deployment.project, epoch)
        current = self._deployments.complete(deployment, name)
        part.unlink(missing_ok=True)
        return current

    def _keep(self, part: Path) -> str:
        """Keep what has arrived under a second name: the row names the first one until it changes,
        and a crash in between must find the file under the name in the row."""
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        twin = part.with_name(f"{secrets.token_hex(16)}.part")
        os.link(part, twin)
        return self._ground.files.keep_source(twin, digest)

    def _part(self, deployment: Deployment) -> Path:
        return self._ground.files.incoming(part_name(deployment))


def _progress(deployment: Deployment, received: Received) -> tuple[str, Facts]:
    come, size = received.size, deployment.source_size
    return f"{come:,} of {size:,} bytes", {"received": come, "size": size}


def _copy(source: Path, part: Path, offset: int) -> None:
    """Write the bytes of `source` at `offset`, whatever else is being written to `part`."""
    with (
        source.open("rb") as piece,
        open(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "wb") as out,
    ):
        out.seek(offset)
        shutil.copyfileobj(piece, out, 1024 * 1024)
