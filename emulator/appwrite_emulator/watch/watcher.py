"""The watcher: who wants to be told of what, seen from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from anyio import CancelScope, to_thread

from .ears import Ears, Hear
from .lookout import Lookout
from .scope import Scope
from .watched import Watched

_PATIENCE = 2.0  # seconds that stopping waits for a disk that does not answer


class Watcher:
    """Tells when something in folders and files may have changed; an async context manager.

    It has no thread and takes nothing of the system before it follows something. Where the system
    does not tell of changes, it looks for them every `interval` seconds, and says so by `tell`,
    once. `listening` makes what listens to the system.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        *,
        interval: float = 0.3,
        listening: Callable[[Hear], Ears] = Ears,
    ) -> None:
        self._tell = tell
        self._interval = interval
        self._listening = listening
        self._watched: dict[str, Watched] = {}
        self._lookout: Lookout | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for watched in self._watched.values():
            watched.is_wanted = False
        self._watched.clear()
        lookout, self._lookout = self._lookout, None
        if lookout is not None:
            lookout.stop()
            with CancelScope(shield=True):
                await to_thread.run_sync(lookout.join, _PATIENCE)

    def follow(self, key: str, scope: Scope, on_change: Callable[[], None]) -> None:
        """Call `on_change` in the event loop after every change, in place of what `key` followed.

        It is called once as soon as changes are heard, since there may have been some before, then
        after 20 ms of quiet, and 250 ms after the first change at the latest. It is called rather
        once too often than too seldom: whether something matters is for the caller to see. What
        is not there yet is followed too. Does not block.
        """
        watched = Watched(scope, on_change)
        self._open().post(lambda lookout: lookout.begin(watched))
        self.forget(key)  # after it, so that what both have is heard all the time
        self._watched[key] = watched

    def forget(self, key: str) -> None:
        """Call `on_change` of that key no more; does nothing for a key that follows nothing."""
        watched = self._watched.pop(key, None)
        if watched is not None:
            watched.is_wanted = False
            self._open().post(lambda lookout: lookout.end(watched))

    def _open(self) -> Lookout:
        assert self._loop is not None, "a watcher follows nothing before it is entered"
        if self._lookout is None:
            self._lookout = Lookout(self._listening, self._from_thread, self._tell, self._interval)
            self._lookout.start()
        return self._lookout

    def _from_thread(self, act: Callable[[], None]) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(act)
