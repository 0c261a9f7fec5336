"""Keeping: a folder of finished builds, so that equal ones are not run again, by any process."""

from __future__ import annotations

import logging
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from ..config import ConfigError
from . import kept
from .claim import Claim
from .kept import Damaged, Kept, Made

logger = logging.getLogger(__name__)

_FOLDER = "appwrite-builds"  # in the folder that is named, which may have other things
_BUILD, _PART, _LOCK = ".build", ".part", ".lock"
_ROOM = 2_000_000_000  # bytes
_DAY = 86_400.0
_UNUSED = 30 * _DAY  # seconds


class Keeping:
    """The builds kept in `folder`, each in one file that never changes.

    Several processes may use it at once: a file has its name only when it is whole, and who reads
    one may go on when it is removed.
    """

    def __init__(self, folder: Path) -> None:
        self._given = folder
        self._folder = folder / _FOLDER

    def start(self) -> None:
        """Make the folder, for nobody else, and remove what was not used for long. Blocking.

        Raises ConfigError when builds cannot be kept there.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._folder.stat().st_uid != os.geteuid():
                raise PermissionError(f"{self._folder} belongs to somebody else")
            self._folder.chmod(0o700)
            (self._folder / ".gitignore").write_text("*\n", encoding="utf-8")
            self.sweep(time.time())
        except OSError as exc:
            raise ConfigError(
                f"build_cache is {str(self._given)!r}, where builds cannot be kept: {exc}. Name a "
                "folder of yours, or leave the option out"
            ) from exc

    def sweep(self, now: float, *, room: int = _ROOM) -> None:
        """Remove what was not used for 30 days, the longest unused over `room` bytes, and what
        killed processes left. Blocking."""
        for path in self._folder.glob(f"*{_LOCK}"):
            claim = Claim(path)
            claim.take()
            claim.release()
        used = sorted(self._used(), reverse=True)
        for at, size, path in used:
            room -= size
            limit = _DAY if path.suffix == _PART else _UNUSED
            if room < 0 or now - at > limit:
                path.unlink(missing_ok=True)

    def _used(self) -> list[tuple[float, int, Path]]:
        """When each file was last used, and its bytes."""
        found = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if path.suffix in (_BUILD, _PART):
                    status = path.stat()
                    found.append((status.st_mtime, status.st_size, path))
        return found

    def claim(self, key: str) -> Claim:
        """The right to build what has that key. Makes the folder again when it was removed."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Claim(self._folder / (key + _LOCK))

    def has(self, key: str) -> bool:
        """Whether there is a build of that key."""
        return self._place(key).exists()

    def lay(self, key: str, code: Path) -> Made | None:
        """Put the build of that key in the place of the code root `code`; how it was made.

        None when there is none. One that is damaged is removed. Blocking.
        """
        path = self._place(key)
        try:
            found = Kept.read(path)
            found.lay(code)
            os.utime(path)
        except FileNotFoundError:
            return None
        except Damaged as exc:
            logger.warning("a kept build is built anew: %s", exc, extra={"action": "drop_kept"})
            with suppress(OSError):  # what stays is told again the next time
                path.unlink()
            return None
        return found.made

    def _place(self, key: str) -> Path:
        return self._folder / (key + _BUILD)

    def keep(self, key: str, code: Path, made: Made, passing: list[str]) -> None:
        """Keep the sealed code root `code` of a finished build. Blocking.

        Raises Unkept for a build that can serve nowhere else.
        """
        part = self._folder / f"{key}-{secrets.token_hex(4)}{_PART}"
        try:
            kept.write(code, part, made, passing)
            os.replace(part, self._place(key))
        finally:
            part.unlink(missing_ok=True)
