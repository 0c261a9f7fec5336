"""What the tests of the engine share: a sandbox, a spawner, commands and waiting for the end."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel

from appwrite_emulator.catalog import Launch
from appwrite_emulator.execution.executor import Call, Executor, Target
from appwrite_emulator.execution.pool import Sizes
from appwrite_emulator.execution.spawner import Spawner
from appwrite_emulator.sandbox import Command, Limits, Mode, Sandbox, choose

PYTHON = "/usr/bin/python3"  # one that an unprivileged user can run


@contextmanager
def workspace(sandbox: Sandbox) -> Iterator[Path]:
    """A folder that functions can reach, gone afterwards."""
    with tempfile.TemporaryDirectory() as data:
        folder = sandbox.workspace(Path(data))
        try:
            yield folder
        finally:
            if folder != Path(data):
                shutil.rmtree(folder)


@asynccontextmanager
async def running_spawner(
    mode: Mode = "auto", *, patience: float = 10.0
) -> AsyncIterator[tuple[Spawner, Path]]:
    """A spawner at work and a workspace."""
    sandbox = choose(mode)
    with workspace(sandbox) as folder:
        async with Spawner(sandbox, patience=patience) as spawner:
            yield spawner, folder


def python(folder: Path, code: str, *, limits: Limits | None = None) -> Command:
    """A command that runs `code` in Python."""
    return Command(
        argv=(PYTHON, "-I", "-S", "-c", code),
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
        home=str(folder / "home"),
        limits=limits or Limits(),
    )


def is_alive(pid: int) -> bool:
    """Whether `pid` runs; a zombie does not."""
    return _state_of(pid) not in "ZX"


def _state_of(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return "X"
    return text.rpartition(")")[2].split()[0]


async def pause(pid: int) -> None:
    """Stop `pid` by a signal and return once it stands still."""
    os.kill(pid, signal.SIGSTOP)
    with anyio.fail_after(5):
        while _state_of(pid) != "T":
            await anyio.lowlevel.checkpoint()  # only its parent could wait for that


def parent_of(pid: int) -> int:
    """The process that started `pid`, or adopted it."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return int(text.rpartition(")")[2].split()[1])


def descriptors() -> set[str]:
    """The numbers of our own open descriptors."""
    return set(os.listdir("/proc/self/fd"))


@contextmanager
def scarce_descriptors(left: int) -> Iterator[None]:
    """Only `left` descriptors can be opened meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, descriptors())) + 50, hard))
    taken: list[int] = []
    try:
        with suppress(OSError):
            while True:
                taken.append(os.dup(2))
        for _ in range(left):
            os.close(taken.pop())
        yield
    finally:
        for fd in taken:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def wait_gone(pid: int) -> None:
    """Return when `pid` has ended, signalled by the kernel; fails after five seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        with anyio.fail_after(5):
            await anyio.wait_readable(descriptor)
    finally:
        os.close(descriptor)


_LAUNCHER = Path(__file__).with_name("fake_launcher.py")


def launch(**changes: Any) -> Launch:
    """How the fake launcher is started; its source goes along, for it may be out of reach."""
    code = _LAUNCHER.read_text(encoding="utf-8")
    usual = Launch(
        runtime="fake-1",
        family="fake",
        argv=(PYTHON, "-I", "-S", "-c", code),
        interpreter=PYTHON,
        version="1",
        start_variables=("FAKE_*",),
        memory_floor=64,
        concurrency=1,
        spare=True,
        workdir=".",
        env=(),
        content_type_case="keep",
        native_newline=True,
        native_limit=8000,
        path=(),
        prepare="",
    )
    return replace(usual, **changes)


def target(folder: Path, key: str = "f/1", **changes: Any) -> Target:
    """Something for the fake launcher to load; `load` are the steps it takes then."""
    steps = json.dumps(changes.pop("load", []))
    build = folder / "builds" / "one"
    usual = Target(
        key=key, launch=launch(), folder=build, entrypoint=steps, env={"COLOR": "red"}, memory=256
    )
    return replace(usual, **changes)


def call(*steps: list[Any], **changes: Any) -> Call:
    """A call whose body makes the fake launcher take `steps`."""
    usual = Call(
        id="call",
        method="POST",
        scheme="http",
        host="localhost",
        port=80,
        path="/",
        query_string="",
        headers=(("x-one", "1"), ("x-one", "2")),
        body=json.dumps(steps).encode(),
        timeout=10.0,
    )
    return usual._replace(**changes)


@asynccontextmanager
async def running_executor(
    sizes: Sizes | None = None,
) -> AsyncIterator[tuple[Executor, Spawner, Path]]:
    """An executor at work, its spawner and a workspace."""
    async with (
        running_spawner() as (spawner, folder),
        Executor(spawner, folder / "homes", sizes=sizes) as executor,
    ):
        yield executor, spawner, folder
