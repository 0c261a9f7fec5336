"""Seeding: what a test finds when it begins, made by a function or taken from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread

from ..emulator import Emulator
from ..services.bundle import below, projects_in, take_in

__tracebackhide__ = True  # pytest shows the line of the test, none of here

if TYPE_CHECKING:
    from .handle import Appwrite
    from .terms import Seed


class SeedForeign(ValueError):
    """A file holds nothing of the project whose tests it is for."""

    def __init__(self, path: Path, project: str, known: set[str]) -> None:
        there = f"what it has is of {', '.join(sorted(known))}" if known else "it is empty"
        super().__init__(
            f"{path} has no row of project {project!r}: {there}. Export it from an emulator of "
            "that project, or give the project's id by the fixture appwrite_config."
        )


def sow(seed: Seed | Path, appwrite: Appwrite, emulator: Emulator) -> None:
    """Let `seed` make its rows. Raises what it raises; BundleRefused, SeedForeign for a file.

    The rows of a file lie below those that are there: what is deployed already stays as it is.
    """
    if isinstance(seed, Path):
        emulator.in_loop(_lay, emulator, seed)
    else:
        seed(appwrite)


async def _lay(emulator: Emulator, path: Path) -> None:
    ground, control = emulator.services.ground, emulator.control
    rows = await to_thread.run_sync(take_in, ground.files, path)
    known = projects_in(rows)
    if emulator.project not in known:
        raise SeedForeign(path, emulator.project, known)
    snapshot = control.snapshot(below(ground.state.snapshot(), rows))
    try:
        await control.restore(snapshot.id)
    finally:
        await control.forget(snapshot.id)
