"""The files of deployments: what was uploaded, what was built, and which are still needed."""

from __future__ import annotations

from pathlib import Path

import anyio

from ..archive import pack
from ..errors import ApiError
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
        folder = self._ground.files.build(deployment.build) / "src" / "function"
        if not folder.is_dir():
            raise ApiError("deployment_not_found")
        target = into / f"{deployment.id}-output.tar.gz"
        await anyio.to_thread.run_sync(pack, folder, target)
        return target

    def source(self, deployment: Deployment) -> Path:
        """The uploaded archive. Raises ApiError deployment_not_found when it is not (all) there."""
        if not deployment.source:
            raise ApiError("deployment_not_found")
        path = self._ground.files.source(deployment.source)
        if not path.exists():
            raise ApiError("deployment_not_found")
        return path

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
