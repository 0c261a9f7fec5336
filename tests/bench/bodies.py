"""Executions that carry much: a body of 1 MB both ways, and 1 MB of logs, against a small one."""

from __future__ import annotations

from . import functions, load
from .load import Target
from .servers import Mode, Running, running
from .warm import in_turns

SMALL, BODIES, LOGS = "small", "1 MB body both ways", "1 MB of logs"
_MEGABYTE = "b" * 1_000_000


def measure(mode: Mode, rounds: int, count: int) -> dict[str, dict[str, float]]:
    """Seconds of a call by language and by what it carries: the p50 of the best round."""
    with (
        functions.project() as folder,
        running(mode, "emulator", "start", str(folder), "--port", "0") as server,
    ):
        return {
            language: _measure(_targets(server, f"{language}-1"), rounds, count)
            for language in functions.LANGUAGES
        }


def _targets(server: Running, function: str) -> dict[str, Target]:
    return {
        SMALL: functions.execution(server, function),
        BODIES: functions.execution(server, function, "/echo", body=_MEGABYTE),
        LOGS: functions.execution(server, function, "/logs"),
    }


def _measure(targets: dict[str, Target], rounds: int, count: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in targets}
    for name in in_turns(list(targets), rounds):
        burst = load.one_by_one(targets[name], count)
        taken[name].append(burst.p50)
    return {name: min(p50s) for name, p50s in taken.items()}
