"""The four pipes of a worker: frames down, frames up, and what it prints."""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from . import protocol

_CHUNK = 65536  # bytes, what a pipe holds
_BIG_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears what a worker sends."""

    frame: Callable[[protocol.Frame], None]
    printed: Callable[[bytes, bool], None]  # data, whether it came through stderr
    ended: Callable[[str], None]  # no frame will follow: why, "" for the end of the pipe


class Channel:
    """Our ends of the pipes. Nothing here ever blocks the event loop."""

    def __init__(self, ears: Ears, *, max_body: int) -> None:
        self._ears = ears
        self._decoder = protocol.Decoder(max_body)
        self._loop = asyncio.get_running_loop()
        self._chunk = _CHUNK
        self._unsent = bytearray()
        self._last = 0  # bytes of the frame sent last that went at once
        self._fds: tuple[int, ...] = ()
        self._output = select.poll()

    def open(self) -> dict[int, int]:
        """Make the pipes; the other ends by the numbers they get. The caller closes them.

        Raises OSError when there are no descriptors left.
        """
        calls, answers, out, err = _pipes(4)
        self._fds = (calls[1], answers[0], out[0], err[0])
        for fd in self._fds:
            os.set_blocking(fd, False)
        self._loop.add_reader(answers[0], self.listen)
        self._loop.add_reader(out[0], self._read_output, out[0], False)
        self._loop.add_reader(err[0], self._read_output, err[0], True)
        for fd in self._fds[2:]:
            self._output.register(fd, select.POLLIN)
        return {3: calls[0], 4: answers[1], 1: out[1], 2: err[1]}

    def close(self) -> None:
        fds, self._fds = self._fds, ()
        for fd in fds:
            self._loop.remove_reader(fd)
            self._loop.remove_writer(fd)
            os.close(fd)

    def send(self, data: bytes) -> bool:
        """Send a frame as far as the pipe takes it, the rest as it drains.

        False when nobody reads any more.
        """
        if len(data) > _CHUNK:
            self._enlarge()
        if self._unsent or not self._fds:
            self._unsent += data
            return True
        try:
            sent = self._last = self._write(data)
        except OSError:
            return False
        if sent < len(data):
            self._unsent += memoryview(data)[sent:]
            self._loop.add_writer(self._fds[0], self._flush)
        return True

    @property
    def is_unread(self) -> bool:
        """Whether the worker took nothing of the frame sent last; not all systems can tell."""
        if not self._fds:
            return False
        held = fcntl.ioctl(self._fds[0], termios.FIONREAD, bytes(4))
        return int.from_bytes(held, sys.byteorder) >= self._last

    def _flush(self) -> None:
        try:
            sent = self._write(self._unsent)
        except OSError:  # nobody reads any more: the end shows on the other pipe
            self._unsent.clear()
        else:
            del self._unsent[:sent]
            self._last = sys.maxsize  # something was taken: there is room
        if not self._unsent:
            self._loop.remove_writer(self._fds[0])

    def _write(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._fds[0], data)
        except BlockingIOError:
            return 0

    def _enlarge(self) -> None:
        """Larger pipes for a worker that meets large bodies; all pipes of a user share a quota."""
        if self._chunk == _CHUNK:
            self._chunk = _BIG_CHUNK
            if hasattr(fcntl, "F_SETPIPE_SZ"):
                for fd in self._fds[:2]:
                    with suppress(OSError):
                        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _BIG_CHUNK)

    def listen(self) -> None:
        """Hear the frames that have come."""
        try:
            data = os.read(self._fds[1], self._chunk)
            frames = self._decoder.feed(data)
        except BlockingIOError:
            return
        except protocol.ProtocolError as exc:
            for frame in exc.frames:
                self._ears.frame(frame)
            self._end(f"worker protocol error: {exc}")
            return
        if not data:
            self._end("")
        elif self._decoder.missing > _CHUNK:
            self._enlarge()
        for frame in frames:
            self._ears.frame(frame)

    def _end(self, reason: str) -> None:
        self._loop.remove_reader(self._fds[1])
        self._ears.ended(reason)

    def drain(self) -> None:
        """Hear what was printed until now: a pipe holds no more than one chunk."""
        if self._fds:
            for fd, _ in self._output.poll(0):  # one system call where nothing was printed
                self._read_output(fd, fd == self._fds[3])

    def _read_output(self, fd: int, is_stderr: bool) -> None:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if data:
            self._ears.printed(data, is_stderr)
        else:
            self._loop.remove_reader(fd)
            with suppress(KeyError):
                self._output.unregister(fd)


def _pipes(count: int) -> list[tuple[int, int]]:
    """Pipes, or OSError and none at all."""
    pipes: list[tuple[int, int]] = []
    try:
        for _ in range(count):
            pipes.append(os.pipe())
    except OSError:
        for fd in (fd for pipe in pipes for fd in pipe):
            os.close(fd)
        raise
    return pipes
