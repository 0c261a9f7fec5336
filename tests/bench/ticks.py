"""A day of a schedule that runs every five minutes, beside as many executions by hand."""

from __future__ import annotations

import json
from time import perf_counter

from . import functions, load
from .api import Api
from .servers import Mode, Running, running

DAY, TICK, CALL = "24 h of */5 * * * *", "a run, with all around it", "an execution by hand"
TICKS = 288


def measure(mode: Mode, rounds: int) -> dict[str, dict[str, float]]:
    """Seconds by language and by what was measured: the best of all rounds."""
    with (
        functions.project() as folder,
        running(mode, "emulator", "start", str(folder), "--port", "0") as server,
    ):
        return {each: _measure(server, each, rounds) for each in functions.LANGUAGES}


def _measure(server: Running, language: str, rounds: int) -> dict[str, float]:
    api, function = Api(server), f"{language}-1"
    call = functions.execution(server, function)
    load.one_by_one(call, TICKS)  # until all is warm
    days, calls = [], []
    for _ in range(rounds):
        _schedule(api, language, "*/5 * * * *")
        began = perf_counter()
        journey = api.control("POST", "/clock/advance", hours=24)
        days.append(perf_counter() - began)
        if journey["works"]["execution"] != TICKS:
            raise SystemExit(f"a day did not have {TICKS} executions: {journey!r}")
        _schedule(api, language, "")
        calls.append(load.one_by_one(call, TICKS).seconds)
    return {DAY: min(days), TICK: min(days) / TICKS, CALL: min(calls) / TICKS}


def _schedule(api: Api, language: str, schedule: str) -> None:
    runtime, entrypoint = functions.RUNTIMES[language]
    wanted = {"name": language, "runtime": runtime, "entrypoint": entrypoint, "schedule": schedule}
    api.call("PUT", f"/functions/{language}-1", json.dumps(wanted).encode())
