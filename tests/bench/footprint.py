"""What an emulator holds at one moment, as Linux tells it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from . import functions
from .servers import Running

_LAUNCHERS = {language: f"/{language}/launcher." for language in functions.LANGUAGES}


class Footprint(NamedTuple):
    """Memory is resident, in bytes; processes are those below the emulator."""

    memory: int
    descriptors: int
    threads: int
    processes: int
    files: int  # and folders, in the folders beside the state
    workers: dict[str, int]  # memory of the largest worker of each language


def memory_of(pid: int) -> int:
    """Resident bytes of a process."""
    return _status(pid, "VmRSS") * 1024


def look(server: Running, data: Path) -> Footprint:
    """The footprint of the emulator whose state lies in the folder `data`."""
    below = list(_below(server.pid))
    return Footprint(
        memory=memory_of(server.pid),
        descriptors=len(list(Path(f"/proc/{server.pid}/fd").iterdir())),
        threads=_status(server.pid, "Threads"),
        processes=len(below),
        files=sum(1 for path in data.glob("*/*") if path.name != ".gitignore"),
        workers={language: _largest(below, part) for language, part in _LAUNCHERS.items()},
    )


def _below(pid: int) -> Iterator[int]:
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, _text(path).split()):
            yield child
            yield from _below(child)


def _largest(pids: list[int], launcher: str) -> int:
    found = [pid for pid in pids if launcher in _text(Path(f"/proc/{pid}/cmdline"))]
    return max((_status(pid, "VmRSS") * 1024 for pid in found), default=0)


def _status(pid: int, name: str) -> int:
    match = re.search(rf"^{name}:\s*(\d+)", _text(Path(f"/proc/{pid}/status")), re.MULTILINE)
    return int(match[1]) if match else 0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process ended a moment ago
        return ""
