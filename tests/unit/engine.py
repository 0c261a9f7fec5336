"""What the tests of the engine share: a sandbox, a spawner, commands and waiting for the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio

from appwrite_emulator.execution.spawner import Spawner
from appwrite_emulator.sandbox import Command, Limits, Sandbox, choose

PYTHON = "/usr/bin/python3"  # one that an unprivileged user can run


@contextmanager
def workspace(sandbox: Sandbox) -> Iterator[Path]:
    """A folder that functions can reach, gone afterwards."""
    folder = sandbox.workspace(Path(tempfile.mkdtemp(prefix="engine-")))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def running_spawner() -> AsyncIterator[tuple[Spawner, Path]]:
    """A spawner at work and a workspace."""
    sandbox = choose()
    with workspace(sandbox) as folder:
        async with Spawner(sandbox) as spawner:
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
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


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
