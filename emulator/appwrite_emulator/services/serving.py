"""Serving: a project file's functions are deployed and followed, as is the file itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anyio import to_thread

from ..project_file import Entry, ProjectFile, ProjectFileError
from ..watch import Scope, Watcher
from .ground import Ground
from .live_logs import ENDED
from .projects import Applied, Outcome, Progress, Projects
from .reload import Reload
from .under_way import Work, WorkKind

logger = logging.getLogger(__name__)

Read = Callable[[], ProjectFile | None]
"""Reads the project file anew; None when there is none any more. Raises ProjectFileError."""


@dataclass(slots=True)
class _Served:
    """A project whose file is followed."""

    project: str
    file: ProjectFile
    read: Read
    entries: dict[str, Entry] = field(default_factory=dict)  # as they were applied, by id
    scope: Scope | None = None  # that is watched
    is_reading: bool = False
    is_broken: bool = False  # the file cannot be used: what it said before goes on
    is_stale: bool = False  # the file has changed once more meanwhile


class Serving:
    """Deploys what project files list, and goes on doing so as they change."""

    def __init__(
        self, ground: Ground, watcher: Watcher, projects: Projects, reload: Reload
    ) -> None:
        self._ground = ground
        self._watcher = watcher
        self._projects = projects
        self._reload = reload
        self._served: dict[str, _Served] = {}

    async def serve(
        self, project: str, file: ProjectFile, read: Read, on_progress: Progress
    ) -> list[Applied]:
        """Deploy every function of `file`, then follow their folders and the file itself.

        A function that fails is followed too: its next save may mend it.
        """
        served = self._served[project] = _Served(project, file, read)
        applied = await self._apply(served, file.functions, on_progress)
        self._watch(served)
        return applied

    async def refill(self, project: str = "") -> None:
        """Deploy anew what a reset of the project, or of all, has removed."""
        for served in list(self._served.values()):
            if project in ("", served.project):
                await self._apply(served, list(served.entries.values()), _quietly)

    async def _apply(
        self, served: _Served, entries: Sequence[Entry], on_progress: Progress
    ) -> list[Applied]:
        applied = await self._projects.apply(served.project, entries, on_progress)
        for entry, each in zip(entries, applied, strict=True):
            served.entries[entry.id] = entry
            if each.look and each.brought:
                self._reload.follow(served.project, entry, each.look, each.brought)
            else:  # it was refused: the project file has to change first
                self._reload.forget(served.project, entry.id)
        return applied

    def _watch(self, served: _Served, *more: Path) -> bool:
        """Follow the file and `more`; whether that is new, so that it is read once more."""
        file = served.file
        files = dict.fromkeys((*(file.files or (file.path,)), *more))
        scope = Scope(file.folders, files=tuple(files), skip=file.skip)
        if scope == served.scope:
            return False
        served.scope = scope
        self._watcher.follow(f"file {served.project}", scope, lambda: self._notice(served))
        return True

    def _notice(self, served: _Served) -> None:
        served.is_stale = True
        if not served.is_reading:
            served.is_reading = True
            self._ground.start(self._take_in, served, name=f"project file of {served.project}")

    async def _take_in(self, served: _Served) -> None:
        try:
            while served.is_stale:
                served.is_stale = False
                await self._read_anew(served)
        except Exception:  # of this change: the next one is taken in again
            logger.exception("a change of %s failed in the emulator", served.file.path)
        finally:
            served.is_reading = False

    async def _read_anew(self, served: _Served) -> None:
        try:
            file = await to_thread.run_sync(served.read)
        except ProjectFileError as exc:
            if not self._watch(served, *exc.places):
                self._tell(served, "broken", str(exc))
            return None
        if file is None and not served.entries:
            return None
        if file is None:
            return self._tell(served, "broken", f"{served.file.path} is gone: nothing was changed.")
        changed = [entry for entry in file.functions if served.entries.get(entry.id) != entry]
        gone = served.entries.keys() - {entry.id for entry in file.functions}
        served.file = file
        self._watch(served)
        for id in gone:
            del served.entries[id]
            self._reload.forget(served.project, id)
        applied = await self._apply(served, changed, _quietly)
        if applied or gone or served.is_broken:
            self._tell(served, "live", applied=applied, gone=sorted(gone))

    def _tell(
        self,
        served: _Served,
        outcome: str,
        error: str = "",
        *,
        applied: Sequence[Applied] = (),
        gone: Sequence[str] = (),
    ) -> None:
        path, served.is_broken = str(served.file.path), outcome == "broken"
        failed = {each.id: each.reason for each in applied if each.outcome is Outcome.FAILED}
        facts = {
            "outcome": outcome,
            "error": error,
            "functions": [each.id for each in applied],
            "failed": failed,
            "gone": list(gone),
            "guessed": not served.file.files,
        }
        work = Work(WorkKind.PROJECT, served.project, "", path)
        self._ground.live_logs.happens(work, ENDED, lambda: (error or f"{path} is live", facts))


def _quietly(id: str, text: str) -> None:
    pass
