"""Calls from start to result, with everything user code may do to them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from appwrite_emulator.execution import protocol
from appwrite_emulator.execution.executor import Executor, Outcome, Result, Target
from appwrite_emulator.execution.failures import LoadFailed
from appwrite_emulator.execution.logs import LogLine
from appwrite_emulator.execution.pool import Sizes
from appwrite_emulator.execution.spawner import Spawner

from .engine import (
    call,
    is_alive,
    launch,
    pause,
    running_executor,
    running_spawner,
    target,
    wait_gone,
)

_MARKER = "Native logs detected. Use context.log() or context.error() for better experience."


@dataclass
class Bench:
    """An executor with one target."""

    executor: Executor
    spawner: Spawner
    folder: Path
    target: Target

    async def run(self, *steps: list[Any], **changes: Any) -> Result:
        return await self.executor.run(self.target, call(*steps, **changes))

    async def pid(self) -> int:
        """The process that serves the next call."""
        return int((await self.run(["pid"])).body)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with running_executor(Sizes(patience=0.5)) as (executor, spawner, folder):
        yield Bench(executor, spawner, folder, target(folder))


def _hears(word: str) -> tuple[anyio.Event, Callable[[LogLine], None]]:
    """An event for `word` being said, and the listener that sets it."""
    event = anyio.Event()

    def hear(line: LogLine) -> None:
        if word in line.text:
            event.set()

    return event, hear


async def test_the_answer_is_what_user_code_returned(bench: Bench) -> None:
    result = await bench.run(["reply", {"status": 201, "headers": [["X-A", "b"]]}, "hello"])

    assert (result.outcome, result.status, result.body) == (Outcome.ANSWERED, 201, b"hello")
    assert result.headers == (("x-a", "b"), ("content-type", "text/plain; charset=utf-8"))
    assert 0 < result.duration < 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("method", "POST"),
        ("scheme", "http"),
        ("host", "localhost"),
        ("port", 80),
        ("path", "/a%20b"),
        ("queryString", "x=%3D"),
        ("headers", [["x-one", "1"], ["x-one", "2"]]),
        ("timeoutMs", 10000),
        ("logging", True),
    ],
)
async def test_the_request_reaches_user_code(bench: Bench, field: str, value: Any) -> None:
    result = await bench.run(["echo", field], path="/a%20b", query_string="x=%3D")

    assert json.loads(result.body) == value


async def test_messages_errors_and_prints_are_collected(bench: Bench) -> None:
    result = await bench.run(
        ["write", 1, "printed\n"],
        ["log", "log", "said"],
        ["log", "error", "bad"],
        ["write", 2, "e"],
    )

    assert sorted(result.logs) == sorted(f"said\n{_MARKER}\nprinted\ne")
    assert result.logs.startswith(f"said\n{_MARKER}\n")
    assert result.errors == "bad\n"


async def test_each_line_belongs_to_exactly_one_execution(bench: Bench) -> None:
    for number in range(200):
        result = await bench.run(["write", 1, f"{number}\n"], ["log", "log", f"{number}"])

        assert result.logs == f"{number}\n{_MARKER}\n{number}\n"


async def test_switched_off_logging_leaves_both_empty(bench: Bench) -> None:
    result = await bench.run(["log", "log", "x"], ["write", 2, "y"], ["exit", 1], logging=False)

    assert (result.outcome, result.logs, result.errors) == (Outcome.CRASHED, "", "")


async def test_output_is_heard_while_the_call_runs(bench: Bench) -> None:
    gate = bench.folder / "gate"
    os.mkfifo(gate)
    gate.chmod(0o666)
    printed, hear = _hears("progress")
    async with anyio.create_task_group() as group:
        steps = call(["write", 1, "progress"], ["until", str(gate)])
        group.start_soon(lambda: bench.executor.run(bench.target, steps, on_log=hear))
        await printed.wait()
        os.close(os.open(gate, os.O_WRONLY))


async def test_sequential_calls_meet_the_same_process(bench: Bench) -> None:
    first = await bench.run(["pid"])
    second = await bench.run(["pid"])

    assert first.body == second.body
    assert (first.cold, second.cold) == (True, False)


async def test_two_hundred_megabytes_of_output_neither_block_nor_grow(bench: Bench) -> None:
    result = await bench.run(["write", 1, "x" * 100_000, 2000])  # 200 MB

    assert result.outcome is Outcome.ANSWERED
    assert result.logs.endswith("... Log truncated due to size limit (8000 characters)")
    assert len(result.logs) < 9000


@pytest.mark.parametrize(
    "steps",
    [
        [["sleep", 60]],
        [["spin"]],
        [["stubborn"], ["sleep", 60]],
        [["die", signal.SIGSTOP]],
        [["silent"]],
        [["raw", "0106000000000001"], ["sleep", 60]],
    ],
    ids=["sleeps", "spins", "ignores signals", "is stopped", "never answers", "half a frame"],
)
async def test_the_deadline_ends_whatever_runs(bench: Bench, steps: list[list[Any]]) -> None:
    before = await bench.pid()
    result = await bench.run(["log", "log", "before"], ["write", 1, "out"], *steps, timeout=0.2)

    assert (result.outcome, result.status, result.body) == (Outcome.TIMED_OUT, 500, b"")
    assert result.errors == "Execution timed out.\n"
    assert result.logs == f"before\n{_MARKER}\nout"
    assert 0.2 <= result.duration < 0.7
    await wait_gone(before)
    assert await bench.pid() != before


async def test_a_crash_names_the_exit_code_and_the_last_stderr(bench: Bench) -> None:
    result = await bench.run(["log", "log", "x"], ["write", 2, "Traceback: oh"], ["exit", 3])

    assert (result.outcome, result.status) == (Outcome.CRASHED, 500)
    assert result.errors == "The function's process exited with code 3\nTraceback: oh\n"
    assert result.logs.startswith("x\n")


async def test_a_crash_names_the_signal(bench: Bench) -> None:
    result = await bench.run(["die", signal.SIGSEGV])

    assert result.errors == "The function's process was killed by signal 11 (SIGSEGV)\n"


async def test_a_new_worker_follows_a_crash(bench: Bench) -> None:
    await bench.run(["exit", 0])

    assert (await bench.run()).outcome is Outcome.ANSWERED


async def test_closed_pipes_end_the_call_at_once(bench: Bench) -> None:
    with anyio.fail_after(3):
        result = await bench.run(["close"])

    assert result.errors == "The function's process closed its pipes to the emulator\n"


async def test_too_much_memory_ends_the_call_and_names_the_limit(bench: Bench) -> None:
    bench.target = replace(bench.target, memory=64)
    result = await bench.run(["eat", 100], ["sleep", 60])

    assert result.outcome is Outcome.CRASHED
    assert result.errors.startswith(
        "The function's process was killed: out of memory (limit 64 MB, peak "
    )


async def test_a_daemon_ends_with_its_worker(bench: Bench) -> None:
    daemon = int((await bench.run(["daemon"])).body)
    assert is_alive(daemon)

    await bench.run(["exit", 0])

    assert not is_alive(daemon)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("ff" * 16, "frame version 255, expected 1"),
        ("01060000000000017fffffff00000000", "frame header of 2147483647 bytes"),
        ("0106000000000001000000007fffffff", "frame body of 2147483647 bytes"),
        ("010600000000000100000001000000007b", "frame header is not JSON"),
    ],
)
async def test_broken_frames_end_the_worker(bench: Bench, raw: str, text: str) -> None:
    result = await bench.run(["raw", raw], ["sleep", 60])

    assert result.outcome is Outcome.CRASHED
    assert result.errors.startswith(f"worker protocol error: {text}")


async def test_frames_of_other_calls_and_unknown_kinds_are_dropped(bench: Bench) -> None:
    await bench.run()
    result = await bench.run(
        ["frame", 6, 1, {"status": 418}],  # of the call before
        ["frame", 6, 3, {"status": 418}],  # of the call to come
        ["frame", 7, 99, {"level": "log"}, "stray"],
        ["frame", 1, 0, {}],
        ["frame", 3, 0, {}],
        ["frame", 99, 2, {}],
        ["reply", {"status": 200}, "mine"],
    )

    assert (result.status, result.body, result.logs) == (200, b"mine", "")


async def test_a_second_answer_is_dropped(bench: Bench) -> None:
    result = await bench.run(["frame", 6, 1, {"status": 201}], ["reply", {"status": 202}])
    following = await bench.run(["reply", {"status": 203}])

    assert (result.status, following.status) == (201, 203)


async def test_what_is_wrong_after_an_answer_ends_the_worker_alone(bench: Bench) -> None:
    before = await bench.pid()
    answer = protocol.encode(protocol.Kind.RESULT, 2, {"status": 201})
    result = await bench.run(["raw", (answer + b"\xff" * 16).hex()], ["sleep", 60])

    assert (result.outcome, result.status, result.errors) == (Outcome.ANSWERED, 201, "")
    assert await bench.pid() != before


async def test_frames_at_the_wrong_time_of_loading_change_nothing(bench: Bench) -> None:
    early = [["frame", 1, 0, {}], ["frame", 6, 1, {"status": 418}], ["frame", 3, 0, {}]]
    bench.target = target(bench.folder, load=[*early, ["log", "log", "loads"]])

    first, second = await bench.run(["log", "log", "one"]), await bench.run(["log", "log", "two"])

    assert (first.status, second.status, second.logs) == (200, 200, "two\n")
    assert first.logs in ("loads\none\n", "one\n")  # it said that it had loaded before


async def test_a_worker_that_ends_as_soon_as_it_has_loaded_is_told_of(bench: Bench) -> None:
    bench.target = target(bench.folder, load=[["frame", 3, 0, {}], ["exit", 3]])

    for _ in range(10):
        with anyio.fail_after(3):
            result = await bench.run()

        assert result.outcome is Outcome.CRASHED
        assert result.errors == "The function's process exited with code 3\n"


async def test_a_call_that_its_worker_never_took_runs_in_another(bench: Bench) -> None:
    before = await bench.pid()
    await pause(before)
    results: list[Result] = []

    async def run() -> None:
        results.append(await bench.run(["log", "log", "once"], ["pid"]))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        while bench.executor.stats()["busy"] == 0:
            await anyio.lowlevel.checkpoint()
        os.kill(before, signal.SIGKILL)

    assert (results[0].outcome, results[0].logs, results[0].errors) == (
        Outcome.ANSWERED,
        "once\n",
        "",
    )
    assert int(results[0].body) != before


async def test_a_call_of_which_its_worker_took_notice_is_run_once(bench: Bench) -> None:
    await bench.pid()

    result = await bench.run(["log", "log", "once"], ["die", signal.SIGKILL])

    assert (result.outcome, result.logs) == (Outcome.CRASHED, "once\n")


async def test_a_call_that_its_worker_never_took_times_out_and_says_so(bench: Bench) -> None:
    before = await bench.pid()
    await pause(before)

    result = await bench.run(timeout=0.2)

    assert result.outcome is Outcome.TIMED_OUT
    assert result.errors == (
        "Execution timed out.\n"
        "Its process took no notice of it: it was stopped, or busy with an earlier execution.\n"
    )
    assert await bench.pid() != before


async def test_an_answer_sent_with_the_last_breath_counts(bench: Bench) -> None:
    for _ in range(10):
        result = await bench.run(["size", 60_000], ["frame", 6, 1, {"status": 203}], ["exit", 0])

        assert (result.outcome, result.status) == (Outcome.ANSWERED, 203)


async def test_a_streamed_answer_is_put_together(bench: Bench) -> None:
    assert (await bench.run(["stream", "ab", 3])).body == b"ababab"


async def test_large_bodies_pass_both_ways(bench: Bench) -> None:
    await bench.run()
    request = call(["mirror"])
    request = request._replace(body=request.body + b"\n" + os.urandom(8_000_000))

    result = await bench.executor.run(bench.target, request)

    assert result.body == request.body


async def test_an_answer_over_the_limit_is_refused(bench: Bench) -> None:
    result = await bench.run(["size", 21 * 1024 * 1024])

    assert "frame body of 22020096 bytes, at most 20971520" in result.errors


async def test_a_worker_that_reads_nothing_does_not_block_the_loop(bench: Bench) -> None:
    bench.target = replace(bench.target, launch=launch(concurrency=2))
    started, hear = _hears("started")
    async with anyio.create_task_group() as group:
        steps = call(["log", "log", "started"], ["sleep", 60])
        group.start_soon(lambda: bench.executor.run(bench.target, steps, on_log=hear))
        await started.wait()
        request = call(timeout=0.2)._replace(body=b"[]\n" + bytes(4_000_000))

        result = await bench.executor.run(bench.target, request)

    assert result.outcome is Outcome.TIMED_OUT


async def test_an_answer_that_http_cannot_carry_is_an_error(bench: Bench) -> None:
    result = await bench.run(["reply", {"status": 1000}])

    assert (result.outcome, result.status) == (Outcome.ANSWERED, 500)
    assert result.errors == "Invalid status code: 1000\n"


async def test_a_failed_load_answers_503_with_what_was_said(bench: Bench) -> None:
    steps = [["write", 1, "noise"], ["reply", {"message": "Syntax error in x: y"}]]
    bench.target = target(bench.folder, load=steps)

    result = await bench.run()

    assert (result.outcome, result.status) == (Outcome.LOAD_FAILED, 503)
    assert result.errors == "Syntax error in x: y\n"
    assert result.logs == f"{_MARKER}\nnoise"
    assert (await bench.run()).outcome is Outcome.LOAD_FAILED


async def test_output_while_loading_belongs_to_the_execution_that_caused_it(bench: Bench) -> None:
    bench.target = target(bench.folder, load=[["log", "log", "early"], ["write", 1, "noise"]])

    first = await bench.run(["log", "log", "late"])
    second = await bench.run(["log", "log", "late"])

    assert first.logs == f"early\nlate\n{_MARKER}\nnoise"
    assert second.logs == "late\n"


async def test_a_crash_while_loading_is_told(bench: Bench) -> None:
    bench.target = target(bench.folder, load=[["write", 2, "boom"], ["exit", 9]])

    result = await bench.run()

    assert result.outcome is Outcome.CRASHED
    assert result.errors == "The function's process exited with code 9\nboom\n"


async def test_a_load_that_hangs_times_out(bench: Bench) -> None:
    bench.target = target(bench.folder, load=[["sleep", 60]])

    result = await bench.run(timeout=0.1)

    assert result.outcome is Outcome.TIMED_OUT
    assert result.errors == (
        "Execution timed out.\n"
        "No worker was free: at most 4 run at once, all were busy or still loading.\n"
    )


async def test_code_loaded_ahead_serves_the_next_call(bench: Bench) -> None:
    bench.target = target(bench.folder, load=[["log", "log", "early"]])

    await bench.executor.load(bench.target)
    assert bench.executor.stats()["idle"] == 1
    assert bench.executor.serves(bench.target.key)

    result = await bench.run()
    assert (result.logs, result.cold) == ("early\n", True)


async def test_code_that_does_not_load_ahead_tells_why(bench: Bench) -> None:
    reply = {"message": "no main", "stack": "main.js:1"}
    bench.target = target(bench.folder, load=[["reply", reply]])

    with pytest.raises(LoadFailed, match="no main") as caught:
        await bench.executor.load(bench.target)
    assert caught.value.stack == "main.js:1"
    assert not bench.executor.serves(bench.target.key)


async def test_user_code_sees_its_variables_and_folders(bench: Bench) -> None:
    (bench.target.folder / "src" / "function" / "node_modules" / ".bin").mkdir(parents=True)
    bench.target = replace(
        bench.target,
        launch=launch(path=("runtime-env/bin", "node_modules/.bin"), workdir="src"),
        entrypoint=json.dumps([["echo", "cwd"], ["log", "log", "x"]]),
    )

    assert (await bench.run(["env", "COLOR"])).body == b"red"
    path = (await bench.run(["env", "PATH"])).body.decode()
    root = bench.target.folder / "src" / "function"
    assert path.startswith(f"{root}/node_modules/.bin:/usr/bin:/usr/local/sbin:")


async def test_variables_that_a_start_reads_are_there_at_the_start(bench: Bench) -> None:
    assert (await bench.run(["start_env", "COLOR"])).body == b"None"
    bench.target = target(bench.folder, "f/2", env={"FAKE_MODE": "fast", "COLOR": "red"})

    assert (await bench.run(["start_env", "FAKE_MODE"])).body == b"fast"
    assert (await bench.run(["start_env", "COLOR"])).body == b"None"


async def test_an_interpreter_that_cannot_start_is_a_platform_failure(bench: Bench) -> None:
    bench.target = target(bench.folder, launch=launch(argv=("/nowhere/tool",)))

    result = await bench.run()

    assert (result.outcome, result.status) == (Outcome.CRASHED, 500)
    assert result.errors.startswith("/nowhere/tool: ")
    assert result.errors.endswith("\\nError Code: 500")


async def test_the_death_of_the_helper_fails_the_call_and_the_next_one_works(bench: Bench) -> None:
    started, hear = _hears("started")
    results: list[Result] = []

    async def run() -> None:
        steps = call(["log", "log", "started"], ["sleep", 60])
        results.append(await bench.executor.run(bench.target, steps, on_log=hear))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await started.wait()
        assert bench.spawner.pid is not None
        os.kill(bench.spawner.pid, signal.SIGKILL)

    assert results[0].outcome is Outcome.CRASHED
    assert "the helper process ended" in results[0].errors
    assert (await bench.run()).outcome is Outcome.ANSWERED


async def test_a_cancelled_call_goes_on_and_frees_its_worker(bench: Bench) -> None:
    pid = await bench.pid()
    pids: list[int] = []

    async def collect() -> None:
        pids.append(int((await bench.run(["pid"], ["sleep", 0.1])).body))

    started, hear = _hears("started")
    gate = bench.folder / "gate"
    os.mkfifo(gate)
    gate.chmod(0o666)
    async with anyio.create_task_group() as group:
        steps = call(["log", "log", "started"], ["until", str(gate)])
        group.start_soon(lambda: bench.executor.run(bench.target, steps, on_log=hear))
        await started.wait()
        group.cancel_scope.cancel()
    assert bench.executor.stats()["busy"] == 1

    os.close(os.open(gate, os.O_WRONLY))

    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(collect)
    assert pid in pids
    assert bench.executor.stats()["busy"] == 0


async def test_a_call_cancelled_while_its_worker_loads_leaves_it_for_the_next(
    bench: Bench,
) -> None:
    with anyio.move_on_after(0.001):
        await bench.run()

    result = await bench.run(["pid"])

    assert result.outcome is Outcome.ANSWERED
    assert bench.executor.stats()["waiting"] == 0


async def test_killing_fails_running_calls_and_serves_later_ones(bench: Bench) -> None:
    started, hear = _hears("started")
    results: list[Result] = []

    async def run() -> None:
        steps = call(["log", "log", "started"], ["sleep", 60])
        results.append(await bench.executor.run(bench.target, steps, on_log=hear))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await started.wait()
        await bench.executor.kill()

    assert results[0].outcome is Outcome.CRASHED
    assert results[0].errors == "All executions were ended\n"
    assert (await bench.run()).outcome is Outcome.ANSWERED


async def test_killing_while_workers_start_leaves_no_process_and_no_home() -> None:
    async with running_spawner() as (spawner, folder):
        homes = folder / "homes"
        async with (
            Executor(spawner, homes) as executor,
            anyio.create_task_group() as group,
        ):
            for _ in range(3):
                group.start_soon(executor.run, target(folder), call())
            await anyio.lowlevel.checkpoint()
            await executor.kill()
        assert os.listdir(homes) == []


async def test_homes_do_not_pile_up() -> None:
    async with running_spawner() as (spawner, folder):
        homes = folder / "homes"
        async with Executor(spawner, homes) as executor:
            result = await executor.run(target(folder), call(["start_env", "HOME"]))
            names = os.listdir(homes)
        assert result.body.decode() in {f"{homes}/{name}" for name in names}
        assert os.listdir(homes) == []


async def test_a_patient_call_waits_for_a_worker_and_has_its_whole_timeout_then() -> None:
    async with running_executor(Sizes(total=1, patience=0.1)) as (executor, _, folder):
        first = target(folder)
        began, hear = _hears("began")
        results: list[Result] = []

        async def occupy() -> None:
            steps = (["log", "log", "began"], ["sleep", 1.2])
            results.append(await executor.run(first, call(*steps), on_log=hear))

        async with anyio.create_task_group() as group:
            group.start_soon(occupy)
            await began.wait()
            patient = call(["sleep", 0.7], timeout=1.0, is_patient=True)
            result = await executor.run(first, patient)
    assert [each.outcome for each in (*results, result)] == [Outcome.ANSWERED] * 2


async def test_whoever_asks_is_told_when_a_worker_is_about_to_get_the_call(bench: Bench) -> None:
    heard: list[str] = []

    def hear(line: LogLine) -> None:
        heard.append(line.text)

    said = call(["log", "log", "running"])
    await bench.executor.run(
        bench.target, said, on_log=hear, on_begin=lambda: heard.append("begins")
    )
    assert heard == ["begins", "running"]
