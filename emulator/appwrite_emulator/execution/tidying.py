"""Tidying: what calls have left behind goes; the next ones find a worker as it was loaded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import anyio

from .factory import WorkerFactory
from .failures import WorkerDied
from .offspring import name, of
from .premises import Premises, Sweep
from .protocol import Frame
from .remains import Remains
from .worker import Worker, WorkerState

_PATIENCE = 0.5  # seconds that a worker may take to say what is pending
_AGAIN = (0.005, 0.02)  # seconds: connections and files may be about to be closed
_REPLACED = "It went on with something of an earlier test"

_Answer = Mapping[str, int] | None
"""What is pending, by kind; None when a worker does not say."""


class Tidying:
    """Looks after workers that nobody uses meanwhile."""

    def __init__(self, factory: WorkerFactory) -> None:
        self._factory = factory

    async def tidy(
        self, workers: Sequence[Worker], key_prefix: str, *, fresh: bool = False
    ) -> list[Remains]:
        """Empty the folders of `workers`, and end those that are not quiet, or with `fresh` all.

        What has remained of each, and of workers with such keys that ended before, for those of
        which something has.
        """
        served = [worker for worker in workers if worker.served != worker.tidied]
        answers = await _asked(served)
        remains = {}
        for worker in served:
            remains[worker] = await self._look_after(worker, answers[worker])
            worker.tidied = worker.served
        doomed = [each for each in workers if fresh or _is_spoilt(each, remains.get(each))]
        for worker in doomed:
            worker.lose("A fresh process was asked for" if fresh else _REPLACED)
        for worker in doomed:
            await worker.buried.wait()
        gone = [await self._look_behind(*each) for each in self._factory.take_suspects(key_prefix)]
        return [each for each in (*remains.values(), *gone) if each]

    async def _look_behind(self, key: str, premises: Premises) -> Remains:
        sweep = await _swept(premises)
        return Remains(key=key, files=tuple(sweep.removed), broken=tuple(sweep.broken))

    async def _look_after(self, worker: Worker, answer: _Answer) -> Remains:
        sweeps = [await _swept(each) for each in self._factory.premises(worker)]
        new = of(worker.pid) - worker.offspring if worker.pid else ()
        return Remains(
            key=worker.key,
            pending=answer or {},
            processes=tuple(filter(None, map(name, sorted(new)))),
            files=tuple(litter for sweep in sweeps for litter in sweep.removed),
            broken=tuple(path for sweep in sweeps for path in sweep.broken),
            is_mute=worker.is_frank and answer is None,
        )


def _is_spoilt(worker: Worker, remains: Remains | None) -> bool:
    """Whether calls to come could notice those before; who cannot be asked may have gone on."""
    return remains is not None and (remains.is_over or not worker.is_frank)


async def _swept(premises: Premises) -> Sweep:
    if premises.is_tidy():
        return Sweep([], [])
    return await anyio.to_thread.run_sync(premises.sweep)


async def _asked(workers: Sequence[Worker]) -> dict[Worker, _Answer]:
    """What each of them says is pending; who is not quiet at once is asked again."""
    answers = await _answers(workers)
    for pause in _AGAIN:
        busy = [worker for worker, answer in answers.items() if answer]
        if busy:
            await anyio.sleep(pause)
            answers |= await _answers(busy)
    return answers


async def _answers(workers: Iterable[Worker]) -> dict[Worker, _Answer]:
    asked = {
        worker: worker.ask()
        for worker in workers
        if worker.is_frank and worker.state is WorkerState.IDLE
    }
    if asked:
        await asyncio.wait(asked.values(), timeout=_PATIENCE)
    return {worker: _read(asked.get(worker)) for worker in workers}


def _read(answer: asyncio.Future[Frame] | None) -> _Answer:
    if answer is None or not answer.done():
        return None
    try:
        told: Any = answer.result().header.get("pending")
    except WorkerDied:
        return None
    if not isinstance(told, dict):
        return None
    return {str(kind): int(count) for kind, count in told.items() if isinstance(count, int)}
