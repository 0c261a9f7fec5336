"""Trying a program the way functions will be run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..sandbox import Command
from . import process
from .failures import SpawnFailed
from .spawner import Spawner

_PATIENCE = 20  # seconds; a loaded machine starts some interpreters slowly


async def output_of(spawner: Spawner, home: Path, argv: Sequence[str]) -> str | None:
    """What a confined `argv` prints; None when it cannot be started or fails."""
    lines: list[str] = []
    command = Command(argv=tuple(argv), env={"LANG": "C.UTF-8"}, cwd="/", home=str(home))
    try:
        exit = await process.run(spawner, command, on_output=lines.append, timeout=_PATIENCE)
    except SpawnFailed:
        return None
    return "".join(lines) if exit.code == 0 else None
