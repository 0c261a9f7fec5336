"""A call and a worker make a result: the one way in which user code is run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Self

from ..catalog import Launch
from ..models import Headers
from . import response
from .bench import UNTIMED, Bench, Stand
from .factory import WorkerFactory
from .failures import LoadFailed, SpawnFailed, TimedOut, Unread, WorkerDied
from .inspection import Inspect
from .logs import Early, LogLine, Transcript
from .pool import Pool, Sizes
from .protocol import Frame
from .remains import Remains
from .spawner import Spawner
from .tidying import Tidying
from .worker import Worker

MAX_BODY = 20 * 1024 * 1024  # bytes, of requests and responses; contract, body limit
_LEAST_RUN = 1.0  # seconds that are left to run in when loading took them all


class Outcome(StrEnum):
    """How a run ended."""

    ANSWERED = "answered"  # user code returned
    THREW = "threw"  # it threw, or returned nothing: 500
    TIMED_OUT = "timed out"
    LOAD_FAILED = "load failed"  # 503
    CRASHED = "crashed"  # the process ended, or could not be started


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be run: one build of one function with its settings."""

    key: str  # equal keys share workers; a change of anything below needs another key
    launch: Launch
    folder: Path  # the build folder; user code lies in `src/function` below it
    entrypoint: str
    env: Mapping[str, str]
    memory: int  # MB
    inspect: Inspect | None = None  # under a debugger, in one worker and without deadlines

    @property
    def moved(self) -> Target:
        """An inspected target with its code where debuggers find it, and memory for them."""
        assert self.inspect is not None, "other targets run where they lie"
        memory = self.memory + self.inspect.debugger.memory
        return replace(self, folder=self.inspect.folder, memory=memory)


class Call(NamedTuple):
    """One request to user code."""

    id: str
    method: str
    scheme: str
    host: str
    port: int
    path: str  # raw, as are the query string and everything else
    query_string: str
    headers: Headers
    body: bytes = b""
    timeout: float = 15.0  # seconds
    logging: bool = True
    is_patient: bool = False  # waits for a worker however long it takes, its timeout counts then


class Result(NamedTuple):
    """What came of a call."""

    outcome: Outcome
    status: int
    headers: Headers
    body: bytes
    logs: str
    errors: str
    duration: float  # seconds, without starting the process
    cold: bool  # whether the worker had served no call before


def _nothing() -> None:
    pass


