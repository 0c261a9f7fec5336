"""One worker: starting, dying before it is ready, and being lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from anyio.abc import TaskGroup

from appwrite_emulator.execution.failures import LoadFailed, SpawnFailed, WorkerDied
from appwrite_emulator.execution.spawner import Spawner
from appwrite_emulator.execution.worker import Load, Worker, WorkerState
from appwrite_emulator.sandbox import Command

from .engine import PYTHON, is_alive, launch, running_spawner


class House:
    """Hears of lost workers and buries them, as the pool does."""

    def __init__(self, spawner: Spawner, folder: Path, tasks: TaskGroup) -> None:
        self.lost: list[Worker] = []
        self.spawner = spawner
        self._folder = folder
        self._tasks = tasks

    def worker(self) -> Worker:
        return Worker(launch(), max_body=1000, on_free=lambda _: None, on_lost=self._bury)

    def _bury(self, worker: Worker) -> None:
        self.lost.append(worker)
        self._tasks.start_soon(worker.bury)

    def command(self, *argv: str) -> Command:
        home = str(self._folder / "home")
        return Command(argv=argv or launch().argv, env={}, cwd="/", home=home)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with running_spawner() as (spawner, folder), anyio.create_task_group() as tasks:
        yield House(spawner, folder, tasks)


def _load(entrypoint: str = "[]") -> Load:
    return Load({"entrypoint": entrypoint, "env": {}}, memory=1 << 28, heap=1 << 29)


async def test_a_worker_is_spare_then_idle(house: House) -> None:
    worker = house.worker()
    states = [worker.state]
    await worker.start(house.spawner, house.command())
    states.append(worker.state)
    await worker.load(_load(), limit=5)
    states.append(worker.state)

    assert states == [WorkerState.SPAWNING, WorkerState.SPARE, WorkerState.IDLE]
    assert worker.load_time > 0
    worker.lose("done")
    await worker.buried.wait()


async def test_a_launcher_that_ends_before_it_is_ready_tells_why(house: House) -> None:
    worker = house.worker()
    code = "import os; os.write(2, b'no such module'); os._exit(4)"

    with pytest.raises(WorkerDied, match="exited with code 4\nno such module"):
        await worker.start(house.spawner, house.command(PYTHON, "-I", "-S", "-c", code))

    assert house.lost == [worker]


async def test_a_program_that_is_missing_loses_the_worker(house: House) -> None:
    worker = house.worker()

    with pytest.raises(SpawnFailed, match="/nowhere"):
        await worker.start(house.spawner, house.command("/nowhere"))
    await worker.buried.wait()

    assert worker.state is WorkerState.DEAD


async def test_a_failed_load_loses_the_worker(house: House) -> None:
    worker = house.worker()
    await worker.start(house.spawner, house.command())

    with pytest.raises(LoadFailed, match="no main"):
        await worker.load(_load('[["reply", {"message": "no main"}]]'), limit=5)
    await worker.buried.wait()

    assert house.lost == [worker]


async def test_losing_twice_is_told_once_and_burying_ends_the_process(house: House) -> None:
    worker = house.worker()
    await worker.start(house.spawner, house.command())
    pid = worker.pid
    assert pid is not None

    worker.lose("enough")
    worker.lose("again")
    await worker.buried.wait()

    assert house.lost == [worker]
    assert not is_alive(pid)
