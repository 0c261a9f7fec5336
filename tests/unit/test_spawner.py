"""The spawner: descriptors, confinement, trees, and what happens when either side dies."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

import appwrite_emulator
from appwrite_emulator.execution.exits import Exit
from appwrite_emulator.execution.failures import SpawnFailed
from appwrite_emulator.sandbox import Command, Limits, choose

from .engine import (
    PYTHON,
    descriptors,
    is_alive,
    parent_of,
    pause,
    python,
    running_spawner,
    scarce_descriptors,
    wait_gone,
    workspace,
)

_SLEEP = "import time; time.sleep(60)"


async def _read(fd: int) -> bytes:
    await anyio.wait_readable(fd)
    return os.read(fd, 65536)


async def _output_of(code: str, *, limits: Limits | None = None) -> str:
    reader, writer = os.pipe()
    async with running_spawner() as (spawner, folder):
        child = await spawner.spawn(python(folder, code, limits=limits), {1: writer, 2: writer})
        os.close(writer)
        await child.wait()
    with os.fdopen(reader) as file:
        return file.read()


async def test_descriptors_arrive_at_their_numbers_even_when_swapped() -> None:
    one, two = os.pipe(), os.pipe()
    async with running_spawner() as (spawner, folder):
        code = "import os; os.write(3, b'three'); os.write(4, b'four')"
        child = await spawner.spawn(python(folder, code), {4: one[1], 3: two[1]})
        await child.wait()

    assert os.read(one[0], 99) == b"four"
    assert os.read(two[0], 99) == b"three"
    for fd in (*one, *two):
        os.close(fd)


async def test_no_other_descriptor_is_inherited() -> None:
    said = await _output_of("import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))")

    assert said.strip() == "[0, 1, 2, 3]"  # 3 lists the folder


async def test_the_environment_is_clean_and_home_is_private() -> None:
    said = await _output_of(
        "import os; print(sorted(os.environ)); print(oct(os.stat(os.environ['HOME']).st_mode));"
        "open(os.environ['TMPDIR'] + '/x', 'w')"
    )

    names, mode = said.splitlines()
    assert set(eval(names)) - {"LC_CTYPE"} == {"HOME", "PATH", "TMPDIR"}
    assert mode == "0o40700"


async def test_a_child_leads_its_own_session_without_new_privileges() -> None:
    said = await _output_of(
        "import os; print(os.getsid(0) == os.getpid()); print(open('/proc/self/status').read())"
    )

    assert said.startswith("True")
    assert "NoNewPrivs:\t1" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_root_becomes_nobody_in_the_child() -> None:
    said = await _output_of("import os; print(os.getresuid(), os.getresgid(), os.getgroups())")

    assert said.strip() == "(65534, 65534, 65534) (65534, 65534, 65534) []"


async def test_neither_a_child_nor_its_keeper_goes_before_ordinary_processes() -> None:
    async with running_spawner() as (spawner, folder):
        child = await spawner.spawn(python(folder, _SLEEP), {})

        for pid in (child.pid, parent_of(child.pid)):
            assert os.sched_getscheduler(pid) == os.SCHED_OTHER


async def test_limits_are_set() -> None:
    said = await _output_of(
        "import resource as r;"
        "print(r.getrlimit(r.RLIMIT_NOFILE), r.getrlimit(r.RLIMIT_CORE), "
        "r.getrlimit(r.RLIMIT_FSIZE), r.getrlimit(r.RLIMIT_DATA))",
        limits=Limits(open_files=77, file_size=1 << 20, data=1 << 30),
    )

    assert said.strip() == f"(77, 77) (0, 0) ({1 << 20}, {1 << 20}) ({1 << 30}, {1 << 30})"


async def test_killing_a_stopped_child_ends_it() -> None:
    async with running_spawner() as (spawner, folder):
        child = await spawner.spawn(python(folder, _SLEEP), {})
        os.kill(child.pid, signal.SIGSTOP)

        exit = await child.kill()

    assert (exit.signal, exit.reason) == (signal.SIGKILL, "killed")


async def test_killing_twice_and_after_the_end_is_harmless() -> None:
    async with running_spawner() as (spawner, folder):
        child = await spawner.spawn(python(folder, "raise SystemExit(4)"), {})
        first = await child.wait()

        assert await child.kill() == first == Exit(4, None)


async def test_the_heap_limit_can_be_set_on_a_running_child() -> None:
    reader, writer = os.pipe()
    ours, theirs = os.pipe()
    async with running_spawner() as (spawner, folder):
        code = (
            "import os, resource; os.read(0, 1);"
            "os.write(1, str(resource.getrlimit(resource.RLIMIT_DATA)[0]).encode())"
        )
        child = await spawner.spawn(python(folder, code), {0: ours, 1: writer})
        child.watch(1 << 40, data=1 << 33)
        other = await spawner.spawn(python(folder, ""), {})  # served after the message before it
        await other.wait()
        os.write(theirs, b"!")
        await child.wait()

    assert os.read(reader, 99) == str(1 << 33).encode()
    for fd in (reader, writer, ours, theirs):
        os.close(fd)


async def test_many_children_start_at_once() -> None:
    exits: list[Exit] = []
    async with running_spawner() as (spawner, folder):

        async def one(number: int) -> None:
            child = await spawner.spawn(python(folder, f"raise SystemExit({number})"), {})
            exits.append(await child.wait())

        async with anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(one, number)

    assert sorted(exit.code or 0 for exit in exits) == list(range(12))


async def test_a_huge_environment_passes_the_socket_in_pieces() -> None:
    reader, writer = os.pipe()
    async with running_spawner() as (spawner, folder):
        variables = {f"V{number}": "x" * 100_000 for number in range(10)}
        command = python(folder, "import os; os.write(1, b'%d' % len(os.environ['V9']))")
        big = Command(argv=command.argv, env=variables, cwd="/", home=command.home)
        child = await spawner.spawn(big, {1: writer})
        await child.wait()

    assert os.read(reader, 99) == b"100000"
    os.close(reader)
    os.close(writer)


async def test_descriptors_closed_while_a_message_waits_still_arrive() -> None:
    pipes = [os.pipe() for _ in range(8)]
    async with running_spawner() as (spawner, folder):
        command = python(folder, "import os; os.write(1, b'here')")
        big = replace(command, env={f"V{number}": "x" * 120_000 for number in range(5)})

        async def one(writer: int) -> None:
            with anyio.move_on_after(0.001):  # most are cancelled before they were sent
                await spawner.spawn(big, {1: writer})
            os.close(writer)

        async with anyio.create_task_group() as group:
            for _, writer in pipes:
                group.start_soon(one, writer)
        child = await spawner.spawn(python(folder, "raise SystemExit(6)"), {})

        assert (await child.wait()).code == 6
    for reader, _ in pipes:
        assert os.read(reader, 99) in (b"", b"here")
        os.close(reader)


async def test_the_death_of_the_helper_ends_its_children_and_a_new_one_starts() -> None:
    async with running_spawner() as (spawner, folder):
        child = await spawner.spawn(python(folder, _SLEEP), {})
        first = spawner.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        exit = await child.wait()
        await wait_gone(child.pid)
        second = await spawner.spawn(python(folder, "raise SystemExit(7)"), {})

        assert exit.reason == "spawner"
        assert exit.text == "killed: the helper process ended"
        assert (await second.wait()).code == 7
        assert spawner.pid != first


async def test_a_killed_keeper_leaves_nothing_behind() -> None:
    async with running_spawner() as (spawner, folder):
        child = await spawner.spawn(python(folder, _SLEEP), {})
        os.kill(parent_of(child.pid), signal.SIGKILL)

        exit = await child.wait()

        assert exit.reason == "keeper"
        assert not is_alive(child.pid)


async def test_a_child_ends_though_its_keeper_was_stopped() -> None:
    async with running_spawner() as (spawner, folder):
        child = await spawner.spawn(python(folder, _SLEEP), {})
        await pause(parent_of(child.pid))

        assert (await child.kill()).reason == "killed"


async def test_a_helper_that_was_stopped_for_a_while_goes_on() -> None:
    async with running_spawner() as (spawner, folder), anyio.create_task_group() as group:
        first = await spawner.spawn(python(folder, _SLEEP), {})
        helper = spawner.pid
        assert helper is not None
        await pause(helper)
        group.start_soon(first.kill)
        await anyio.lowlevel.checkpoint()
        os.kill(helper, signal.SIGCONT)
        second = await spawner.spawn(python(folder, "raise SystemExit(7)"), {})

        assert (await second.wait()).code == 7
        assert (await first.wait()).reason == "killed"
        assert spawner.pid == helper


async def test_a_helper_that_hangs_is_replaced() -> None:
    async with running_spawner(patience=0.2) as (spawner, folder):
        child = await spawner.spawn(python(folder, _SLEEP), {})
        assert spawner.pid is not None
        await pause(spawner.pid)

        with pytest.raises(SpawnFailed, match=r"the helper process gave no answer for 0\.2 s"):
            await spawner.spawn(python(folder, ""), {})
        assert (await child.wait()).reason == "spawner"
        await wait_gone(child.pid)


async def test_a_helper_that_cannot_end_a_child_is_replaced() -> None:
    async with running_spawner(patience=0.2) as (spawner, folder):
        child = await spawner.spawn(python(folder, _SLEEP), {})
        assert spawner.pid is not None
        await pause(spawner.pid)

        assert (await child.kill()).reason == "spawner"
        await wait_gone(child.pid)


async def test_leaving_ends_a_helper_that_hangs_and_its_children() -> None:
    async with running_spawner(patience=0.2) as (spawner, folder):
        child = await spawner.spawn(python(folder, _SLEEP), {})
        assert spawner.pid is not None
        await pause(spawner.pid)

    await wait_gone(child.pid)


async def test_a_helper_without_descriptors_refuses_and_goes_on() -> None:
    one, two = os.pipe()
    async with running_spawner(patience=5) as (spawner, folder):
        helper = spawner.pid
        assert helper is not None
        usual = resource.prlimit(helper, resource.RLIMIT_NOFILE)
        refusals: list[str] = []
        for limit in range(4, 32, 2):
            resource.prlimit(helper, resource.RLIMIT_NOFILE, (limit, usual[1]))
            try:
                child = await spawner.spawn(python(folder, _SLEEP), {3: one, 4: two, 5: two})
            except SpawnFailed as exc:
                refusals.append(str(exc))
            else:
                await child.kill()

        assert 0 < len(refusals) < 14
        assert refusals[0] == "/usr/bin/python3: [Errno 24] Too many open files"
        assert spawner.pid == helper
    os.close(one)
    os.close(two)


async def test_a_helper_that_cannot_be_started_leaves_no_descriptor() -> None:
    async with running_spawner() as (spawner, folder):
        assert spawner.pid is not None
        os.kill(spawner.pid, signal.SIGKILL)
        await wait_gone(spawner.pid)
        before = descriptors()

        with scarce_descriptors(3), pytest.raises(SpawnFailed, match="cannot be started"):
            await spawner.spawn(python(folder, ""), {})

        assert descriptors() <= before
        assert (await (await spawner.spawn(python(folder, ""), {})).wait()).code == 0


async def test_a_message_whose_descriptors_cannot_be_kept_is_not_sent() -> None:
    one, two = os.pipe()
    async with running_spawner() as (spawner, folder):
        helper = spawner.pid
        assert helper is not None
        await pause(helper)
        big = replace(python(folder, ""), env={f"V{number}": "x" * 120_000 for number in range(5)})
        async with anyio.create_task_group() as group:
            group.start_soon(spawner.spawn, big, {})
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
            with scarce_descriptors(1), pytest.raises(SpawnFailed, match="Too many open files"):
                await spawner.spawn(python(folder, ""), {3: one, 4: two})
            os.kill(helper, signal.SIGCONT)
        child = await spawner.spawn(python(folder, "raise SystemExit(3)"), {3: one})

        assert (await child.wait()).code == 3
    os.close(one)
    os.close(two)


async def test_leaving_the_spawner_ends_everything() -> None:
    async with running_spawner() as (spawner, folder):
        child = await spawner.spawn(python(folder, _SLEEP), {})
        helper = spawner.pid

    assert helper is not None
    assert not is_alive(child.pid)
    assert not is_alive(helper)


async def test_a_cancelled_spawn_leaves_no_process() -> None:
    reader, writer = os.pipe()
    async with running_spawner() as (spawner, folder):
        with anyio.CancelScope() as scope:
            scope.cancel()
            code = "import os, time; os.write(1, b'%d' % os.getpid()); time.sleep(60)"
            await spawner.spawn(python(folder, code), {1: writer})
        os.close(writer)
        while await _read(reader):
            pass  # ends when no process holds the pipe
    os.close(reader)


async def test_a_home_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with running_spawner() as (spawner, _):
        with pytest.raises(SpawnFailed, match="no home folder"):
            await spawner.spawn(python(tmp_path / "file", ""), {})


async def test_the_spawner_works_in_an_event_loop_of_another_thread() -> None:
    codes: list[int | None] = []

    async def start_one() -> None:
        async with running_spawner() as (spawner, folder):
            child = await spawner.spawn(python(folder, "raise SystemExit(5)"), {})
            codes.append((await child.wait()).code)

    await anyio.to_thread.run_sync(lambda: anyio.run(start_one))

    assert codes == [5]


_EMULATOR = """
import asyncio, os, sys
from pathlib import Path
from appwrite_emulator.execution.spawner import Spawner
from appwrite_emulator.sandbox import Command, choose