class Executor:
    """Runs calls in workers. An async context manager; leaving it ends all workers.

    `homes` is a folder in the sandbox's workspace in which each worker gets a private home.
    `is_calm` says whether the loop has nothing else to do than the call that begins: then a quick
    answer is waited for without sleeping, if this machine has a second core to run the worker on.
    """

    def __init__(
        self,
        spawner: Spawner,
        homes: Path,
        *,
        sizes: Sizes | None = None,
        is_calm: Callable[[], bool] = lambda: False,
    ) -> None:
        self._factory = WorkerFactory(spawner, homes, max_body=MAX_BODY)
        self._sizes = sizes or Sizes()
        self._is_calm = is_calm if _count_cores() > 1 else lambda: False
        self._pool = Pool(self._factory, self._sizes)
        self._bench = Bench(self._factory, homes.parent / "inspected")
        self._tidying = Tidying(self._factory)
        self._kills = 0

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        await self._bench.__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> None:
        await self._bench.__aexit__(*exc)
        await self._pool.__aexit__(*exc)

    async def run(
        self,
        target: Target,
        call: Call,
        *,
        on_log: Callable[[LogLine], None] | None = None,
        on_begin: Callable[[], None] = _nothing,
    ) -> Result:
        """Run `call`; whatever user code does, this returns a result.

        `on_log` hears each piece of output at once, `on_begin` when a worker is about to get the
        call. The timeout counts from here, loading included, unless the call is patient; the
        process is killed at its end. When this is cancelled, the call goes on and its worker is
        free afterwards. An inspected target has no timeout: its call waits for the one before.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        transcript = _transcript(target, call, on_log)
        run, kills = _Run(target, transcript), self._kills
        header = _header(call)
        if target.inspect is not None:
            call = call._replace(timeout=UNTIMED, is_patient=True)
        worker = None if target.inspect else self._pool.take(target.key)
        try:
            if worker is None:
                limit = None if call.is_patient else max(call.timeout, self._sizes.patience)
                worker = await self._acquire(target, transcript, limit)
                run.begun = perf_counter() - worker.load_time * (not worker.served)
                begun = loop.time() if call.is_patient else begun
            on_begin()
            run.is_cold = not worker.served
            deadline = max(begun + call.timeout, loop.time() + min(_LEAST_RUN, call.timeout))
            frame = await worker.call(
                header, call.body, transcript, deadline, linger=self._is_calm()
            )
        except TimedOut as exc:
            return run.end(Outcome.TIMED_OUT, f"Execution timed out.\n{exc}")
        except LoadFailed as exc:
            return run.end(Outcome.LOAD_FAILED, f"{exc}\n")
        except Unread as exc:
            if not run.is_cold and kills == self._kills:  # user code never heard of it
                return await self.run(target, call, on_log=on_log, on_begin=on_begin)
            return run.end(Outcome.CRASHED, f"{exc}\n")
        except WorkerDied as exc:
            return run.end(Outcome.CRASHED, f"{exc}\n")
        except SpawnFailed as exc:
            return run.end(Outcome.CRASHED, f"{exc}\\nError Code: 500")
        return run.answer(frame)

    def serves(self, key_prefix: str) -> bool:
        """Whether a worker of a target whose key starts so is there, at rest or not."""
        return self._pool.has(key_prefix) or self._bench.has(key_prefix)

    async def _acquire(self, target: Target, transcript: Transcript, limit: float | None) -> Worker:
        if target.inspect is not None:
            return await self._bench.acquire(target, transcript)
        return await self._pool.acquire(target, transcript, limit=limit)

    async def load(self, target: Target) -> None:
        """Have a worker load `target` ahead of its first call.

        What user code says meanwhile belongs to the first call served. For an inspected target it
        is a worker without debugger, which ends at once; the one under the debugger goes on.
        Raises LoadFailed, SpawnFailed, WorkerDied, TimedOut: why it does not load.
        """
        worker = await self._pool.acquire(replace(target, inspect=None), Early())
        worker.is_retired = worker.is_retired or target.inspect is not None
        self._pool.give_back(worker)

    async def attend(self, target: Target) -> None:
        """Have an inspected target wait under its debugger for a call.

        The worker of an earlier target of the same name ends first, after its call if it has one.
        Raises LoadFailed, SpawnFailed, WorkerDied, TimedOut: why it does not load.
        """
        self._bench.give_back(await self._bench.acquire(target, Early()))

    async def stand(self, name: str, port: int, *, preferred: int) -> Stand:
        """Where inspected targets of `name` meet debuggers, who can attach from now on.

        The port is `port`; when that is 0, `preferred` or any that is free. Raises PortTaken.
        """
        return await self._bench.open(name, port, preferred=preferred)

    def is_debugged(self, name: str) -> bool:
        """Whether a call of an inspected target is under way, perhaps at a breakpoint."""
        return self._bench.is_busy(name)

    def retire(self, key_prefix: str) -> None:
        """Idle workers of targets whose key starts so end now, busy ones after their calls."""
        self._pool.retire(key_prefix)
        self._bench.retire(key_prefix)

    async def kill(self, key_prefix: str = "") -> None:
        """End the calls of targets whose key starts so, as crashed, with their workers.

        Returns when the workers are gone. Those at rest stay warm.
        """
        self._kills += 1
        await self._pool.kill(key_prefix)
        await self._bench.kill(key_prefix)

    async def tidy(self, key_prefix: str = "", *, fresh: bool = False) -> list[Remains]:
        """Leave nothing of the calls that workers of these keys have served, and say what there
        was: files of theirs are removed, and who goes on with something is ended.

        With `fresh` all of them are ended. Inspected ones are left alone.
        """
        workers = self._pool.withdraw(key_prefix, every=fresh)
        try:
            return await self._tidying.tidy(workers, key_prefix, fresh=fresh)
        finally:
            for worker in workers:
                self._pool.give_back(worker)

    def stats(self) -> dict[str, int]:
        """How many workers are in each state, and how many calls wait for one."""
        return self._bench.count(self._pool.stats())


class _Run:
    """What is known of a run on its way to a result."""

    def __init__(self, target: Target, transcript: Transcript) -> None:
        self.begun = perf_counter()  # finer than the time of some event loops
        self.is_cold = True
        self._case = target.launch.content_type_case
        self._transcript = transcript

    def answer(self, frame: Frame) -> Result:
        try:
            answer = response.respond(frame.header, frame.body, self._case)
        except response.ResponseInvalid as exc:
            self._transcript.fail(f"{exc}\n")
            answer = response.FAILED
        outcome = Outcome.THREW if "error" in frame.header else Outcome.ANSWERED
        return self._result(outcome, answer)

    def end(self, outcome: Outcome, error: str) -> Result:
        self._transcript.fail(error)
        status = 503 if outcome is Outcome.LOAD_FAILED else 500
        return self._result(outcome, response.Response(status, response.PLAIN, b""))

    def _result(self, outcome: Outcome, answer: response.Response) -> Result:
        logs, errors = self._transcript.close()
        return Result(
            outcome=outcome,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            logs=logs,
            errors=errors,
            duration=perf_counter() - self.begun,
            cold=self.is_cold,
        )


def _count_cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _transcript(target: Target, call: Call, on_log: Callable[[LogLine], None] | None) -> Transcript:
    return Transcript(
        native_limit=target.launch.native_limit,
        native_newline=target.launch.native_newline,
        tell=on_log,
        enabled=call.logging,
    )


def _header(call: Call) -> dict[str, Any]:
    return {
        "method": call.method,
        "scheme": call.scheme,
        "host": call.host,
        "port": call.port,
        "path": call.path,
        "queryString": call.query_string,
        "headers": call.headers,
        "timeoutMs": int(call.timeout * 1000),
        "logging": call.logging,
    }
