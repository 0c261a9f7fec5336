"""What is slow once: the start, and the first execution of a deployment."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import AbstractContextManager
from pathlib import Path

from . import functions, load
from .servers import Mode, Running, running

SPARE_WAIT = 1.5  # seconds; a spare worker announces itself to nobody

START = "start to ready: {}"
FIRST = "first execution ({}): {}"


def measure(mode: Mode, samples: int) -> dict[str, list[float]]:
    """Seconds by what was measured, `samples` of each."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(samples):
        with functions.project(copies=0) as folder, _emulator(mode, folder) as server:
            taken[START.format("empty folder")].append(server.seconds)
        with functions.project(copies=2) as folder:
            _measure_project(mode, folder, taken)
    return dict(taken)


def _measure_project(mode: Mode, folder: Path, taken: defaultdict[str, list[float]]) -> None:
    with _emulator(mode, folder) as server:
        taken[START.format("deploys 4 functions")].append(server.seconds)
        for language in functions.LANGUAGES:
            taken[FIRST.format("no spare", language)].append(_call(server, f"{language}-1"))
        time.sleep(SPARE_WAIT)
        for language in functions.LANGUAGES:
            taken[FIRST.format("with a spare", language)].append(_call(server, f"{language}-2"))
    with _emulator(mode, folder) as server:
        taken[START.format("4 functions, unchanged")].append(server.seconds)
        for language in functions.LANGUAGES:
            taken[FIRST.format("after a restart", language)].append(_call(server, f"{language}-1"))


def _emulator(mode: Mode, folder: Path) -> AbstractContextManager[Running]:
    return running(mode, "emulator", "start", str(folder), "--port", "0")


def _call(server: Running, function: str) -> float:
    return load.one_by_one(functions.execution(server, function), 1).p50
