"""The backlog: order within a function, turns among functions, a bound over all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator.services.backlog import Backlog, Turn
from appwrite_emulator.services.under_way import Work, WorkKind

Step = tuple[str, int, bool]


class _Pause:
    """Where a run waits until the test lets it end."""

    def __await__(self) -> Generator[None]:
        yield


class World:
    """Runs that begin and end when the test says so, and what must hold all the time."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.backlog = Backlog(self._start, self._perform, bound)
        self.accepted: list[Turn] = []
        self.dropped: list[Turn] = []
        self.order: list[Turn] = []  # in which they had their turn
        self.running: dict[Turn, Coroutine[Any, Any, None]] = {}
        self.unbegun: dict[Turn, Callable[[], None]] = {}  # no worker has them yet
        self.is_closed = False
        self._fresh: list[Coroutine[Any, Any, None]] = []
        self._since: dict[str, int] = {}  # when the first of a function could begin

    def _start(self, turn: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> None:
        self._fresh.append(turn(*arguments))

    def _perform(self, turn: Turn, begun: Callable[[], None]) -> Awaitable[None]:
        self.order.append(turn)
        self.running[turn] = self._coroutine
        self.unbegun[turn] = begun
        return _Pause()

    def add(self, function: str, *, is_alone: bool = False, project: str = "p") -> Turn:
        work = Work(WorkKind.EXECUTION, project, function, str(len(self.accepted)))
        self.accepted.append(turn := Turn(work, 1, is_alone))
        self.backlog.add(turn)
        self.go_on()
        return turn

    def begin(self, turn: Turn) -> None:
        """A worker gets the call."""
        self.unbegun.pop(turn)()
        self.go_on()

    def end(self, turn: Turn) -> None:
        self.unbegun.pop(turn, None)
        coroutine = self.running.pop(turn)
        try:
            coroutine.send(None)
        except StopIteration:
            self.go_on()

    def drop(self, project: str = "") -> None:
        self.dropped += self.backlog.drop(project)
        self.go_on()

    def close(self) -> None:
        self.is_closed = True
        self.backlog.close()

    def go_on(self) -> None:
        """Run the tasks that were started."""
        while self._fresh:
            self._coroutine = self._fresh.pop(0)
            self._coroutine.send(None)
        self._check()

    def finish(self) -> None:
        """End all that runs, and what begins for that."""
        while self.running:
            self.end(next(iter(self.running)))

    def waiting(self) -> list[Turn]:
        gone = {*self.order, *self.dropped}
        return [turn for turn in self.accepted if turn not in gone]

    def able(self) -> dict[str, Turn]:
        """The first of each function, where nothing but the bound keeps it from beginning."""
        first: dict[str, Turn] = {}
        for turn in self.waiting():
            first.setdefault(turn.work.function_id, turn)
        busy = {turn.work.function_id for turn in self.unbegun}
        alone = {turn.work.function_id for turn in self.running if turn.is_alone}
        return {
            function: turn
            for function, turn in first.items()
            if function not in busy and not (turn.is_alone and function in alone)
        }

    def _check(self) -> None:
        assert len(self.running) <= self.bound
        for kind in (self.unbegun, [turn for turn in self.running if turn.is_alone]):
            functions = [turn.work.function_id for turn in kind]
            assert len(functions) == len(set(functions))
        able = self.able()
        is_full = self.is_closed or len(self.running) == self.bound
        assert is_full or not able, "somebody could have begun"
        self._since = {each: self._since.get(each, len(self.order)) for each in able}
        for function, since in self._since.items():
            others = [turn.work.function_id for turn in self.order[since:]]
            assert len(others) == len(set(others)), f"{function} was passed over twice"


FUNCTIONS = "abc"
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "begin", "end", "end", "drop"]), st.integers(0, 99),
        st.booleans(),
    ),
    max_size=120,
)  # fmt: skip


def _take(world: World, step: Step) -> None:
    kind, number, flag = step
    if kind == "add":
        world.add(FUNCTIONS[number % 3], is_alone=flag)
    elif kind == "drop" and number % 10 == 0:
        world.drop("p" if flag else "other")
    elif kind == "begin" and world.unbegun:
        world.begin(list(world.unbegun)[number % len(world.unbegun)])
    elif kind == "end" and world.running:
        world.end(list(world.running)[number % len(world.running)])


@given(st.integers(1, 4), STEPS)
def test_whatever_happens_each_runs_once_in_order_and_in_turn(
    bound: int, steps: list[Step]
) -> None:
    world = World(bound)
    for step in steps:
        _take(world, step)
    world.finish()
    assert not world.waiting(), "nothing is lost"
    for function in FUNCTIONS:
        own = [turn for turn in world.order if turn.work.function_id == function]
        assert own == [turn for turn in world.accepted if turn in own], "nobody overtakes"
    assert sorted(world.order + world.dropped) == sorted(world.accepted), "each once"
    assert not world.backlog._lines, "nothing is left in memory"


def test_the_next_of_a_function_begins_when_a_worker_has_the_one_before() -> None:
    world = World(9)
    first, second = world.add("f"), world.add("f")
    assert world.order == [first]
    world.begin(first)
    assert world.order == [first, second]
    world.finish()


def test_one_that_runs_alone_waits_for_the_end_of_such_a_one_only() -> None:
    world = World(9)
    usual, event = world.add("f"), world.add("f", is_alone=True)
    world.begin(usual)
    world.begin(event)
    second, behind = world.add("f", is_alone=True), world.add("f")
    assert world.order == [usual, event]
    world.end(event)
    assert world.order == [usual, event, second]
    world.begin(second)
    assert world.order == [usual, event, second, behind]
    world.finish()


def test_a_flood_for_one_function_holds_up_no_other() -> None:
    world = World(1)
    flood = [world.add("flooded") for _ in range(100)]
    other = world.add("other")
    world.end(flood[0])
    assert world.order == [flood[0], other]
    world.finish()


def test_what_is_dropped_is_that_of_the_project_and_never_runs() -> None:
    world = World(1)
    running, kept = world.add("f", project="kept"), world.add("f", project="kept")
    dropped = [world.add("f", project="p"), world.add("g", project="p")]
    world.drop("p")
    assert world.dropped == dropped
    world.end(running)
    world.end(kept)
    assert world.order == [running, kept]


def test_nothing_begins_once_it_is_closed() -> None:
    world = World(1)
    running, waiting = world.add("f"), world.add("f")
    world.close()
    world.end(running)
    assert world.waiting() == [waiting]
    assert world.order == [running]


def test_nothing_begins_because_another_was_cancelled() -> None:
    world = World(1)
    running, waiting = world.add("f"), world.add("f")
    with pytest.raises(asyncio.CancelledError):
        world.running[running].throw(asyncio.CancelledError())
    assert world.waiting() == [waiting]


def test_one_that_was_about_to_begin_does_not_when_it_is_closed() -> None:
    started: list[Coroutine[Any, Any, None]] = []
    performed: list[Turn] = []

    async def perform(turn: Turn, begun: Callable[[], None]) -> None:
        performed.append(turn)

    backlog = Backlog(lambda run, *given: started.append(run(*given)), perform, 1)
    backlog.add(Turn(Work(WorkKind.EXECUTION, "p", "f", "e"), 1))
    backlog.close()
    with pytest.raises(StopIteration):
        started[0].send(None)
    assert performed == []
