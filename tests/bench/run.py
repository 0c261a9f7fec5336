"""The benchmark, in one command: `python tests/bench/run.py [--quick] [--only PART...]`.

Needs the emulator's dependencies and Node.js; measures the extra `fast` too where it is installed.
Everything that is compared is measured in turns in one run: on a busy machine trust the ratios.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

sys.path.insert(1, str(Path(__file__).parents[2] / "emulator"))

from tests.bench import (
    bodies,
    cold,
    fixture,
    growth,
    isolation,
    later,
    report,
    saves,
    state,
    ticks,
    warm,
    watching,
)
from tests.bench.serve import FAST
from tests.bench.servers import Mode
from tests.bench.warm import Effort

FULL, QUICK = Effort(6, 1500, 6000), Effort(2, 200, 800)
SAMPLES = 5
SIZES, QUICK_SIZES = (1_000, 10_000, 100_000), (1_000, 10_000)
EXECUTIONS, QUICK_EXECUTIONS = (1_000, 10_000), (1_000,)
DEPLOYMENTS, QUICK_DEPLOYMENTS = 200, 10

Figures = dict[str, object]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few rounds: see that it runs")
    parser.add_argument("--only", choices=PARTS, nargs="+", help="measure just these parts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args()
    has_fast = all(importlib.util.find_spec(name) for name in FAST)
    modes: tuple[Mode, ...] = ("plain", "fast") if has_fast else ("plain",)
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    say([f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {load}"])
    figures: Figures = {}
    for name in options.only or PARTS:
        if name in FROM_PROC and not Path("/proc/self/task").exists():
            say(["", f"{name}: not measured, because this system tells nothing in /proc."])
            continue
        for mode in modes if name in BY_MODE else modes[-1:]:
            figures[f"{name} {mode}"] = PARTS[name](mode, options.quick)
    if not has_fast:
        say(["", f"The extra fast is not installed ({', '.join(FAST)}), so it was not measured."])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def _warm(mode: Mode, is_quick: bool) -> Figures:
    series = warm.measure(mode, QUICK if is_quick else FULL)
    say(["", *report.warm_lines(mode, series)])
    return {
        name: {"p50": each.p50s, "rate": each.rates, "cpu": each.server_cpu()}
        for name, each in series.items()
    }


def _cold(mode: Mode, is_quick: bool) -> Figures:
    taken = cold.measure(mode, 1 if is_quick else SAMPLES)
    say(["", *report.cold_lines(mode, taken)])
    return {**taken}


def _state(mode: Mode, is_quick: bool) -> Figures:
    rounds, samples = (2, 300) if is_quick else (5, 1000)
    sizes = QUICK_SIZES if is_quick else SIZES
    taken = {size: state.measure(size, rounds, samples) for size in sizes}
    tests = state.measure_tests(10 * rounds)
    say(["", *report.state_lines(taken, tests)])
    return {"rows": taken, "tests": tests}


def _bodies(mode: Mode, is_quick: bool) -> Figures:
    taken = bodies.measure(mode, *((2, 10) if is_quick else (6, 40)))
    say(["", *report.bodies_lines(mode, taken)])
    return {**taken}


def _ticks(mode: Mode, is_quick: bool) -> Figures:
    taken = ticks.measure(mode, 1 if is_quick else 5)
    say(["", *report.ticks_lines(mode, taken)])
    return {**taken}


def _later(mode: Mode, is_quick: bool) -> Figures:
    taken = later.measure(mode, *((1, 200) if is_quick else (5, 1000)))
    say(["", *report.later_lines(mode, taken)])
    return {**taken}


def _isolation(mode: Mode, is_quick: bool) -> Figures:
    baselines = isolation.BASELINES[:2] if is_quick else isolation.BASELINES
    taken = {str(each): isolation.measure(each, 30 if is_quick else 300) for each in baselines}
    say(["", *report.isolation_lines(taken)])
    return {**taken}


def _saves(mode: Mode, is_quick: bool) -> Figures:
    count = 10 if is_quick else 50
    taken = saves.measure(mode, count)
    loaded = saves.measure_loaded(mode, count)
    say(["", *report.saves_lines(mode, taken, loaded)])
    return {
        "saves": {name: each.called for name, each in taken.items()},
        "loaded": {name: asdict(each) for name, each in loaded.items()},
    }


def _many(mode: Mode, is_quick: bool) -> Figures:
    count = 20 if is_quick else 100
    taken = [saves.measure_start(mode, count) for _ in range(1 if is_quick else 3)]
    say(["", *report.many_lines(2 * count, taken)])
    return {"many": [each._asdict() for each in taken]}


def _executions(mode: Mode, is_quick: bool) -> Figures:
    counts = QUICK_EXECUTIONS if is_quick else EXECUTIONS
    few = growth.after_executions(mode, counts, growth.FEW)
    rows = growth.after_executions(mode, counts, counts[-1])
    say(["", *report.executions_lines(few, rows)])
    return {
        name: {count: seen._asdict() for count, seen in taken.items()}
        for name, taken in {"few": few, "rows": rows}.items()
    }


def _deployments(mode: Mode, is_quick: bool) -> Figures:
    count = QUICK_DEPLOYMENTS if is_quick else DEPLOYMENTS
    taken = growth.after_deployments(mode, count)
    say(["", *report.deployments_lines(count, taken)])
    return {name: seen._asdict() for name, seen in taken._asdict().items()}


def _watching(mode: Mode, is_quick: bool) -> Figures:
    saves, idle, samples = (5, 0.5, 20) if is_quick else (50, 5.0, 200)
    taken = watching.measure_watching(saves, idle)
    trees = watching.measure_trees(samples)
    say(["", *report.watching_lines(taken), *report.trees_lines(trees)])
    return {"watching": taken, "trees": trees}


def _fixture(mode: Mode, is_quick: bool) -> Figures:
    rounds, functions, tests = (20, 10, 60) if is_quick else (100, 50, 1000)
    cost = fixture.measure_cost(2 if is_quick else 10)
    again = 1 if is_quick else 5
    sessions = {count: fixture.measure(count, rounds, again) for count in (1, functions)}
    crowds = fixture.measure_crowd(functions, tests)
    say(["", *report.fixture_lines(cost, sessions)])
    say(report.crowd_lines(functions, tests, crowds))
    return {
        "cost": cost._asdict(),
        "sessions": {count: each._asdict() for count, each in sessions.items()},
        "crowds": {name: each._asdict() for name, each in crowds.items()},
    }


def say(lines: Iterable[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


PARTS: dict[str, Callable[[Mode, bool], Figures]] = {
    "warm": _warm,
    "cold": _cold,
    "state": _state,
    "bodies": _bodies,
    "later": _later,
    "ticks": _ticks,
    "isolation": _isolation,
    "saves": _saves,
    "many": _many,
    "watching": _watching,
    "executions": _executions,
    "deployments": _deployments,
    "fixture": _fixture,
}
FROM_PROC = {"executions", "deployments", "many", "fixture"}
BY_MODE = {"warm", "cold"}
"""Parts that the extra `fast` changes; the others are measured with it, where it is installed."""


if __name__ == "__main__":
    main()
