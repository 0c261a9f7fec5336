"""What calls leave behind in workers, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from appwrite_emulator.execution.executor import Executor, Result, Target
from appwrite_emulator.execution.factory import WorkerFactory
from appwrite_emulator.execution.premises import Litter
from appwrite_emulator.execution.remains import Remains

from .engine import call, is_alive, launch, running_executor, running_spawner, target, wait_gone


@dataclass
class Room:
    """An executor with one target."""

    executor: Executor
    target: Target

    async def run(self, *steps: list[Any], key: str = "f/1") -> Result:
        return await self.executor.run(replace(self.target, key=key), call(*steps))

    async def pid(self, key: str = "f/1") -> int:
        return int((await self.run(["pid"], key=key)).body)

    async def tidied(self) -> Remains | None:
        """What there was of the only worker that has left something."""
        remains = await self.executor.tidy()
        assert len(remains) < 2
        return remains[0] if remains else None


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with running_executor() as (executor, _, folder):
        yield Room(executor, target(folder))


async def test_a_quiet_worker_stays_warm(room: Room) -> None:
    pid = await room.pid()
    assert await room.tidied() is None
    assert await room.pid() == pid


async def test_a_worker_that_goes_on_is_replaced(room: Room) -> None:
    pid = await room.pid()
    await room.run(["go_on", "Timeout"])
    remains = await room.tidied()
    assert remains == Remains(key="f/1", pending={"Timeout": 1})
    assert remains.is_over
    assert not is_alive(pid), "it is gone when this returns"
    result = await room.run(["pid"])
    assert (int(result.body) != pid, result.cold) == (True, True)


async def test_who_is_just_ending_something_is_asked_again(room: Room) -> None:
    pid = await room.pid()
    await room.run(["go_on", "TCPSocketWrap", 2])
    assert await room.tidied() is None
    assert await room.pid() == pid


async def test_a_worker_that_says_nothing_is_replaced(room: Room) -> None:
    pid = await room.pid()
    await room.run(["deafen"])
    assert await room.tidied() == Remains(key="f/1", is_mute=True)
    assert await room.pid() != pid


async def test_a_worker_that_cannot_be_asked_is_replaced_without_a_word(room: Room) -> None:
    reserved = launch()
    room.target = replace(
        room.target, launch=replace(reserved, argv=(*reserved.argv, "--reserved"))
    )
    pid = await room.pid()
    assert await room.tidied() is None
    assert await room.pid() != pid


async def test_only_who_has_served_since_the_last_time_is_asked(room: Room) -> None:
    pid = await room.pid()
    await room.run(["go_on", "Timeout", 0])
    assert await room.tidied() is None
    other = await room.pid("g/1")
    await room.run(["deafen"], key="g/1")
    assert [each.key for each in await room.executor.tidy()] == ["g/1"]
    assert (await room.pid(), is_alive(other)) == (pid, False)


async def test_a_worker_that_has_ended_while_it_is_asked_is_over(room: Room) -> None:
    pid = await room.pid()
    await room.run(["go_on", "x"])
    async with anyio.create_task_group() as group:
        group.start_soon(room.executor.tidy)
        group.start_soon(room.executor.kill)
    assert not is_alive(pid)
    assert (await room.run()).cold


async def test_a_call_that_comes_meanwhile_gets_another_worker(room: Room) -> None:
    pid = await room.pid()
    await room.run(["deafen"])  # so that it takes a while
    async with anyio.create_task_group() as group:
        group.start_soon(room.executor.tidy)
        await anyio.lowlevel.checkpoint()
        assert await room.pid() != pid


async def test_files_of_calls_go_and_those_of_loading_stay(room: Room) -> None:
    room.target = replace(room.target, entrypoint='[["keep", "tmp/loaded", "here"]]')
    pid = await room.pid()
    await room.run(["keep", "tmp/a", "abc"], ["keep", ".cache/b/c", "12345"])
    remains = await room.tidied()
    assert remains is not None
    assert sorted(remains.files) == [Litter(".cache", 5), Litter("tmp/a", 3)]
    assert not remains.is_over
    assert await room.pid() == pid
    assert await room.tidied() is None


async def test_a_file_of_loading_that_a_call_has_changed_costs_the_worker(room: Room) -> None:
    room.target = replace(room.target, entrypoint='[["keep", "tmp/loaded", "here"]]')
    pid = await room.pid()
    await room.run(["keep", "tmp/loaded", "more"])
    assert await room.tidied() == Remains(key="f/1", broken=("tmp/loaded",))
    assert await room.pid() != pid


@pytest.mark.parametrize("step", [["lend", 60], ["daemon"]], ids=["child", "daemon"])
async def test_processes_that_go_on_are_ended_and_named(room: Room, step: list[Any]) -> None:
    pid = await room.pid()
    stray = (await room.run(step)).body
    remains = await room.tidied()
    assert remains is not None
    assert [name for name in remains.processes if "sleep" in name or "python" in name]
    assert not is_alive(pid)
    if stray:
        await wait_gone(int(stray))


async def test_with_fresh_all_who_rest_are_ended(room: Room) -> None:
    pids = [await room.pid(), await room.pid("g/1")]
    assert await room.executor.tidy(fresh=True) == []
    assert not any(map(is_alive, pids))
    assert (await room.run()).cold
    kept = await room.pid("g/1")
    assert await room.executor.tidy("f/", fresh=True) == []
    assert await room.pid("g/1") == kept


async def test_files_in_the_build_go_where_functions_can_write_there() -> None:
    async with (
        running_spawner("off") as (spawner, folder),  # they are we, as for a plain user
        Executor(spawner, folder / "homes") as executor,
    ):
        room = Room(executor, target(folder))
        build = room.target.folder
        (build / "src" / "function").mkdir(parents=True)
        pid = await room.pid()
        await room.run(["leave", "cache.json"])
        remains = await room.tidied()
        assert remains == Remains(key="f/1", files=(Litter("cache.json", 4),))
        assert await room.pid() == pid
        assert _files(build) == []
        await room.run(["leave", "crash.json"], ["exit", 3])
        remains = await room.tidied()
        assert remains == Remains(key="f/1", files=(Litter("crash.json", 4),))
        assert _files(build) == []


def _files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_a_build_is_looked_into_once_though_many_workers_ended_in_it() -> None:
    async with running_spawner("off") as (spawner, folder):
        factory, place = WorkerFactory(spawner, folder / "homes", max_body=1000), target(folder)
        place.folder.mkdir(parents=True)
        for number in range(1, 4):
            worker = factory.make(launch(), lambda worker: None, lambda worker: None)
            worker.key, worker.served = place.key, number
            await factory.start(worker, {})
            await factory.note(worker, place)
            worker.lose("It is over")
            await factory.bury(worker)

        (found,) = factory.take_suspects("f/")

        assert (found[0], found[1].root) == (place.key, str(place.folder))
        assert factory.take_suspects("") == []
