"""The pool: which worker serves, how many there are, and when they go."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from appwrite_emulator.execution.executor import Executor, Outcome, Result, Target
from appwrite_emulator.execution.pool import Sizes

from .engine import call, launch, running_executor, target, wait_gone


class Crowd:
    """Calls that run until they are let go."""

    def __init__(self, executor: Executor, folder: Path) -> None:
        self.results: list[Result] = []
        self._executor = executor
        self._folder = folder
        self._gates: list[Path] = []

    async def enter(self, group: Any, target: Target) -> None:
        """Start a call and return when user code runs."""
        gate = self._folder / f"gate{len(self._gates)}"
        os.mkfifo(gate)
        gate.chmod(0o666)
        self._gates.append(gate)
        running = anyio.Event()
        group.start_soon(self._run, target, gate, running)
        await running.wait()

    async def _run(self, target: Target, gate: Path, running: anyio.Event) -> None:
        steps = call(["pid"], ["log", "log", "in"], ["until", str(gate)])
        hear = lambda _: running.set()  # noqa: E731
        self.results.append(await self._executor.run(target, steps, on_log=hear))

    def leave(self, number: int = 0) -> None:
        """Let the call that is `number`-th in line of those running go on."""
        os.close(os.open(self._gates.pop(number), os.O_WRONLY))

    def leave_all(self) -> None:
        while self._gates:
            self.leave()


@asynccontextmanager
async def _crowd(**sizes: Any) -> AsyncIterator[tuple[Executor, Path, Crowd]]:
    async with running_executor(Sizes(**sizes)) as (executor, _, folder):
        yield executor, folder, Crowd(executor, folder)


async def _pid(executor: Executor, target: Target) -> int:
    return int((await executor.run(target, call(["pid"]))).body)


async def _settled(executor: Executor, **wanted: int) -> None:
    """Return when the counts are as wanted; each turn of the loop may bring it about."""
    with anyio.fail_after(5):
        while {key: executor.stats()[key] for key in wanted} != wanted:
            await anyio.lowlevel.checkpoint()


async def test_calls_at_once_run_in_processes_of_their_own() -> None:
    async with _crowd() as (executor, folder, crowd), anyio.create_task_group() as group:
        for _ in range(3):
            await crowd.enter(group, target(folder))
        assert executor.stats()["busy"] == 3
        crowd.leave_all()
    assert len({result.body for result in crowd.results}) == 3


async def test_calls_over_the_limit_wait_in_line() -> None:
    async with _crowd(per_target=2) as (executor, folder, crowd):
        async with anyio.create_task_group() as group:
            for _ in range(2):
                await crowd.enter(group, target(folder))
            waiting: list[int] = []

            async def third() -> None:
                waiting.append(await _pid(executor, target(folder)))

            group.start_soon(third)
            await _settled(executor, waiting=1, busy=2)
            crowd.leave()
            await _settled(executor, waiting=0)
            crowd.leave_all()
        assert waiting[0] in {int(result.body) for result in crowd.results}


async def test_a_call_in_line_times_out() -> None:
    async with _crowd(per_target=1, patience=0.1) as (executor, folder, crowd):
        async with anyio.create_task_group() as group:
            await crowd.enter(group, target(folder))
            result = await executor.run(target(folder), call(timeout=0.1))
            crowd.leave_all()

        assert result.outcome is Outcome.TIMED_OUT
        assert executor.stats()["waiting"] == 0
        assert (await executor.run(target(folder), call())).outcome is Outcome.ANSWERED


async def test_the_worker_used_last_serves_first() -> None:
    async with _crowd() as (executor, folder, crowd):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                await crowd.enter(group, target(folder))
            crowd.leave(1)
            await _settled(executor, busy=2)
            crowd.leave(1)
            await _settled(executor, busy=1)
            crowd.leave()
        last = int(crowd.results[-1].body)

        assert [await _pid(executor, target(folder)) for _ in range(3)] == [last] * 3


async def test_a_spare_is_made_after_the_first_use_and_serves_another_function() -> None:
    async with _crowd() as (executor, folder, _):
        assert executor.stats()["spare"] == 0
        await _pid(executor, target(folder, "a"))
        await _settled(executor, spare=1)

        async with anyio.create_task_group() as group:
            group.start_soon(_pid, executor, target(folder, "b"))
            await _settled(executor, spare=0, spawning=0)  # taken, none started
        await _settled(executor, spare=1, idle=2)


async def test_no_spare_is_kept_for_launchers_without_one() -> None:
    async with _crowd() as (executor, folder, _):
        await _pid(executor, target(folder, launch=launch(spare=False)))

        assert executor.stats() | {"idle": 1} == executor.stats()
        assert executor.stats()["spawning"] == executor.stats()["spare"] == 0


async def test_the_worker_that_rested_longest_makes_room() -> None:
    async with _crowd(total=2) as (executor, folder, _):
        plain = launch(spare=False)
        first = await _pid(executor, target(folder, "a", launch=plain))
        second = await _pid(executor, target(folder, "b", launch=plain))
        await _pid(executor, target(folder, "c", launch=plain))

        await wait_gone(first)
        assert await _pid(executor, target(folder, "b", launch=plain)) == second


async def test_a_busy_house_makes_others_wait_and_serves_them_later() -> None:
    async with _crowd(total=1, patience=60) as (executor, folder, crowd):
        plain = launch(spare=False)
        async with anyio.create_task_group() as group:
            await crowd.enter(group, target(folder, "a", launch=plain))
            group.start_soon(_pid, executor, target(folder, "b", launch=plain))
            await _settled(executor, waiting=1)
            crowd.leave_all()

        assert executor.stats()["idle"] == 1


async def test_idle_workers_end_after_a_while() -> None:
    async with _crowd(idle_ttl=0.05) as (executor, folder, _):
        pid = await _pid(executor, target(folder))

        await wait_gone(pid)

        assert executor.stats()["idle"] == 0


async def test_retiring_ends_idle_workers_of_the_prefix_alone() -> None:
    async with _crowd() as (executor, folder, _):
        old = await _pid(executor, target(folder, "f/1"))
        other = await _pid(executor, target(folder, "g/1"))

        executor.retire("f/")

        await wait_gone(old)
        assert await _pid(executor, target(folder, "g/1")) == other


async def test_retiring_lets_a_busy_worker_finish() -> None:
    async with _crowd() as (executor, folder, crowd):
        async with anyio.create_task_group() as group:
            await crowd.enter(group, target(folder, "f/1"))
            executor.retire("f/1")
            crowd.leave_all()
        result = crowd.results[0]

        assert result.outcome is Outcome.ANSWERED
        await wait_gone(int(result.body))
        assert await _pid(executor, target(folder, "f/1")) != int(result.body)


async def test_starts_that_keep_failing_are_delayed() -> None:
    async with _crowd() as (executor, folder, _):
        broken = target(folder, launch=launch(argv=("/bin/false",)))
        loop_time = anyio.current_time
        durations = []
        for _ in range(4):
            begun = loop_time()
            result = await executor.run(broken, call())
            durations.append(loop_time() - begun)
            assert result.outcome is Outcome.CRASHED
            assert result.errors == "The function's process exited with code 1\n"

        assert durations[3] > 0.1


async def test_more_calls_than_workers_all_hear_of_a_failed_load() -> None:
    async with _crowd(per_target=2) as (executor, folder, _):
        broken = target(folder, load=[["reply", {"message": "no main"}]])
        results: list[Result] = []

        async def one() -> None:
            results.append(await executor.run(broken, call()))

        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(one)

    assert [result.errors for result in results] == ["no main\n"] * 6


async def test_several_calls_share_a_worker_that_can_take_them() -> None:
    """The fake launcher works off one after the other; what counts is who was given them."""
    async with _crowd() as (executor, folder, _):
        shared = target(folder, launch=launch(concurrency=8))
        await _pid(executor, shared)
        pids: set[int] = set()

        async def one() -> None:
            pids.add(await _pid(executor, shared))

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(one)

        assert len(pids) == 1


async def test_a_timeout_in_a_shared_worker_fails_the_others_with_the_reason() -> None:
    async with _crowd() as (executor, folder, crowd):
        shared = target(folder, launch=launch(concurrency=2))
        async with anyio.create_task_group() as group:
            await crowd.enter(group, shared)
            result = await executor.run(shared, call(timeout=0.05))

        assert result.outcome is Outcome.TIMED_OUT
        assert crowd.results[0].outcome is Outcome.CRASHED
        assert crowd.results[0].errors == "Another execution in the same process timed out\n"


async def test_a_worker_that_fails_in_the_emulator_fails_its_call_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_executor() as (executor, _, folder):
        wrong = replace(target(folder), folder=cast(Path, None))  # so that no LOAD can be made

        failed = await executor.run(wrong, call())
        served = await executor.run(target(folder, "g/1"), call())

        assert failed.errors == (
            "The emulator failed while it made a worker; its log has the traceback.\n"
        )
        assert (failed.outcome, served.outcome) == (Outcome.CRASHED, Outcome.ANSWERED)
        assert executor.stats()["loading"] == 0
    assert "a worker failed in the emulator" in caplog.text


async def test_leaving_refuses_the_calls_that_wait() -> None:
    results: list[Result] = []
    async with (
        anyio.create_task_group() as group,
        running_executor(Sizes(per_target=1)) as (executor, _, folder),
    ):

        async def run() -> None:
            results.append(await executor.run(target(folder), call(["sleep", 60])))

        for _ in range(3):
            group.start_soon(run)
        while executor.stats()["waiting"] < 2:
            await anyio.lowlevel.checkpoint()

    assert [result.errors for result in results] == ["The emulator stops\n"] * 3


async def test_leaving_ends_all_workers_and_fails_what_runs() -> None:
    async with anyio.create_task_group() as group:
        async with _crowd() as (executor, folder, crowd):
            await crowd.enter(group, target(folder))
            idle = await _pid(executor, target(folder))
        await wait_gone(idle)

    assert crowd.results[0].errors == "The emulator stops\n"
