"""Origins: the developer's folders that deployments were made of, while the emulator runs."""

from __future__ import annotations

from pathlib import Path

_MOST = 10_000  # deployments; of the oldest nobody reads errors any more


class Origins:
    """Remembers where deployments come from. Rows do not: they travel to other machines."""

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}  # by the id of the deployment

    def note(self, deployment_id: str, folder: Path) -> None:
        """It was made of `folder`, or of equal files."""
        if not deployment_id:  # nothing came of it
            return
        self._folders.pop(deployment_id, None)
        self._folders[deployment_id] = folder.absolute()
        if len(self._folders) > _MOST:
            del self._folders[next(iter(self._folders))]

    def of(self, deployment_id: str) -> Path | None:
        """The folder, if it is one of this machine and known."""
        return self._folders.get(deployment_id)
