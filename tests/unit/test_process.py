"""Commands run to their end: output, exit, timeout, limits."""

from __future__ import annotations

import os

import anyio
import pytest

from appwrite_emulator.execution import process
from appwrite_emulator.execution.exits import Exit
from appwrite_emulator.execution.failures import SpawnFailed
from appwrite_emulator.sandbox import Limits

from .engine import is_alive, python, running_spawner

_DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    pid = os.fork()
    if pid == 0:
        os.closerange(0, 64)
        time.sleep(60)
    print(pid, flush=True)
    os._exit(0)
os.wait()
"""


async def _run(code: str, *, seconds: float = 10, limits: Limits | None = None) -> tuple[Exit, str]:
    said: list[str] = []
    async with running_spawner() as (spawner, folder):
        command = python(folder, code, limits=limits)
        exit = await process.run(spawner, command, on_output=said.append, timeout=seconds)
    return exit, "".join(said)


async def test_output_of_both_streams_arrives_in_order() -> None:
    exit, said = await _run("import os\nfor i in range(6): os.write(1 + i % 2, b'%d\\n' % i)")

    assert exit == Exit(0, None)
    assert said == "0\n1\n2\n3\n4\n5\n"


async def test_a_character_split_between_writes_stays_whole() -> None:
    _, said = await _run(
        "import os,time\nos.write(1, b'\\xe2\\x82'); time.sleep(0.05); os.write(1, b'\\xac')"
    )

    assert said == "€"


async def test_the_exit_code_is_told() -> None:
    exit, _ = await _run("raise SystemExit(3)")

    assert (exit.code, exit.text) == (3, "exited with code 3")


async def test_a_signal_is_named() -> None:
    exit, _ = await _run("import os; os.kill(os.getpid(), 11)")

    assert (exit.signal, exit.text) == (11, "killed by signal 11 (SIGSEGV)")


async def test_a_long_output_is_passed_on_whole() -> None:
    _, said = await _run("import os\nfor _ in range(300): os.write(1, b'x' * 10_000)")

    assert len(said) == 3_000_000


async def test_the_timeout_kills_the_tree() -> None:
    exit, said = await _run(_DAEMON + "time.sleep(60)", seconds=0.5)

    assert exit.reason == "timeout"
    assert exit.text == "killed: timed out (after 0.5 s)"
    assert not is_alive(int(said))


async def test_a_daemon_does_not_outlive_its_command() -> None:
    exit, said = await _run(_DAEMON)

    assert exit.code == 0
    assert not is_alive(int(said))


async def test_cancelling_kills_the_tree() -> None:
    pids: list[int] = []

    async with running_spawner() as (spawner, folder), anyio.create_task_group() as group:

        def stop(text: str) -> None:
            pids.append(int(text))
            group.cancel_scope.cancel()

        code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
        await process.run(spawner, python(folder, code), on_output=stop, timeout=10)

    assert len(pids) == 1
    assert not is_alive(pids[0])


async def test_too_much_memory_kills_the_tree_and_names_the_limit() -> None:
    exit, _ = await _run(
        "import time\na = [b'x' * 1_000_000 for _ in range(200)]; time.sleep(30)",
        limits=Limits(memory=50 << 20),
    )

    assert exit.reason == "memory"
    assert "limit 50 MB, peak " in exit.text


async def test_nothing_is_watched_when_the_sandbox_is_off() -> None:
    said: list[str] = []
    async with running_spawner("off") as (spawner, folder):
        code = "a = bytearray(90_000_000); import time; time.sleep(0.1)"
        command = python(folder, code, limits=Limits(memory=50 << 20, processes=0))

        exit = await process.run(spawner, command, on_output=said.append, timeout=5)

    assert exit == Exit(0, None)


async def test_too_many_processes_kill_the_tree() -> None:
    exit, _ = await _run(
        "import os, time\nwhile os.fork(): time.sleep(0.001)\ntime.sleep(30)",
        limits=Limits(processes=20),
    )

    assert exit.reason == "processes"
    assert exit.text.endswith("limit 20)")


_needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can go before a crowd")


@pytest.mark.parametrize(
    "birth", ["os.fork()", pytest.param("os.fork() or os.setsid()", marks=_needs_root)]
)
async def test_a_fork_bomb_is_ended_by_the_watcher(birth: str) -> None:
    """Also when every process leads a session of its own, so that no group can be killed."""
    bomb = f"import os\nwhile True:\n try: {birth}\n except OSError: pass"

    exit, _ = await _run(bomb, seconds=8)

    assert exit.reason == "processes"


async def test_a_program_that_does_not_exist_is_named() -> None:
    said: list[str] = []
    async with running_spawner() as (spawner, folder):
        command = python(folder, "")
        missing = type(command)(argv=("/nowhere/tool",), env={}, cwd="/", home=command.home)

        with pytest.raises(SpawnFailed, match=r"/nowhere/tool: .*No such file"):
            await process.run(spawner, missing, on_output=said.append, timeout=5)


async def test_a_file_larger_than_the_limit_is_refused() -> None:
    exit, said = await _run(
        "import os\nwith open(os.environ['TMPDIR'] + '/big', 'wb', 0) as f:\n"
        " f.write(bytes(5000)); f.write(bytes(5000))",
        limits=Limits(file_size=4096),
    )

    assert exit.code == 1 or exit.signal is not None
    assert "File too large" in said or exit.signal == 25
