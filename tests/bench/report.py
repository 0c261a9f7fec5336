"""The measurements as tables, each figure beside what it has to keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from . import bodies, fixture, growth, isolation, later, saves, state, ticks, warm, watching
from .footprint import Footprint
from .growth import Deployed
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
STATE_TARGETS = {
    state.INSERT: 0.1e-3,
    state.UPDATE: 0.1e-3,
    state.NEWEST: 1e-3,
    state.BY_DATE: 1e-3,
    state.SNAPSHOT: 1e-3,
    state.RESTORE: 1e-3,
}
BODIES_TARGETS = {bodies.BODIES: 30, bodies.LOGS: 60}  # times a small call
LATER_TARGET = 3  # times a synchronous execution
ISOLATION_TARGETS = {isolation.RESTORE: 2e-3, isolation.FILES: 3e-3}  # seconds
TICK_TARGET = 1e-3  # seconds over an execution by hand
SAVE_TARGETS = {0.5: 60e-3, 0.95: 150e-3}  # seconds, by share of the saves
MANY_READY, MANY_MEMORY = 3.0, 150e6  # seconds, bytes
GROWTH_TARGET = 0.1  # of the memory at the start, over the rows
FLAT_WITHIN = 2  # a connection or a thread that is about to go
WATCHING_TARGETS = {  # seconds, or a share of a core; for what is heard
    watching.SAVE: 0.03,
    watching.ATOMIC: 0.03,
    watching.VIM: 0.03,
    watching.IDLE: 0.01,
}
TREES_TARGETS = {watching.CURRENT: 1e-3, watching.SCAN: 3e-3}
FIXTURE_READY, FIXTURE_ADDED, FIXTURE_IMPORT = 1.0, 5e-3, 10e-3  # seconds
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


def state_lines(sizes: dict[int, dict[str, float]], tests: dict[str, float]) -> Iterator[str]:
    """One line for each operation; the function that is listed has half of all executions."""
    yield "State, stored on disk: p50 of the best round by the number of executions in it"
    yield _row("", [f"{size:,}" for size in sizes], "target")
    for name in next(iter(sizes.values())):
        seconds = [figures[name] for figures in sizes.values()]
        yield _row(name, [f"{each * 1e3:.3f} ms" for each in seconds], _at_most(name, max(seconds)))
    yield f"A state as tests have it, {state.TEST_SIZE} rows, stored on disk: p50"
    for name, each in tests.items():
        yield _row(name, [f"{each * 1e3:.3f} ms"], _at_most(name, each))


def _at_most(name: str, seconds: float) -> str:
    limit = STATE_TARGETS.get(name)
    return f"≤ {limit * 1e3:g} ms {_verdict(seconds <= limit)}" if limit else ""


def bodies_lines(mode: Mode, taken: dict[str, dict[str, float]]) -> Iterator[str]:
    """One line for each load, beside that of a small call."""
    yield f"Warm synchronous execution with much to carry, {mode}: p50 of the best round"
    yield _row("", list(taken), "target")
    for name in next(iter(taken.values())):
        times = [figures[name] / figures[bodies.SMALL] for figures in taken.values()]
        pairs = zip([figures[name] for figures in taken.values()], times, strict=True)
        limit = BODIES_TARGETS.get(name)
        note = f"≤ {limit}x small {_verdict(max(times) <= limit)}" if limit else ""
        yield _row(name, [f"{each * 1e3:.2f} ms {over:3.0f}x" for each, over in pairs], note)


def later_lines(mode: Mode, taken: dict[str, dict[str, float]]) -> Iterator[str]:
    """One line for each figure, for each of many executions."""
    yield f"Warm executions that nobody waits for, {mode}: each of many, best round"
    yield _row("", list(taken), "target")
    for name in next(iter(taken.values())):
        yield _row(name, [f"{figures[name] * 1e3:.2f} ms" for figures in taken.values()])
    over = [figures[later.ENDED] / figures[later.CALL] for figures in taken.values()]
    bound = f"≤ {LATER_TARGET}x {_verdict(max(over) <= LATER_TARGET)}"
    yield _row("  times one that somebody waits for", [f"{each:.2f}x" for each in over], bound)


def ticks_lines(mode: Mode, taken: dict[str, dict[str, float]]) -> Iterator[str]:
    """One line for each figure; the last is what a schedule costs beside what it runs."""
    yield f"Time that is advanced over a schedule, {mode}: best round"
    yield _row("", list(taken), "target")
    for name in next(iter(taken.values())):
        yield _row(name, [f"{figures[name] * 1e3:.2f} ms" for figures in taken.values()])
    over = [figures[ticks.TICK] - figures[ticks.CALL] for figures in taken.values()]
    bound = f"≤ +{TICK_TARGET * 1e3:g} ms {_verdict(max(over) <= TICK_TARGET)}"
    yield _row("  over an execution by hand", [f"{each * 1e3:+.2f} ms" for each in over], bound)


def isolation_lines(taken: dict[str, dict[str, float]]) -> Iterator[str]:
    """One line for each kind of test, over baselines of several sizes."""
    yield "What a test pays for the state it begins with, in memory: p50"
    yield _row("functions/warm workers/executions", list(taken), "target")
    for name in next(iter(taken.values())):
        seconds, limit = [each[name] for each in taken.values()], ISOLATION_TARGETS.get(name)
        note = f"≤ {limit * 1e3:g} ms {_verdict(max(seconds) <= limit)}" if limit else ""
        yield _row(name, [f"{each * 1e3:.2f} ms" for each in seconds], note)


def saves_lines(
    mode: Mode, taken: dict[str, saves.Saves], loaded: dict[str, saves.Loaded]
) -> Iterator[str]:
    """From a save to the first answer of its code, at rest; and what calls meet meanwhile."""
    yield f"A save, then a call at once, {mode}: from the save to its code's answer"
    yield _row("", list(taken), "target")
    for share, limit in SAVE_TARGETS.items():
        seconds = [each.at(share) for each in taken.values()]
        bound = f"≤ {limit * 1e3:.0f} ms {_verdict(max(seconds) <= limit)}"
        yield _row(f"p{share * 100:.0f}", [f"{each * 1e3:.0f} ms" for each in seconds], bound)
    yield f"The same under {saves.RATE} calls a second"
    each = list(loaded.values())
    yield _row("calls", [f"{one.calls:,}" for one in each])
    yield _row("  failed", [str(one.failed) for one in each], _none(one.failed for one in each))
    late = f"answered by older code than {saves.DEBOUNCE * 1e3:.0f} ms before the call"
    yield _row(f"  {late}", [str(one.stale) for one in each], _none(one.stale for one in each))
    yield _row("  slowest", [f"{one.slowest * 1e3:.0f} ms" for one in each])


def _none(counts: Iterable[int]) -> str:
    return f"0 {_verdict(not any(counts))}"


def many_lines(count: int, taken: Sequence[saves.Start]) -> Iterator[str]:
    """A project of many functions, none of which is called."""
    yield f"Start of a project of {count} functions: first, then unchanged; best of {len(taken)}"
    first, again = min(each.first for each in taken), min(each.again for each in taken)
    bound = f"≤ {MANY_READY:g} s {_verdict(max(first, again) <= MANY_READY)}"
    yield _row("ready after", [f"{first:.2f} s", f"{again:.2f} s"], bound)
    memory = min(each.memory for each in taken)
    bound = f"≤ {MANY_MEMORY / 1e6:.0f} MB {_verdict(memory <= MANY_MEMORY)}"
    yield _row("memory of the emulator", [f"{memory / 1e6:.0f} MB"], bound)
    workers = max(each.workers for each in taken)
    yield _row("workers", [str(workers)], f"0 {_verdict(not workers)}")


def executions_lines(few: dict[int, Footprint], rows: dict[int, Footprint]) -> Iterator[str]:
    """Memory by executions, without and with their rows, and what else must not grow."""
    columns = list(few)
    idle, last = few[0], few[columns[-1]]
    over = last.memory / idle.memory - 1
    stored = columns[-1] - growth.FEW
    row = (rows[columns[-1]].memory - last.memory) / stored
    yield "Held by the emulator after so many executions, a tenth of them asynchronous"
    yield _row("", [f"{each:,}" for each in columns], "target")
    bound = f"≤ +{GROWTH_TARGET:.0%} of idle, is {over:+.1%} {_verdict(over <= GROWTH_TARGET)}"
    yield _row(f"memory, {growth.FEW} rows kept", _sizes(few), bound)
    yield _row("memory, all rows kept", _sizes(rows), f"{row / 1e3:.1f} kB a row")
    for language in idle.workers:
        sizes = [f"{each.workers[language] / 1e6:.1f} MB" for each in few.values()]
        yield _row(f"  largest {language} worker", sizes)
    yield from _flat_lines(few[growth.WARM_UP], last, list(few.values()))


def deployments_lines(count: int, taken: Deployed) -> Iterator[str]:
    """What many deployments leave behind, and a restart, which removes what no row names."""
    before, after, swept = taken
    yield f"Held by the emulator over {count} deployments, each executed once"
    yield _row("", ["2", f"{count}", "restarted"], "target")
    over = after.memory / before.memory - 1
    bound = f"≤ +{GROWTH_TARGET:.0%}, is {over:+.1%} {_verdict(over <= GROWTH_TARGET)}"
    yield _row("memory", [f"{each.memory / 1e6:.1f} MB" for each in taken], bound)
    yield from _flat_lines(before, after, list(taken))
    files = [str(each.files) for each in taken]
    verdict = _verdict(swept.files <= before.files)
    yield _row("files and folders beside the state", files, f"at last ≤ {before.files} {verdict}")


def watching_lines(taken: dict[str, dict[str, list[float]]]) -> Iterator[str]:
    """One line for each kind of change: p50 and p95 from its end until it is told."""
    heard = taken[watching.HEARD]
    yield f"A folder followed: {watching.FILES} files, {watching.PACKAGES:,} folders of packages"
    yield _row("from a change until it is told, p50 p95", list(taken), "target for p50")
    for name in heard:
        is_share = name == watching.IDLE
        cells = [_share(each[name]) if is_share else _spread(each[name]) for each in taken.values()]
        limit = WATCHING_TARGETS.get(name)
        bound = f"{limit:.0%}" if is_share and limit else f"{(limit or 0) * 1e3:g} ms"
        note = f"≤ {bound} {_verdict(_at(heard[name], 50) <= limit)}" if limit else ""
        yield _row(name, cells, note)


def trees_lines(taken: dict[str, list[float]]) -> Iterator[str]:
    """One line for each way to look at the same folder."""
    yield _row("a look at it, p50 p95", ["taken"], "target for p50")
    for name, seconds in taken.items():
        limit = TREES_TARGETS.get(name)
        kept = _verdict(_at(seconds, 50) <= limit) if limit else ""
        yield _row(name, [_spread(seconds)], f"≤ {limit * 1e3:g} ms {kept}" if limit else "")


def fixture_lines(cost: fixture.Cost, sessions: dict[int, fixture.Session]) -> Iterator[str]:
    """What the plugin costs: those who do not use it, a session, and each of its tests."""
    over = cost.runs[fixture.WITH] - cost.runs[fixture.WITHOUT]
    yield "The pytest plugin, in a run that does not use it: best of some"
    cells = [f"{cost.imported * 1e3:.1f} ms", f"{over * 1e3:+.1f} ms"]
    bound = f"≤ {FIXTURE_IMPORT * 1e3:g} ms {_verdict(cost.imported <= FIXTURE_IMPORT)}"
    yield _row("its import; with noise, CPU of the whole run", cells, bound)
    yield "The fixture: what a session adds to its tests' own code, by its functions"
    yield _row("", [str(each) for each in sessions], "target")
    ready = [each.ready for each in sessions.values()]
    bound = f"≤ {FIXTURE_READY:g} s {_verdict(max(ready) <= FIXTURE_READY)}"
    yield _row(
        "from collection to the first test, best", [f"{each:.2f} s" for each in ready], bound
    )
    for kind in fixture.KINDS:
        added = [each.added[kind] for each in sessions.values()]
        verdict = _verdict(max(_at(each, 50) for each in added) <= FIXTURE_ADDED)
        bound = f"≤ {FIXTURE_ADDED * 1e3:g} ms {verdict}"
        yield _row(f"each test that does {kind}, p50 p95", [_spread(each) for each in added], bound)


def crowd_lines(functions: int, tests: int, crowds: dict[str, fixture.Crowd]) -> Iterator[str]:
    """The same tests one after the other and at once."""
    yield f"{tests:,} tests of {functions} functions, each calls one"
    yield _row("", list(crowds))
    yield _row("whole run", [f"{each.seconds:.1f} s" for each in crowds.values()])
    left = [each.left for each in crowds.values()]
    yield _row("processes, ports and files left", [str(each) for each in left], _none(left))


def _spread(seconds: list[float]) -> str:
    return f"{_at(seconds, 50) * 1e3:.3g} {_at(seconds, 95) * 1e3:.3g} ms"


def _share(parts: list[float]) -> str:
    return f"{parts[0]:.2%}"


def _at(seconds: list[float], percent: int) -> float:
    return sorted(seconds)[len(seconds) * percent // 100]


def _flat_lines(first: Footprint, last: Footprint, all: Sequence[Footprint]) -> Iterator[str]:
    for name in ("descriptors", "threads", "processes"):
        is_flat = getattr(last, name) - getattr(first, name) <= FLAT_WITHIN
        cells = [str(getattr(each, name)) for each in all]
        yield _row(name, cells, f"flat once warm {_verdict(is_flat)}")


def _sizes(taken: dict[int, Footprint]) -> list[str]:
    return [f"{each.memory / 1e6:.1f} MB" for each in taken.values()]


def _row(name: str, cells: Sequence[str], note: str = "") -> str:
    figures = "".join(f"{cell:>14}" for cell in cells)
    return f"  {name:<46}{figures}   {note}".rstrip()


def _times(ratio: Ratio) -> str:
    return f"{ratio.best:.2f}x {ratio.middle:.2f}x"


def _verdict(is_kept: bool) -> str:
    return "ok" if is_kept else "MISSED"
