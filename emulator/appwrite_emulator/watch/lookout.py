"""The lookout: the thread that hears of changes, or looks for them, and tells after some quiet."""

from __future__ import annotations

import errno
import logging
import os
import queue
import stat
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .ears import Ears, Hear, Sound
from .looking import Sight, deaf_mounts, pause_after
from .scope import Places
from .watched import Watched

logger = logging.getLogger(__name__)

_MOUNTS = Path("/proc/self/mounts")
_NO_MORE = {
    errno.ENOSPC: "the system gives no more inotify watches. To notice them at once: "
    "sudo sysctl fs.inotify.max_user_watches=524288",
    errno.EMFILE: "the system gives no more inotify instances. To notice them at once: "
    "sudo sysctl fs.inotify.max_user_instances=1024, or ulimit -n 4096",
    errno.ENOSYS: "this system has no inotify",
}

Act = Callable[["Lookout"], None]


class Lookout:
    """Owns the ears and everything watched; what others want of it is posted to its thread."""

    def __init__(
        self,
        listening: Callable[[Hear], Ears],
        to_loop: Callable[[Callable[[], None]], None],
        tell: Callable[[str], None],
        interval: float,
    ) -> None:
        self._inbox: queue.SimpleQueue[Act | None] = queue.SimpleQueue()
        self._ears = listening(self._hear)
        self._to_loop = to_loop
        self._tell = tell
        self._interval = interval
        self._told: set[str] = set()
        self._all: set[Watched] = set()
        self._in: dict[str, set[Watched]] = {}  # whose places have the folder
        self._next_look = 0.0
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after what it is doing."""
        self._inbox.put(None)

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def post(self, act: Act) -> None:
        """Have something done in the thread, in order. From any thread."""
        self._inbox.put(act)

    def begin(self, watched: Watched) -> None:
        """Hear everything in its places, then tell that something may have changed before."""
        if watched.is_wanted:
            self._all.add(watched)
            self._walk(watched)
            watched.change_at_once(time.monotonic())

    def end(self, watched: Watched) -> None:
        """Hear nothing for it any more."""
        self._all.discard(watched)
        if watched.places:
            self._leave(watched, watched.places.all)
            watched.places = None

    def _hear(self, sound: Sound) -> None:
        self._inbox.put(partial(_judge, sound=sound))

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        finally:
            self._ears.close()

    def _turn(self) -> bool:
        """Do what is in the inbox and what is due; False when that is to stop."""
        try:
            acts = [self._inbox.get(timeout=self._pause())]
        except queue.Empty:
            acts = []
        while len(acts) < 1000 and not self._inbox.empty():
            acts.append(self._inbox.get())
        for act in acts:
            if act is None:
                return False
            self._do(act)
        self._do(Lookout._look_again)
        for watched in [each for each in self._all if each.is_stale]:
            self._do(partial(Lookout._walk, watched=watched))
        self._tell_due()
        return True

    def _do(self, act: Act) -> None:
        try:
            act(self)
        except Exception:
            logger.exception("Watching met a mistake of ours.", extra={"action": "watch"})

    def _pause(self) -> float | None:
        """Seconds until something is due; None when only a message can be next."""
        times = [each.due for each in self._all if each.due is not None]
        if any(each.sight for each in self._all):
            times.append(self._next_look)
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _tell_due(self) -> None:
        now = time.monotonic()
        for watched in self._all:
            if watched.due is not None and watched.due <= now:
                watched.told()
                self._to_loop(watched.tell)

    def judge(self, sound: Sound) -> None:
        """Let all who are concerned know of what happened in a folder."""
        concerned = self._in.get(sound.folder)
        if sound.is_lost:
            self._ears.remove(sound.folder)
        if concerned:
            now = time.monotonic()
            is_link, is_partial = _look_at(sound) if sound.has_appeared else (False, False)
            for watched in concerned:
                watched.hear(sound, is_link=is_link, is_partial=is_partial, now=now)

    def _walk(self, watched: Watched) -> None:
        """Find its places anew, and listen in all of them and no others."""
        watched.is_stale = False
        before = watched.places.all if watched.places else set()
        deaf: list[str] = []
        watched.places = places = Places(watched.scope, partial(self._listen, deaf=deaf))
        for folder in places.all - before:
            self._in.setdefault(folder, set()).add(watched)
        self._leave(watched, before - places.all)
        if not deaf and watched.sight is None:
            deaf += self._deaf_places(places)
        if deaf and watched.sight is None:
            self._say(
                f"Changes of files are looked for every {self._interval:g} seconds, in big folders "
                f"more seldom: {deaf[0]}."
            )
            watched.sight = Sight(watched.scope)

    def _leave(self, watched: Watched, folders: set[str]) -> None:
        for folder in folders:
            concerned = self._in.get(folder, set())
            concerned.discard(watched)
            if not concerned:
                self._in.pop(folder, None)
                self._ears.remove(folder)

    def _listen(self, folder: str, deaf: list[str]) -> None:
        if deaf:
            return  # every other folder would fail in the same way
        try:
            self._ears.add(folder)
        except (FileNotFoundError, NotADirectoryError):
            raise
        except OSError as exc:
            if exc.errno in _NO_MORE:
                deaf.append(_NO_MORE[exc.errno])
            else:
                self._say(f"{folder}: changes in it are not noticed: {exc.strerror}.")

    def _deaf_places(self, places: Places) -> list[str]:
        try:
            mounts = _MOUNTS.read_text(errors="surrogateescape")
        except OSError:
            return []  # no Linux, so no ears either
        return [
            f"the file system at {point} ({kind}) does not tell what is changed from elsewhere. To "
            "notice them at once, work in a folder of this system"
            for point, kind in deaf_mounts(places.all, mounts).items()
        ]

    def _look_again(self) -> None:
        began = time.monotonic()
        seen = [each for each in self._all if each.sight]
        if not seen or began < self._next_look:
            return
        for watched in seen:
            if watched.sight and watched.sight.has_changed():
                watched.change(time.monotonic())
        self._next_look = time.monotonic() + max(
            self._interval, pause_after(time.monotonic() - began)
        )

    def _say(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._to_loop(partial(self._tell, sentence))


def _judge(lookout: Lookout, sound: Sound) -> None:
    lookout.judge(sound)


def _look_at(sound: Sound) -> tuple[bool, bool]:
    """Whether what just appeared is a link, and whether it is a file that may not be whole yet."""
    try:
        seen = os.lstat(os.path.join(sound.folder, sound.name))
    except OSError:
        return False, False
    # A file with two names was whole before it got this one, and nobody needs to close it.
    return stat.S_ISLNK(seen.st_mode), stat.S_ISREG(seen.st_mode) and seen.st_nlink == 1