DAEMON = '''
import os, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(1, b"%d\\\\n" % os.getpid())
            os.closerange(0, 64)
            time.sleep(60)
        os._exit(0)
    os.wait()
os.write(1, b"%d\\\\n" % os.getpid())
time.sleep(60)
'''

async def main():
    async with Spawner(choose()) as spawner:
        for number in range(2):
            home = f"{sys.argv[1]}/{number}"
            argv = ("/usr/bin/python3", "-c", DAEMON)
            await spawner.spawn(Command(argv=argv, env={}, cwd="/", home=home), {1: 1})
        os.write(1, b"%d\\n" % spawner.pid)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def _start_emulator(folder: Path) -> subprocess.Popen[bytes]:
    source = Path(appwrite_emulator.__file__).parents[1]
    return subprocess.Popen(
        (sys.executable, "-c", _EMULATOR, str(folder)),
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(source)},
    )


async def test_killing_the_emulator_leaves_no_survivor() -> None:
    with workspace(choose()) as folder, _start_emulator(folder) as emulator:
        assert emulator.stdout is not None
        pids = [int(emulator.stdout.readline()) for _ in range(7)]
        assert all(map(is_alive, pids))

        emulator.kill()
        for pid in pids:
            await wait_gone(pid)

        assert not any(map(is_alive, pids))


async def test_the_helper_sleeps_for_good_once_nothing_runs() -> None:
    async with running_spawner() as (spawner, folder):
        short = python(folder, "", limits=Limits(memory=1 << 30))
        missing = replace(short, argv=("/nowhere/at/all",))
        with pytest.raises(SpawnFailed, match="/nowhere/at/all"):
            await spawner.spawn(missing, {}, watch=True)
        child = await spawner.spawn(short, {}, watch=True)
        await child.wait()

        assert spawner.pid is not None
        before = _naps(spawner.pid)
        await anyio.run_process([PYTHON, "-I", "-c", "import time; time.sleep(0.3)"])
        assert _naps(spawner.pid) - before < 5  # a watcher would have looked fifteen times


def _naps(pid: int) -> int:
    """How often the process has gone to sleep."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
