"""Reload: what is saved in a function's folder is what its next call runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

import anyio

from ..errors import ApiError
from ..models import Function
from ..project_file import Entry
from ..state import EpochPassed
from ..watch import Scope, Watcher
from .bringing import Brought, Outcome
from .folders import Basis, Change, Folders
from .functions import Functions
from .ground import Ground
from .live_logs import BEGAN, ENDED, NOTE, Facts
from .looks import Leisure, Look
from .under_way import Work, WorkKind

logger = logging.getLogger(__name__)

_TOLD = 10  # names of changed files that are told


class State(StrEnum):
    """How a followed folder stands."""

    LIVE = "live"  # what it holds is what is called, or something newer was sent to us
    LOADING = "loading"  # a change is being built or loaded
    BROKEN = "broken"  # what it holds cannot be called; what was active before goes on


@dataclass(slots=True)
class Followed:
    """A function whose folder is followed."""

    project: str
    entry: Entry
    look: Look  # at what was taken in last
    epoch: int  # of the project then
    brought: Brought  # what came of it
    basis: Basis | None  # what the function stood on then
    leisure: Leisure = field(default_factory=Leisure)  # for looks by calls
    turn: anyio.Event | None = None  # there while a change is taken in
    is_stale: bool = False  # there was another change meanwhile

    @property
    def key(self) -> str:
        return f"{self.project}/{self.entry.id}"

    @property
    def folder(self) -> Path:
        """The developer's own."""
        return self.entry.folder.absolute()

    @property
    def error(self) -> str:
        """Why what it holds cannot be called, "" if it can."""
        return self.brought.error

    @property
    def state(self) -> State:
        if self.turn is not None:
            return State.LOADING
        return State.BROKEN if self.is_broken else State.LIVE

    @property
    def is_broken(self) -> bool:
        """Whether what was taken in last cannot be called."""
        return self.brought.outcome is Outcome.BROKEN


