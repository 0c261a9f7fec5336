"""The outbox: messages in order, bounded, with an end."""

from __future__ import annotations

import anyio

from appwrite_emulator.services.outbox import TOO_SLOW, Outbox


async def _all(outbox: Outbox) -> list[bytes]:
    found = []
    while (message := await outbox.next()) is not None:
        found.append(message)
    return found


async def test_all_that_was_put_in_before_the_end_comes_out_in_order() -> None:
    outbox = Outbox()
    outbox.put(b"1")
    outbox.put(b"2")
    outbox.end(1008)
    outbox.put(b"3")
    outbox.end(1012)
    assert (await _all(outbox), outbox.code) == ([b"1", b"2"], 1008)


async def test_who_waits_wakes_for_a_message_and_for_the_end() -> None:
    outbox, found = Outbox(), list[bytes | None]()

    async def take() -> None:
        found.append(await outbox.next())

    async with anyio.create_task_group() as group:
        group.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        assert found == []
        outbox.put(b"1")
    async with anyio.create_task_group() as group:
        group.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        outbox.end(1012)
    assert found == [b"1", None]


async def test_a_client_that_reads_too_slowly_is_given_up() -> None:
    outbox = Outbox(room=10)
    outbox.put(b"larger than the room")  # alone it may
    assert await outbox.next() == b"larger than the room"
    for _ in range(5):
        outbox.put(b"12")
    assert not outbox.ended.is_set()
    outbox.put(b"1")
    assert (outbox.code, await _all(outbox)) == (TOO_SLOW, [])


async def test_nothing_is_kept_for_a_client_that_is_gone() -> None:
    outbox = Outbox()
    outbox.put(b"1")
    outbox.drop()
    assert (outbox.code, await _all(outbox)) == (0, [])
