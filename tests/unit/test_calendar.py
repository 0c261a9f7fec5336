"""Moving the clock: everything in its order, each thing once, the next when the last has ended."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup
from hypothesis import given, settings
from hypothesis import strategies as st

from appwrite_emulator.clock import Clock, ManualClock, SystemClock
from appwrite_emulator.services.calendar import Calendar, ClockFixed, MomentOutOfRange, Stopped
from appwrite_emulator.services.under_way import UnderWay, Work, WorkKind
from appwrite_emulator.timers import Timers

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class World:
    """A calendar over timers that are served, and a diary of what happened when."""

    def __init__(self, clock: Clock, group: TaskGroup) -> None:
        self.clock = clock
        self.timers = Timers(clock)
        self.under_way = UnderWay()
        self.calendar = Calendar(clock, self.timers, self.under_way)
        self.diary: list[tuple[str, datetime]] = []
        self._group = group

    def note(self, text: str) -> None:
        self.diary.append((text, self.clock.now()))

    def every(self, step: timedelta, act: Callable[[], None], key: str = "schedule:f") -> None:
        """Call `act` at each multiple of `step` after now."""

        def turn() -> None:
            self.every(step, act, key)
            act()

        self.timers.set(key, self.clock.now() + step, turn)

    def begin(self, name: str, until: anyio.Event | None = None) -> None:
        """Something that takes a while."""
        work = Work(WorkKind.EXECUTION, "p", "f", name)
        self.under_way.begin(work)
        self._group.start_soon(self._run, work, until)

    async def _run(self, work: Work, until: anyio.Event | None) -> None:
        await anyio.lowlevel.checkpoint()
        if until:
            await until.wait()
        self.note(f"{work.id} ended")
        self.under_way.end(work)


@asynccontextmanager
async def world(clock: Clock | None = None, *, served: bool = True) -> AsyncIterator[World]:
    async with anyio.create_task_group() as group:
        made = World(clock or ManualClock(START), group)
        if served:
            group.start_soon(made.timers.serve)
        await anyio.wait_all_tasks_blocked()
        yield made
        group.cancel_scope.cancel()


async def test_what_is_due_ends_before_time_goes_on() -> None:
    async with world() as w:
        w.every(20 * MINUTE, lambda: w.begin("tick"))
        w.timers.set("other", START + 30 * MINUTE, lambda: w.note("other"))
        journey = await w.calendar.advance(timedelta(hours=1))
        at = [START + minutes * MINUTE for minutes in (20, 30, 40, 60)]
        names = ["tick ended", "other", "tick ended", "tick ended"]
        assert w.diary == list(zip(names, at, strict=True))
        assert (journey.start, journey.end) == (START, at[-1])
        assert (journey.wakes, journey.acted) == (4, {"schedule": 3, "other": 1})
        assert [work.id for work in journey.works] == ["tick"] * 3
        assert w.calendar.frozen


async def test_a_running_clock_stands_still_on_the_way_and_runs_on_from_the_target() -> None:
    machine = [START]

    def tell() -> datetime:
        machine[0] += timedelta(seconds=1)
        return machine[0]

    async with world(SystemClock(tell)) as w:
        w.every(DAY, lambda: w.begin("tick"))
        (timer,) = w.timers.all()
        journey = await w.calendar.advance(DAY)
        assert w.diary == [("tick ended", timer.moment)]
        assert journey.end - journey.start == DAY
        assert not w.calendar.frozen
        assert journey.end < w.calendar.now() < journey.end + MINUTE


async def test_served_timers_do_not_act_beside_it() -> None:
    async with world() as w:
        w.every(MINUTE, lambda: w.note("tick"))
        await w.calendar.advance(3 * MINUTE)
        await anyio.wait_all_tasks_blocked()
        assert w.diary == [("tick", START + n * MINUTE) for n in (1, 2, 3)]


async def test_served_timers_go_on_afterwards() -> None:
    clock = ManualClock(START)
    async with world(clock) as w:
        w.every(MINUTE, lambda: w.note("tick"))
        await w.calendar.advance(MINUTE)
        clock.advance(MINUTE)
        await anyio.wait_all_tasks_blocked()
        assert [at for _, at in w.diary] == [START + MINUTE, START + 2 * MINUTE]


async def test_what_is_under_way_ends_before_the_clock_moves() -> None:
    async with world() as w:
        w.begin("before")
        journey = await w.calendar.advance(DAY)
        assert w.diary == [("before ended", START)]
        assert journey.works == ()


async def test_who_sleeps_is_woken_and_what_he_begins_is_waited_for() -> None:
    async with world() as w:

        async def sleep() -> None:
            await w.clock.sleep_until(START + DAY)
            w.begin("late")

        async with anyio.create_task_group() as group:
            group.start_soon(sleep)
            await anyio.wait_all_tasks_blocked()
            await w.calendar.advance(DAY)
            assert w.diary == [("late ended", START + DAY)]


async def test_what_does_not_end_is_named_and_the_clock_stays_there() -> None:
    async with world() as w:
        gate = anyio.Event()
        w.every(20 * MINUTE, lambda: w.begin("stuck", gate))
        with pytest.raises(Stopped) as caught:
            await w.calendar.advance(DAY, 0.001)
        assert caught.value.at == w.calendar.now() == START + 20 * MINUTE
        assert [work.id for work in caught.value.pending] == ["stuck"]
        assert str(caught.value).startswith("The clock stopped at 2026-01-31T09:50:00.000+00:00. ")
        assert "execution stuck of function f in project p" in str(caught.value)
        gate.set()
        assert (await w.calendar.advance(20 * MINUTE)).wakes == 1


async def test_two_at_once_are_added_up() -> None:
    async with world() as w:
        w.every(MINUTE, lambda: w.begin("tick"))
        async with anyio.create_task_group() as group:
            group.start_soon(w.calendar.advance, 2 * MINUTE)
            group.start_soon(w.calendar.advance, 3 * MINUTE)
        assert w.calendar.now() == START + 5 * MINUTE
        assert [at for _, at in w.diary] == [START + n * MINUTE for n in range(1, 6)]


async def test_a_jump_forward_acts_once_there() -> None:
    async with world() as w:
        w.every(MINUTE, lambda: w.begin("tick"))
        journey = await w.calendar.set(START + DAY)
        assert w.diary == [("tick ended", START + DAY)]
        assert (journey.wakes, journey.acted) == (1, {"schedule": 1})


async def test_a_jump_back_sets_the_timers_anew() -> None:
    async with world() as w:
        w.timers.rearm = lambda: w.every(MINUTE, lambda: w.note("tick"))
        w.timers.rearm()
        await w.calendar.advance(3 * MINUTE)
        await w.calendar.set(START)
        assert [timer.moment for timer in w.timers.all()] == [START + MINUTE]
        await w.calendar.advance(MINUTE)
        assert [at for _, at in w.diary] == [START + n * MINUTE for n in (1, 2, 3, 1)]


async def test_frozen_it_stands_where_it_is_told_until_it_is_resumed() -> None:
    async with world(SystemClock()) as w:
        await w.calendar.freeze(START)
        assert (w.calendar.now(), w.calendar.frozen) == (START, True)
        await w.calendar.advance(DAY)
        assert (w.calendar.now(), w.calendar.frozen) == (START + DAY, True)
        await w.calendar.freeze()
        assert w.calendar.now() == START + DAY
        await w.calendar.resume()
        assert not w.calendar.frozen
        assert START + DAY <= w.calendar.now() < START + 2 * DAY


@pytest.mark.parametrize(
    "moment",
    [datetime.min, datetime.max, datetime(1969, 12, 31), datetime(9000, 1, 1, 0, 1, tzinfo=UTC)],
)
async def test_a_moment_out_of_range_is_refused(moment: datetime) -> None:
    async with world() as w:
        with pytest.raises(MomentOutOfRange, match="from 1970-01-01T00:00:00"):
            await w.calendar.set(moment)
        with pytest.raises(MomentOutOfRange):
            await w.calendar.freeze(moment)
        with pytest.raises(
            MomentOutOfRange, match=r"not to 999999999 days, .* after 2026-01-31T09"
        ):
            await w.calendar.advance(timedelta.max)
        assert (w.calendar.now(), w.calendar.frozen) == (START, True)


async def test_a_step_back_is_refused_with_the_way_out() -> None:
    async with world() as w:
        with pytest.raises(ValueError, match=r"forward only, not by -1 day, .*Set it instead"):
            await w.calendar.advance(-MINUTE)


async def test_a_step_of_nothing_lets_happen_what_is_due() -> None:
    async with world(served=False) as w:
        w.timers.set("key", START - DAY, lambda: w.begin("overdue"))
        journey = await w.calendar.advance(timedelta())
        assert w.diary == [("overdue ended", START)]
        assert (journey.start, journey.end, journey.wakes) == (START, START, 1)


class Fixed:
    """A clock of somebody's own that can only be read."""

    def now(self) -> datetime:
        return START

    async def sleep_until(self, moment: datetime) -> None:
        await anyio.sleep_forever()


