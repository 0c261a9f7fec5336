"""Keeping: the state of an emulator as a file that others can look into."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from anyio import to_thread

from .. import __version__
from ..emulator import Emulator
from ..services.bundle import BundleRefused, Origin, write_bundle

__tracebackhide__ = True  # pytest shows the line of the test, none of here


class NotKept(Exception):
    """The state could not be written; the text says where and why."""


def keep(emulator: Emulator, target: Path) -> None:
    """Write the state as it is now into `target`, as `state export` does; an older one is replaced.

    Raises NotKept.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        emulator.in_loop(_write, emulator, target)
    except (BundleRefused, OSError) as exc:
        raise NotKept(f"The state could not be kept in {target}: {exc}") from exc


async def _write(emulator: Emulator, target: Path) -> None:
    ground, control = emulator.services.ground, emulator.control
    snapshot = control.snapshot()  # holds the files until they are written
    origin = Origin(__version__, ground.now())
    write = partial(write_bundle, snapshot.rows, ground.files, target, origin, force=True)
    try:
        await to_thread.run_sync(write)
    finally:
        await control.forget(snapshot.id)
