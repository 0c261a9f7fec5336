"""The repositories that were declared, and archives of what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..archive import new_archive
from ..config import Repository
from .folder import Folder
from .git import Git, git_folder
from .reading import Commit, Reader, Reference, ReferenceKind, unavailable

INSTALLATION = "local"
"""The id of the only installation of a version control provider that an emulator can have."""


class Order(NamedTuple):
    """Code to be brought: a repository, a state of it, and the folder in it."""

    owner: str
    name: str
    kind: str
    reference: str
    root: str


class Repositories:
    """Finds declared repositories, and packs what they hold. Methods that read block."""

    def __init__(self, declared: Sequence[Repository], search_path: str) -> None:
        self._declared = {each.id.casefold(): each for each in declared}
        self._search_path = search_path

    def has_installation(self, id: str) -> bool:
        """Whether functions can be connected by this installation."""
        return bool(self._declared) and id == INSTALLATION

    def find(self, id: str) -> Repository | None:
        """The repository that clients call `OWNER/NAME`, in whatever case."""
        return self._declared.get(id.casefold())

    def commit(self, repository: Repository, reference: Reference) -> Commit:
        """The commit that `reference` means. Raises RepositoryUnavailable."""
        return self._reader(repository).commit(reference)

    def pack(self, orders: Sequence[Order], target: Path, *, limit: int) -> int:
        """Pack the code of `orders`, later ones over earlier ones; the bytes of the archive.

        None may have more than `limit` bytes; 0 is no limit. Raises RepositoryUnavailable.
        """
        with new_archive(target) as archive:
            for order in orders:
                reference = Reference(ReferenceKind(order.kind), order.reference)
                reader = self._reader(self._require(order))
                reader.add_to(archive, reference, _clean_root(order.root), limit)
        return target.stat().st_size

    def _require(self, order: Order) -> Repository:
        if not order.owner or not order.name:
            raise unavailable("the function is not connected to a repository.")
        id = f"{order.owner}/{order.name}"
        if (found := self.find(id)) is None:
            raise unavailable(
                f"{id} is not on this machine, and nothing is fetched from elsewhere. Clone it "
                f"and start the emulator with --repositories {id}=FOLDER."
            )
        return found

    def _reader(self, repository: Repository) -> Reader:
        path = repository.path.absolute()
        if not path.is_dir():
            raise unavailable(f"there is no folder {path}, which {repository.id} shall lie in.")
        folder = git_folder(path)
        return Git(path, folder, self._search_path) if folder else Folder(path)


def _clean_root(root: str) -> str:
    """The folder as a path from the repository's root; whatever it is written with."""
    parts = [part for part in root.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise unavailable(f"the root directory {root!r} leads out of the repository.")
    return "/".join(parts)
