"""Looking again and again: what is left where the system does not tell of changes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from .scope import Places, Scope

_REST = 20  # times what a look takes, so that big folders cost a twentieth of a core at most
# They hear of what is done through them, not of what others do to what they show.
_DEAF = {
    "9p", "afs", "cifs", "drvfs", "fuse.grpcfuse", "fuse.osxfs", "fuse.portal", "fuse.sshfs",
    "fuse.vmhgfs-fuse", "ncpfs", "nfs", "nfs4", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs",
}  # fmt: skip

_Look = dict[str, tuple[int, ...] | None]


class Sight:
    """What one scope showed when it was last looked at."""

    __slots__ = ("_scope", "_seen")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._seen = _look(scope)

    def has_changed(self) -> bool:
        """Look again: whether it is different from the last time."""
        before, self._seen = self._seen, _look(self._scope)
        return before != self._seen


def pause_after(taken: float) -> float:
    """Seconds until the next look at the earliest, when this one took `taken` seconds."""
    return _REST * taken


def deaf_mounts(folders: Iterable[str], mounts: str) -> dict[str, str]:
    """Where file systems are mounted of which inotify hears too little, and their kinds.

    Those that the folders are on; `mounts` has the form of /proc/self/mounts.
    """
    lines = [line.split(" ")[1:3] for line in mounts.splitlines()]
    kinds = {point.replace("\\040", " "): kind for point, kind in lines}
    if not _DEAF.intersection(kinds.values()):
        return {}
    nearest = {
        max((point for point in kinds if _is_below(folder, point)), key=len) for folder in folders
    }
    return {point: kinds[point] for point in sorted(nearest) if kinds[point] in _DEAF}


def _is_below(folder: str, point: str) -> bool:
    return f"{folder}/".startswith(point.rstrip("/") + "/")


def _look(scope: Scope) -> _Look:
    places = Places(scope, lambda folder: None)
    return dict(_items(places))


def _items(places: Places) -> Iterator[tuple[str, tuple[int, ...] | None]]:
    for folder in places.folders:
        try:
            with os.scandir(folder) as items:
                for item in items:
                    is_folder = item.is_dir(follow_symlinks=False)
                    if not (is_folder and places.passes(folder, item.name)):
                        yield item.path, _stamp(item.path)
        except OSError:
            yield folder, None
    for folder, names in places.names.items():
        for name in names:
            path = os.path.join(folder, name)
            yield path, _stamp(path)


def _stamp(path: str) -> tuple[int, ...] | None:
    try:
        seen = os.lstat(path)
    except OSError:
        return None
    return (seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino, seen.st_mode)