async def test_a_clock_that_cannot_be_moved_is_told_from_others() -> None:
    async with world(Fixed()) as w:
        for move in (
            lambda: w.calendar.advance(DAY),
            lambda: w.calendar.set(START),
            w.calendar.freeze,
            w.calendar.resume,
        ):
            with pytest.raises(ClockFixed, match=r"a Fixed, cannot be moved: .*ManualClock"):
                await move()
        assert w.calendar.now() == START
        assert w.calendar.to_json()["frozen"] is False


async def test_at_most_twenty_timers_are_told_of() -> None:
    async with world() as w:
        for number in range(25):
            w.timers.set(f"schedule:p/{number}", START + number * MINUTE, lambda: None)
        told = w.calendar.to_json()
        assert told["now"] == "2026-01-31T09:30:00.000+00:00"
        assert told["timers"]["total"] == 25
        assert len(told["timers"]["next"]) == 20
        first = {"timer": "schedule:p/0", "at": "2026-01-31T09:30:00.000+00:00"}
        assert told["timers"]["next"][0] == first


async def test_a_month_of_wakes_costs_little_each_and_leaves_nothing() -> None:
    async with world() as w:
        w.every(5 * MINUTE, lambda: None)
        began = time.perf_counter()
        journey = await w.calendar.advance(30 * DAY)
        seconds = time.perf_counter() - began
        assert journey.wakes == 30 * 24 * 12
        assert seconds / journey.wakes < 0.001
        assert len(w.timers.all()) == len(w.timers._heap) == 1


