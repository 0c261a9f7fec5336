"""Calendar time: how it is written, and a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from appwrite_emulator.clock import ManualClock, MovableClock, SystemClock, parse_moment, stamp

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (START, "2026-01-31T09:30:00.000+00:00"),
        (START.replace(microsecond=1999), "2026-01-31T09:30:00.001+00:00"),
        (
            START.astimezone(timezone(timedelta(hours=2))),
            "2026-01-31T09:30:00.000+00:00",
        ),
    ],
)
def test_a_date_always_has_milliseconds_and_is_utc(moment: datetime, text: str) -> None:
    assert stamp(moment) == text


async def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(START)
    woken: list[str] = []

    async def sleep(name: str, **step: int) -> None:
        await clock.sleep_until(START + timedelta(**step))
        woken.append(name)

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: sleep("day", days=1))
        group.start_soon(lambda: sleep("hour", hours=1))
        await anyio.wait_all_tasks_blocked()
        assert (clock.now(), woken) == (START, [])
        clock.advance(timedelta(hours=2))
        await anyio.wait_all_tasks_blocked()
        assert woken == ["hour"]
        clock.advance(timedelta(days=1))
    assert woken == ["hour", "day"]


async def test_a_moment_that_has_passed_is_not_waited_for() -> None:
    with anyio.fail_after(5):
        await SystemClock().sleep_until(START - timedelta(days=9999))
        await ManualClock(START).sleep_until(START)
    assert SystemClock().now().tzinfo is UTC


class Machine:
    """A machine's clock that the test sets."""

    def __init__(self) -> None:
        self.time = START
        self._looked: anyio.Event | None = None

    def __call__(self) -> datetime:
        if self._looked:
            self._looked.set()
        return self.time

    async def look(self) -> None:
        """Wait until somebody looks at it."""
        self._looked = anyio.Event()
        await self._looked.wait()


def test_the_machines_clock_runs_beside_it_once_it_was_moved() -> None:
    machine = Machine()
    clock = SystemClock(machine)
    assert (clock.now(), clock.frozen) == (START, False)
    clock.set(START + timedelta(days=1))
    machine.time += HOUR
    assert clock.now() == START + timedelta(days=1, hours=1)
    clock.set(START - timedelta(days=1))
    machine.time += HOUR
    assert clock.now() == START - timedelta(days=1) + HOUR


@pytest.mark.parametrize("make", [SystemClock, lambda machine: ManualClock(machine())])
def test_every_clock_stands_still_and_runs_on(make: Callable[[Machine], MovableClock]) -> None:
    machine = Machine()
    clock = make(machine)
    assert isinstance(clock, MovableClock)
    clock.freeze()
    clock.freeze()
    machine.time += HOUR
    assert (clock.now(), clock.frozen) == (START, True)
    clock.set(START + HOUR)
    assert (clock.now(), clock.frozen) == (START + HOUR, True)
    clock.resume()
    clock.resume()
    assert not clock.frozen
    assert clock.now() - START - HOUR < HOUR


async def test_who_sleeps_wakes_when_the_clock_is_set_and_not_while_it_stands_still() -> None:
    machine = Machine()
    clock = SystemClock(machine)
    woken: list[str] = []

    async def sleep() -> None:
        await clock.sleep_until(START + HOUR)
        woken.append("awake")

    async with anyio.create_task_group() as group:
        group.start_soon(sleep)
        await anyio.wait_all_tasks_blocked()
        clock.freeze()
        machine.time += 2 * HOUR
        await anyio.wait_all_tasks_blocked()
        assert woken == []
        clock.set(START + HOUR)
    assert woken == ["awake"]


async def test_a_machine_that_slept_is_noticed_at_the_next_look() -> None:
    machine = Machine()
    clock = SystemClock(machine, look=0.001)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(clock.sleep_until, START + HOUR)
            await anyio.wait_all_tasks_blocked()
            machine.time += 8 * HOUR


async def test_a_machine_set_back_is_slept_for_again() -> None:
    machine, awake = Machine(), anyio.Event()
    clock = SystemClock(machine, look=0.001)

    async def sleep() -> None:
        await clock.sleep_until(START + HOUR)
        awake.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(sleep)
            machine.time -= 2 * HOUR
            await machine.look()
            await machine.look()
            machine.time += 2 * HOUR
            await machine.look()
            assert not awake.is_set()
            machine.time += HOUR
    assert awake.is_set()


def test_one_clock_serves_one_loop_after_the_other() -> None:
    clock = ManualClock(START)

    async def sleep_and_leave() -> None:
        with anyio.move_on_after(0.001):
            await clock.sleep_until(START + HOUR)

    for _ in range(2):
        anyio.run(sleep_and_leave)
    clock.advance(HOUR)


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-01-31T09:30Z", START),
        ("2026-01-31 11:30+02:00", START),
        ("2026-01-31T09:30", START),
        (START.replace(tzinfo=None), START),
        (START.astimezone(timezone(timedelta(hours=2))), START),
    ],
)
def test_a_moment_without_a_time_zone_is_utc(given: datetime | str, moment: datetime) -> None:
    parsed = parse_moment(given)
    assert (parsed, parsed.tzinfo) == (moment, UTC)
    assert ManualClock(parsed).now() == moment


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "0001-01-01T00:00+23:00", "12:00"])
def test_what_is_no_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no date and time like 2026-03-01T12:00Z$"):
        parse_moment(text)


@pytest.mark.parametrize("value", [None, 5, 5.0])
def test_what_is_neither_a_moment_nor_a_text_is_refused_by_its_value(value: Any) -> None:
    with pytest.raises(TypeError, match=f"{value!r} is no date and time: give a datetime or a"):
        parse_moment(value)


async def test_a_machine_whose_time_stands_still_is_not_asked_again_and_again() -> None:
    looks, over = 0, anyio.Event()

    def machine() -> datetime:
        nonlocal looks
        looks += 1
        if looks == 8:
            over.set()
        return START

    clock = SystemClock(machine)
    began = anyio.current_time()
    async with anyio.create_task_group() as group:
        group.start_soon(clock.sleep_until, START + timedelta(microseconds=1))
        await over.wait()
        group.cancel_scope.cancel()
    assert anyio.current_time() - began > 0.02, "pauses grow"


async def test_a_machine_that_travels_wakes_who_waits() -> None:
    now = START
    clock = SystemClock(lambda: now, look=0.01)
    async with anyio.create_task_group() as group:
        group.start_soon(clock.sleep_until, START + timedelta(days=3650))
        now = START + timedelta(days=3651)


async def test_a_machine_that_travels_back_keeps_who_waits_waiting() -> None:
    now = START
    clock = SystemClock(lambda: now, look=0.01)
    with anyio.move_on_after(0.1) as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(clock.sleep_until, START + timedelta(hours=1))
            await anyio.lowlevel.checkpoint()
            now = START - timedelta(days=3650)
    assert scope.cancelled_caught
