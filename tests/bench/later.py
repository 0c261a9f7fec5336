"""Executions that nobody waits for, beside as many that somebody does."""

from __future__ import annotations

from time import perf_counter

from . import functions, load
from .api import Api
from .servers import Mode, Running, running
from .warm import CONNECTIONS

ACCEPTED, ENDED, CALL = "accepted", "accepted and ended", "ended while somebody waits"


def measure(mode: Mode, rounds: int, count: int) -> dict[str, dict[str, float]]:
    """Seconds for each of `count` executions, by language: the best of all rounds."""
    with (
        functions.project() as folder,
        running(mode, "emulator", "start", str(folder), "--port", "0") as server,
    ):
        return {each: _measure(server, f"{each}-1", rounds, count) for each in functions.LANGUAGES}


def _measure(server: Running, function: str, rounds: int, count: int) -> dict[str, float]:
    api = Api(server)
    call = functions.execution(server, function)
    later = functions.execution(server, function, later=True)
    load.together(call, CONNECTIONS, count // 4)  # until all is warm
    accepted, ended, calls = [], [], []
    for _ in range(rounds):
        began = perf_counter()
        accepted.append(load.together(later, CONNECTIONS, count).seconds)
        api.control("POST", "/settle", timeout=60)
        ended.append(perf_counter() - began)
        calls.append(load.together(call, CONNECTIONS, count).seconds)
    best = {ACCEPTED: min(accepted), ENDED: min(ended), CALL: min(calls)}
    return {name: seconds / count for name, seconds in best.items()}
