"""The measurements as tables, each figure beside what it has to keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import warm
from .servers import Mode
from .warm import BARE, HELLO, Ratio, Series


@dataclass(frozen=True, slots=True)
class Targets:
    """What warm executions are held to: times hello's p50, parts of its throughput, and CPU."""

    slowdown: float
    aim: float
    share: float
    cpu: float  # seconds over hello


TARGETS: dict[Mode, Targets] = {
    "plain": Targets(slowdown=2.5, aim=1.75, share=0.5, cpu=150e-6),
    "fast": Targets(slowdown=3.0, aim=2.25, share=0.35, cpu=100e-6),
}
COLD_TARGETS = {"start to ready": 1.0, "python": 0.25, "node": 0.4}
TITLES: dict[Mode, str] = {
    "plain": "Warm synchronous execution, stored on disk; plain uvicorn (asyncio, h11)",
    "fast": "Warm synchronous execution, stored on disk; extra fast (uvloop, httptools)",
}


def warm_lines(mode: Mode, series: dict[str, Series]) -> Iterator[str]:
    """One table: hello, each language, and its bare worker, which is held to nothing."""
    targets, hello = TARGETS[mode], series[HELLO]
    columns = sorted(series, key=lambda name: (name != HELLO, BARE in name))
    others = columns[1:]
    held = [name for name in others if BARE not in name]
    yield TITLES[mode]
    yield _row("", columns, "target")
    p50s = [f"{min(series[name].p50s) * 1e6:.0f} µs" for name in columns]
    yield _row("p50, 1 connection, best round", p50s)
    slow = {name: warm.slowdown(series[name], hello) for name in others}
    verdict = _verdict(all(slow[name].best <= targets.slowdown for name in held))
    bound = f"≤ {targets.slowdown}x (aim {targets.aim}x) {verdict}"
    yield _row("  to hello: best, median", ["", *map(_times, slow.values())], bound)
    rates = [f"{max(series[name].rates):.0f}/s" for name in columns]
    yield _row(f"throughput, {warm.CONNECTIONS} connections, best round", rates)
    shares = {name: warm.share(series[name], hello) for name in others}
    verdict = _verdict(all(shares[name].best >= targets.share for name in held))
    bound = f"≥ {targets.share}x {verdict}"
    yield _row("  to hello: best, median", ["", *map(_times, shares.values())], bound)
    costs = {name: series[name].server_cpu() for name in columns}
    cells = [f"{cost * 1e6:.0f} µs" for cost in costs.values()]
    yield _row("server CPU per call, 1 connection, best round", cells)
    over = {name: costs[name] - costs[HELLO] for name in others}
    verdict = _verdict(all(over[name] <= targets.cpu for name in held))
    cells = ["", *(f"+{cost * 1e6:.0f} µs" for cost in over.values())]
    yield _row("  over hello", cells, f"≤ +{targets.cpu * 1e6:.0f} µs {verdict}")
    own = [f"{series[name].own_cpu() * 1e6:.0f} µs" for name in columns]
    yield _row("load generator's CPU per call", own, "(not the server's)")


def cold_lines(mode: Mode, taken: dict[str, list[float]]) -> Iterator[str]:
    """One line for each thing that is slow once: best and median in milliseconds."""
    count = len(next(iter(taken.values())))
    yield f"Once, {mode}: best and median of {count}"
    for name, seconds in taken.items():
        held = next(limit for key, limit in COLD_TARGETS.items() if key in name)
        middle = sorted(seconds)[len(seconds) // 2]
        figures = [f"{min(seconds) * 1e3:.0f} ms", f"{middle * 1e3:.0f} ms"]
        yield _row(name, figures, f"≤ {held * 1e3:.0f} ms {_verdict(min(seconds) <= held)}")


def _row(name: str, cells: Sequence[str], note: str = "") -> str:
    figures = "".join(f"{cell:>14}" for cell in cells)
    return f"  {name:<46}{figures}   {note}".rstrip()


def _times(ratio: Ratio) -> str:
    return f"{ratio.best:.2f}x {ratio.middle:.2f}x"


def _verdict(is_kept: bool) -> str:
    return "ok" if is_kept else "MISSED"
