"""The pipes of a worker: what is heard, what was taken, and where there are no descriptors."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import pytest

from appwrite_emulator.execution import protocol
from appwrite_emulator.execution.channel import Channel, Ears

from .engine import descriptors, scarce_descriptors


class End:
    """A channel, the worker's ends of its pipes, and what was heard."""

    def __init__(self) -> None:
        self.frames: list[protocol.Frame] = []
        self.ended: list[str] = []
        ears = Ears(self.frames.append, lambda *_: None, self.ended.append)
        self.channel = Channel(ears, max_body=1 << 20)
        self.theirs = self.channel.open()

    def say(self, data: bytes) -> None:
        os.write(self.theirs[4], data)
        self.channel.listen()

    def read(self, size: int) -> bytes:
        return os.read(self.theirs[3], size)

    def hang_up(self) -> None:
        os.close(self.theirs.pop(3))

    def close(self) -> None:
        self.channel.close()
        for fd in self.theirs.values():
            os.close(fd)


@pytest.fixture
async def end() -> AsyncIterator[End]:
    end = End()
    yield end
    end.close()


async def test_pipes_that_cannot_all_be_made_leave_none() -> None:
    channel = Channel(Ears(print, print, print), max_body=1)
    before = descriptors()

    with scarce_descriptors(7), pytest.raises(OSError, match="Too many open files"):
        channel.open()

    assert descriptors() <= before


async def test_frames_before_a_broken_one_are_heard(end: End) -> None:
    end.say(protocol.encode(protocol.Kind.RESULT, 5, {"status": 200}) + b"\xff" * 16)

    assert [frame.id for frame in end.frames] == [5]
    assert end.ended == ["worker protocol error: frame version 255, expected 1"]


async def test_a_frame_is_unread_until_something_of_it_is_taken(end: End) -> None:
    assert end.channel.send(b"first")
    assert end.channel.is_unread
    end.read(5)
    assert not end.channel.is_unread

    end.channel.send(b"second")
    assert end.channel.is_unread
    end.read(1)
    assert not end.channel.is_unread


async def test_a_frame_that_nobody_took_stays_unread_when_its_reader_is_gone(end: End) -> None:
    end.channel.send(b"frame")
    end.hang_up()

    assert end.channel.is_unread
    assert not end.channel.send(b"more"), "nobody reads any more"


async def test_a_large_frame_of_which_a_part_was_taken_is_not_unread(end: End) -> None:
    end.channel.send(bytes(3 << 20))
    assert end.channel.is_unread
    end.read(1 << 20)
    with anyio.fail_after(5):
        await anyio.wait_readable(end.theirs[3])  # the rest follows
    while end.channel.is_unread:
        await anyio.lowlevel.checkpoint()

    end.hang_up()
    assert not end.channel.is_unread
