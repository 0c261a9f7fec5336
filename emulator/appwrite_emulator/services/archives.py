"""The files of deployments: what was uploaded, what was built, and which are still needed."""

from __future__ import annotations

import hashlib
import secrets
from functools import partial
from pathlib import Path

import anyio

from ..archive import pack, pack_files
from ..builder.generation import Record
from ..errors import ApiError
from ..files import CODE_ROOT
from ..models import Deployment, DeploymentStatus
from .ground import Ground
from .records import Records


class Archives:
    """Finds the files that the rows of deployments name."""

    def __init__(self, ground: Ground, records: Records[Deployment]) -> None:
        self._ground = ground
        self._records = records

    async def output(self, deployment: Deployment, into: Path) -> Path:
        """The build output as a new archive in `into`. Raises ApiError deployment_not_found."""
        if deployment.status != DeploymentStatus.READY:
            raise ApiError("deployment_not_found")
        files = self._ground.files
        folder = files.build(deployment.build) / CODE_ROOT
        if not folder.is_dir():
            raise ApiError("deployment_not_found")
        lent = files.build(deployment.install) / CODE_ROOT if deployment.install else None
        target = into / f"{deployment.id}-output.tar.gz"
        await anyio.to_thread.run_sync(partial(pack, folder, target, lent=lent))
        return target

    async def source(self, deployment: Deployment, into: Path) -> Path:
        """The uploaded archive, or one of the folder that was deployed, made in `into`.

        Raises ApiError deployment_not_found when it is not (all) there.
        """
        if deployment.source:
            return self._uploaded(deployment)
        target = into / f"{deployment.id}-source.tar.gz"
        await anyio.to_thread.run_sync(self._pack_sources, deployment, target)
        return target

    async def kept_source(self, deployment: Deployment) -> tuple[str, int]:
        """The name of the deployment's archive in Files, and its bytes; made if there is none.

        Raises ApiError deployment_not_found when the source is not (all) there.
        """
        if deployment.source:
            self._uploaded(deployment)
            return deployment.source, deployment.source_size
        part = self._ground.files.incoming(secrets.token_hex(16))
        return await anyio.to_thread.run_sync(self._keep_sources, deployment, part)

    def _uploaded(self, deployment: Deployment) -> Path:
        path = self._ground.files.source(deployment.source)
        if not path.exists():
            raise ApiError("deployment_not_found")
        return path

    def _keep_sources(self, deployment: Deployment, part: Path) -> tuple[str, int]:
        size = self._pack_sources(deployment, part)
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return self._ground.files.keep_source(part, digest), size

    def _pack_sources(self, deployment: Deployment, target: Path) -> int:
        """Pack the files of the folder that a generation is a copy of; its bytes. Blocking."""
        folder = self._ground.files.build(deployment.build) if deployment.build else None
        record = Record.read(folder) if folder else None
        if folder is None or record is None:
            raise ApiError("deployment_not_found")
        places = {path: Path(record.place_of(folder, path)) for path in record.sources}
        try:
            return pack_files(places, target)
        except FileNotFoundError as exc:
            raise ApiError("deployment_not_found") from exc

    def source_names(self) -> set[str]:
        """The files below sources/ that a deployment needs, uploads on their way included."""
        return {deployment.source or part_name(deployment) for deployment in self._records.all()}

    def build_names(self) -> set[str]:
        """The folders below builds/ that a deployment needs."""
        return {
            name
            for deployment in self._records.all()
            for name in (deployment.build, deployment.install)
            if name
        }


def part_name(deployment: Deployment) -> str:
    """What the file of an upload on its way is called. Ids may have dots, hence the length."""
    return f"{len(deployment.project)}-{deployment.project}.{deployment.id}"
