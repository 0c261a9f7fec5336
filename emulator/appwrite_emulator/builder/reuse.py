"""Reuse: a build that was made once is taken by all others that are equal to it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
from anyio import to_thread

from . import folders, inputs
from .claim import Claim
from .keeping import Keeping
from .kept import Made, Unkept
from .log import BuildLog
from .request import BuildRequest

logger = logging.getLogger(__name__)

_WAITING = "The same build is under way elsewhere: waiting for it.\n"


class WaitedTooLong(Exception):
    """Somebody else built the same for longer than a build may take."""


@dataclass(frozen=True, slots=True)
class Reuse:
    """One build that may be taken, or kept, under its key."""

    keeping: Keeping
    key: str
    request: BuildRequest
    log: BuildLog

    async def make(self, work: Callable[[], Awaitable[int]]) -> int:
        """Lay out an equal build, or do the `work` and keep what came of it; bytes of the output.

        While somebody else does the same work it is waited for. Raises WaitedTooLong, and what
        `work` raises.
        """
        if made := await self._taken():
            return made.size
        claim = self.keeping.claim(self.key)
        try:
            try:
                await self._claimed(claim)
            except OSError as exc:  # the folder was made read-only, say
                logger.warning("a build is not kept: %s", exc, extra={"action": "keep_build"})
                return await work()
            if not self.keeping.has(self.key):
                return await self._work_and_keep(work)
        finally:
            claim.release()
        if made := await self._taken():
            return made.size
        return await work()

    async def _claimed(self, claim: Claim) -> None:
        if claim.take():
            return
        self.log.write(_WAITING)
        with anyio.move_on_after(self.request.timeout) as waiting:
            await claim.wait()
        if waiting.cancelled_caught:
            raise WaitedTooLong()

    async def _taken(self) -> Made | None:
        code = folders.code_root(self.request.folder)
        made = await to_thread.run_sync(self.keeping.lay, self.key, code)
        if made is not None:
            self.log.write(
                f"Taken from an equal build, which took {made.seconds:.1f} s and said:\n"
            )
            self.log.write(made.logs)
        return made

    async def _work_and_keep(self, work: Callable[[], Awaitable[int]]) -> int:
        before, began = len(self.log.text), anyio.current_time()
        size = await work()
        seconds = anyio.current_time() - began
        made = Made(seconds=seconds, logs=self.log.text[before:], size=size)
        code, passing = folders.code_root(self.request.folder), inputs.passing(self.request)
        try:
            await to_thread.run_sync(self.keeping.keep, self.key, code, made, passing)
        except Unkept as exc:
            self.log.write(f"Not kept for later builds: {exc}.\n")
        except OSError as exc:  # the disk is full, say: the build itself is as good as any
            logger.warning("a build is not kept: %s", exc, extra={"action": "keep_build"})
        return size