class Reload:
    """Follows folders: takes in every change, and lets calls wait until it is there."""

    def __init__(
        self, ground: Ground, watcher: Watcher, functions: Functions, folders: Folders
    ) -> None:
        self._ground = ground
        self._watcher = watcher
        self._functions = functions
        self._folders = folders
        self._followed: dict[str, Followed] = {}

    def of(self, project: str, function_id: str) -> Followed | None:
        """How the folder of a function stands, if it is followed."""
        return self._followed.get(f"{project}/{function_id}")

    def entry_of(self, project: str, function_id: str) -> Entry | None:
        """What the project file says of a function whose folder is followed."""
        followed = self.of(project, function_id)
        return followed.entry if followed else None

    def folder_of(self, function: Function) -> Path | None:
        """The folder that becomes a function's deployments, if one is followed."""
        followed = self.of(function.project, function.id)
        return followed.folder if followed else None

    def follow(self, project: str, entry: Entry, look: Look, brought: Brought) -> None:
        """Take in every change of the entry's folder from now on; `brought` came of `look`."""
        epoch = self._ground.epochs.of(project)
        basis = self._folders.basis(project, entry.id)
        followed = Followed(project, entry, look, epoch, brought, basis)
        known = self._followed.get(followed.key)
        self._followed[followed.key] = followed
        if known is not None and known.turn is not None:
            followed.turn, followed.is_stale = known.turn, True
        if known is None or known.entry.folder != entry.folder:
            scope = Scope((entry.folder,), skip=self._folders.skipped(entry.runtime))
            key = followed.key
            self._watcher.follow(key, scope, lambda: self._notice(key))

    def forget(self, project: str, function_id: str) -> None:
        """Follow the function's folder no longer."""
        key = f"{project}/{function_id}"
        if self._followed.pop(key, None):
            self._watcher.forget(key)
            self._folders.forget(project, function_id)

    def on_active(self, function: Function) -> None:
        """Say so when another deployment than that of the followed folder answers from now on."""
        followed = self.of(function.project, function.id)
        stray = self._folders.stray(function) if followed else None
        if stray is not None:
            what = "an older deployment" if stray.fingerprint else "what was pushed"
            text = f"{what} answers now, until the next save in its folder"
            facts = {"about": "stray", "deploymentId": stray.id}
            work = Work(WorkKind.RELOAD, function.project, function.id, stray.id)
            self._ground.live_logs.happens(work, NOTE, lambda: (text, facts))

    def freshen(self, function: Function) -> Awaitable[None] | None:
        """What a call must await so that it meets the code of now; None most of the time."""
        if not self._followed:
            return None
        followed = self._followed.get(f"{function.project}/{function.id}")
        if followed is None or (followed.turn is None and not self._is_found_behind(followed)):
            return None
        return self._caught_up(followed)

    def _is_found_behind(self, followed: Followed) -> bool:
        """Whether a look shows that the folder has changed, unless looks have cost too much."""
        if not self._is_settled(followed):
            return True
        if not followed.leisure.is_there():
            return False
        began = time.thread_time()
        is_behind = self._is_behind(followed)
        followed.leisure.spend(time.thread_time() - began)
        return is_behind

    def _is_behind(self, followed: Followed) -> bool:
        """Whether there is something to take in: a change, or what a restore has put back."""
        return not (self._is_settled(followed) and followed.look.is_current())

    def _is_settled(self, followed: Followed) -> bool:
        epoch = self._ground.epochs.of(followed.project)
        if followed.epoch != epoch and followed.basis and followed.basis == self._basis(followed):
            followed.epoch = epoch  # what a restore has put back is what was there
        return followed.brought.is_final and followed.epoch == epoch

    def _basis(self, followed: Followed) -> Basis | None:
        return self._folders.basis(followed.project, followed.entry.id)

    async def _caught_up(self, followed: Followed) -> None:
        """Return when what the folder holds at this moment has been taken in.

        Raises ApiError build_not_ready when that takes longer than a caller waits.
        """
        with anyio.move_on_after(self._ground.config.sync_timeout):
            if followed.turn is not None:
                await followed.turn.wait()
                followed = self._followed.get(followed.key, followed)
                if not self._is_behind(followed):
                    return
            if followed.turn is None:
                self._begin(followed, is_quiet=False)
            assert followed.turn is not None, "it was begun a moment ago"
            await followed.turn.wait()
            return
        raise ApiError("build_not_ready")

    def _notice(self, key: str) -> None:
        """The watcher has seen a change, and quiet after it, or may have missed one."""
        followed = self._followed.get(key)
        if followed is None:
            return
        if followed.turn is not None:
            followed.is_stale = True
        elif self._is_behind(followed):
            self._begin(followed, is_quiet=True)

    def _begin(self, followed: Followed, *, is_quiet: bool) -> None:
        followed.turn = anyio.Event()
        self._ground.start(self._turn, followed, is_quiet, name=f"reload {followed.key}")

    async def _turn(self, followed: Followed, is_quiet: bool) -> None:
        try:
            await self._take_in(followed, is_quiet)
        except EpochPassed:
            followed.is_stale = True
        except Exception:  # of this change: the next one is taken in again
            logger.exception("a change of %s failed in the emulator", followed.key)
        self._end(followed)  # not when the emulator stops: nothing can be begun any more

    def _end(self, followed: Followed) -> None:
        """Let calls go on, unless something is left to take in for what is followed by now."""
        turn, followed.turn = followed.turn, None
        assert turn is not None, "a turn ends once"
        current = self._followed.get(followed.key)
        if current is not None and current.turn in (turn, None):
            is_stale, current.turn, current.is_stale = current.is_stale, None, False
            is_other = current is not followed  # what has just ended went by its old settings
            if is_other or (is_stale and self._is_behind(current)):
                self._begin(current, is_quiet=False)
        turn.set()

    async def _take_in(self, followed: Followed, is_quiet: bool) -> None:
        """Deploy what the folder holds, if that is something new, and tell what came of it."""
        function = self._functions.find(followed.project, followed.entry.id)
        if function is None:
            return self._lose(followed)
        followed.epoch = self._ground.epochs.of(followed.project)
        told, was_broken = Telling(self._ground, followed.entry), followed.is_broken
        seen = (
            None if is_quiet else await self._folders.rest(function, followed.entry, followed.look)
        )
        before = followed.look.environment
        try:
            followed.look, followed.brought = await self._folders.take_in(
                function, followed.entry, seen or followed.look, told.begin
            )
        except EpochPassed:
            if told.has_begun:
                told.end(followed.project, Brought(Outcome.UNCHANGED))
            raise
        followed.basis = self._basis(followed)
        if told.has_begun or followed.is_broken or was_broken:
            told.end(followed.project, followed.brought)
        elif followed.look.environment != before:  # it lives beside the deployment
            told.end(followed.project, replace(followed.brought, outcome=Outcome.LIVE), (".env",))
        if self._functions.find(followed.project, followed.entry.id) is None:
            self._lose(followed)

    def _lose(self, followed: Followed) -> None:
        """The function was deleted: there is nothing to deploy into."""
        if followed.epoch != self._ground.epochs.of(followed.project):
            return  # by a reset, which is about to bring it back
        self.forget(followed.project, followed.entry.id)
        work = Work(WorkKind.RELOAD, followed.project, followed.entry.id, "")
        text = "was deleted: its folder is followed no longer"
        self._ground.live_logs.happens(work, NOTE, lambda: (text, {"about": "deleted"}))


class Telling:
    """What is told live of one change."""

    def __init__(self, ground: Ground, entry: Entry) -> None:
        self._ground = ground
        self._entry = entry
        self._began = time.monotonic()
        self._change: Change | None = None

    @property
    def has_begun(self) -> bool:
        return self._change is not None

    def begin(self, change: Change) -> None:
        """It is about to be deployed."""
        self._change = change
        facts = {
            **_files(change.files),
            "build": change.need.reason,
            "way": str(change.need.way),
            "replaces": change.replaces,
        }
        text = change.need.reason or "loading"
        self._ground.live_logs.happens(change.work, BEGAN, lambda: (text, facts))

    def end(self, project: str, brought: Brought, files: Sequence[str] = ()) -> None:
        """It is live, or broken, or what is active is what the folder holds again."""
        change = self._change
        seconds = time.monotonic() - self._began
        facts = {
            "outcome": str(brought.outcome),
            "error": brought.error,
            "place": brought.place,
            "built": brought.is_built,
            "seconds": seconds,
            "replaces": change.replaces if change else "",
            **_files(change.files if change else files),
        }
        work = Work(WorkKind.RELOAD, project, self._entry.id, brought.deployment_id)
        text = brought.error or f"{brought.outcome} in {seconds:.3f} s"
        self._ground.live_logs.happens(work, ENDED, lambda: (text, facts))


def _files(files: Sequence[str]) -> Facts:
    return {"files": list(files[:_TOLD]), "count": len(files)}