class Plan(NamedTuple):
    """What a timer of the model does: when, and after how long again."""

    minute: int
    number: int
    key: int
    again: int


_KEYS, _MINUTES = st.integers(0, 4), st.integers(-3, 40)
_OPERATIONS = st.one_of(
    st.tuples(st.just("set"), _KEYS, _MINUTES, st.sampled_from([0, 0, 1, 7])),
    st.tuples(st.just("cancel"), _KEYS),
    st.tuples(st.just("advance"), st.integers(0, 60)),
)
Operations = list[tuple[str | int, ...]]


def expected(operations: Operations) -> list[tuple[str, datetime]]:
    """What a diary must say, by a plain list that is searched for the earliest."""
    now, number, diary = 0, 0, list[tuple[str, datetime]]()
    plans: dict[int, Plan] = {}
    for operation in operations:
        match operation:
            case ("set", int(key), int(after), int(again)):
                plans[key] = Plan(now + after, number := number + 1, key, again)
            case ("cancel", int(key)):
                plans.pop(key, None)
            case ("advance", int(step)):
                target = now + step
                while plans and (plan := min(plans.values())).minute <= target:
                    now = max(now, plan.minute)
                    del plans[plan.key]
                    diary.append((str(plan.key), START + now * MINUTE))
                    if plan.again:
                        minute, number = now + plan.again, number + 1
                        plans[plan.key] = Plan(minute, number, plan.key, plan.again)
                now = target
    return diary


async def lived(operations: Operations) -> list[tuple[str, datetime]]:
    """What a diary says."""
    async with world(served=False) as w:

        def act(key: int, again: int) -> None:
            w.note(str(key))
            if again:
                moment = w.clock.now() + again * MINUTE
                w.timers.set(str(key), moment, partial(act, key, again))

        for operation in operations:
            match operation:
                case ("set", int(key), int(after), int(again)):
                    moment = w.clock.now() + after * MINUTE
                    w.timers.set(str(key), moment, partial(act, key, again))
                case ("cancel", int(key)):
                    w.timers.cancel(str(key))
                case ("advance", int(step)):
                    await w.calendar.advance(step * MINUTE)
        return w.diary


@settings(max_examples=200, deadline=None)
@given(st.lists(_OPERATIONS, max_size=20))
def test_any_course_of_things_is_that_of_a_plain_list(operations: Operations) -> None:
    assert anyio.run(lived, operations) == expected(operations)
