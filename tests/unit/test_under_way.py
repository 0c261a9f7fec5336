"""What is under way: waiting for its end, and naming what does not end."""

from __future__ import annotations

import anyio
import pytest

from appwrite_emulator.services.under_way import NotSettled, UnderWay, Work, WorkKind


def _work(id: str, project: str = "p") -> Work:
    return Work(WorkKind.EXECUTION, project, "f", id)


async def test_nothing_under_way_is_settled_at_once() -> None:
    assert await UnderWay().settled(0) == []


async def test_settling_waits_for_what_begins_meanwhile_too() -> None:
    under_way = UnderWay()
    under_way.begin(_work("a"))
    found: list[list[Work]] = []

    async def settle() -> None:
        found.append(await under_way.settled(5))

    async with anyio.create_task_group() as group:
        group.start_soon(settle)
        await anyio.wait_all_tasks_blocked()
        under_way.begin(_work("b"))
        under_way.end(_work("a"))
        await anyio.wait_all_tasks_blocked()
        assert found == []
        under_way.end(_work("b"))
    assert found == [[_work("a"), _work("b")]]


async def test_what_does_not_end_in_time_is_named() -> None:
    under_way = UnderWay()
    for number in range(12):
        under_way.begin(_work(f"e{number}"))
    with pytest.raises(
        NotSettled, match=r"after 0 s: execution e0 of function f .*; 2 more\.$"
    ) as x:
        await under_way.settled(0)
    assert len(x.value.pending) == 12
    assert isinstance(x.value, TimeoutError)


async def test_the_end_of_some_does_not_wait_for_others() -> None:
    under_way = UnderWay()
    mine, other = _work("a"), _work("b", "q")
    under_way.begin(mine)
    under_way.begin(other)
    assert under_way.of("p") == [mine]
    async with anyio.create_task_group() as group:
        group.start_soon(under_way.over, [mine])
        await anyio.wait_all_tasks_blocked()
        under_way.end(mine)
    assert under_way.of() == [other]


async def test_an_end_without_a_begin_is_harmless() -> None:
    under_way = UnderWay()
    under_way.end(_work("a"))
    assert await under_way.settled(0) == []
