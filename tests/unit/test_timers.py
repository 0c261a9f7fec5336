"""Timers: acts at moments of a clock, in order, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from appwrite_emulator.clock import ManualClock
from appwrite_emulator.timers import Timers

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


class Stubborn:
    """A clock that the test sets, and that wakes nobody."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    async def sleep_until(self, moment: datetime) -> None:
        await anyio.sleep_forever()


def test_what_is_due_acts_in_the_order_of_its_moments() -> None:
    clock, acts = ManualClock(START), list[str]()
    timers = Timers(clock)
    timers.set("later", START + 2 * MINUTE, lambda: acts.append("later"))
    timers.set("first", START + MINUTE, lambda: acts.append("first"))
    timers.set("second", START + MINUTE, lambda: acts.append("second"))
    assert (timers.run_due(), acts) == (0, [])
    clock.advance(MINUTE)
    assert (timers.run_due(), acts) == (2, ["first", "second"])
    assert [timer.key for timer in timers.all()] == ["later"]


def test_a_key_has_one_timer_and_may_lose_it() -> None:
    clock, acts = ManualClock(START), list[str]()
    timers = Timers(clock)
    timers.set("key", START, lambda: acts.append("old"))
    timers.set("key", START + MINUTE, lambda: acts.append("new"))
    timers.set("gone", START, lambda: acts.append("gone"))
    timers.cancel("gone")
    timers.cancel("unknown")
    assert timers.run_due() == 0
    first = timers.next()
    assert first
    assert (first.key, first.moment) == ("key", START + MINUTE)
    timers.cancel("key")
    clock.advance(MINUTE)
    assert (timers.run_due(), timers.next(), acts) == (0, None, [])


def test_one_that_fails_keeps_no_other_from_acting(caplog: pytest.LogCaptureFixture) -> None:
    acts = list[str]()
    timers = Timers(ManualClock(START))
    timers.set("bad", START, lambda: [][0])
    timers.set("good", START, lambda: acts.append("good"))
    assert (timers.run_due(), acts) == (2, ["good"])
    assert "timer bad failed" in caplog.text


async def test_served_timers_act_when_the_clock_comes_to_them() -> None:
    clock, acts = ManualClock(START), list[str]()
    timers = Timers(clock)
    async with anyio.create_task_group() as group:
        group.start_soon(timers.serve)
        await anyio.wait_all_tasks_blocked()
        timers.set("late", START + 2 * MINUTE, lambda: acts.append("late"))
        await anyio.wait_all_tasks_blocked()
        timers.set("early", START + MINUTE, lambda: acts.append("early"))
        await anyio.wait_all_tasks_blocked()
        clock.advance(MINUTE)
        await anyio.wait_all_tasks_blocked()
        assert acts == ["early"]
        clock.advance(MINUTE)
        await anyio.wait_all_tasks_blocked()
        assert acts == ["early", "late"]
        group.cancel_scope.cancel()


async def test_a_machine_that_slept_is_noticed_though_the_clock_does_not_wake() -> None:
    clock, acted = Stubborn(), anyio.Event()
    timers = Timers(clock, look=0.001)
    timers.set("key", START + MINUTE, acted.set)
    async with anyio.create_task_group() as group:
        group.start_soon(timers.serve)
        await anyio.wait_all_tasks_blocked()
        clock.time += 60 * MINUTE
        with anyio.fail_after(5):
            await acted.wait()
        group.cancel_scope.cancel()


async def test_a_clock_that_was_set_back_far_has_all_timers_set_anew() -> None:
    clock, rearmed = Stubborn(), anyio.Event()
    timers = Timers(clock, look=0.001)
    timers.rearm = rearmed.set
    async with anyio.create_task_group() as group:
        group.start_soon(timers.serve)
        await anyio.wait_all_tasks_blocked()
        clock.time -= 2 * MINUTE
        with anyio.fail_after(5):
            await rearmed.wait()
        group.cancel_scope.cancel()


def test_a_clock_that_was_set_back_a_little_is_waited_for() -> None:
    clock, rearmed = Stubborn(), list[str]()
    timers = Timers(clock)
    timers.rearm = lambda: rearmed.append("anew")
    clock.time -= MINUTE
    timers.look(MINUTE)
    assert rearmed == []
    clock.time -= SECOND
    timers.look()
    assert rearmed == ["anew"]


def test_no_moment_acts_twice_when_the_clock_goes_back_a_little() -> None:
    clock, acts = Stubborn(), list[datetime]()
    timers = Timers(clock)

    def act(moment: datetime) -> None:
        acts.append(moment)
        timers.set("key", moment + MINUTE, lambda: act(moment + MINUTE))

    timers.set("key", START, lambda: act(START))
    for step in (0, -40, 20, 30, 80, -1, 1):
        clock.time += step * SECOND
        timers.look(MINUTE)
    assert acts == [START, START + MINUTE]


async def test_while_they_are_held_nothing_is_served() -> None:
    clock, acts = ManualClock(START), list[str]()
    timers = Timers(clock)
    timers.set("key", START + MINUTE, lambda: acts.append("key"))
    async with anyio.create_task_group() as group:
        group.start_soon(timers.serve)
        await anyio.wait_all_tasks_blocked()
        with timers.held(), timers.held():
            clock.advance(MINUTE)
            timers.set("other", START, lambda: acts.append("other"))
            await anyio.wait_all_tasks_blocked()
            assert acts == []
        await anyio.wait_all_tasks_blocked()
        assert acts == ["other", "key"]
        group.cancel_scope.cancel()


def test_they_are_counted_by_kind() -> None:
    timers = Timers(ManualClock(START))
    for key in ("schedule:a/f", "schedule:a/g", "maintenance"):
        timers.set(key, START, lambda: None)
    timers.run_due()
    assert timers.acted == {"schedule": 2, "maintenance": 1}


def test_timers_that_were_replaced_leave_nothing_behind() -> None:
    timers = Timers(ManualClock(START))
    for number in range(10_000):
        timers.set("key", START + number * MINUTE, lambda: None)
    assert len(timers._heap) < 200
    first = timers.next()
    assert first
    assert first.moment == START + 9_999 * MINUTE


def test_timers_that_begin_anew_forget_what_was_due_and_are_set_from_now_on() -> None:
    clock, acted = ManualClock(START), list[str]()
    timers = Timers(clock)
    timers.set("old", START + MINUTE, lambda: acted.append("old"))
    timers.rearm = lambda: timers.set("old", clock.now() + MINUTE, lambda: acted.append("new"))
    clock.set(START - 60 * MINUTE)
    timers.begin_anew()
    assert [timer.moment for timer in timers.all()] == [START - 59 * MINUTE]
    clock.set(START - 58 * MINUTE)
    assert timers.look() == 1
    assert acted == ["new"]
