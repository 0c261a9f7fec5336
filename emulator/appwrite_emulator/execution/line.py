"""The socket to a helper process: JSON messages both ways, with descriptors on the way there."""

from __future__ import annotations

import array
import asyncio
import json
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class _Letter:
    """One message on its way to the helper; its descriptors go with the first byte."""

    def __init__(self, data: bytes, fds: Sequence[int]) -> None:
        self._data = memoryview(data)
        self._fds = list(fds)
        self._copies: list[int] = []

    def send(self, door: socket.socket) -> bool:
        """Send what the socket takes; whether that was all."""
        rights = array.array("i", self._fds)
        extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if self._fds else []
        sent = door.sendmsg([self._data], extra)
        self.drop()
        self._data = self._data[sent:]
        return not self._data

    def keep(self) -> None:
        """Copy the descriptors: the message must wait, and their owner may close them."""
        for fd in self._fds:
            self._copies.append(os.dup(fd))
        self._fds = self._copies

    def drop(self) -> None:
        for fd in self._copies:
            os.close(fd)
        self._fds, self._copies = [], []


class Line:
    """Our end of the socket. Nothing here blocks; `on_end` is told once, when it is closed."""

    def __init__(
        self,
        ours: socket.socket,
        on_message: Callable[[dict[str, Any]], None],
        on_end: Callable[[], None],
    ) -> None:
        self.is_open = True
        self._socket = ours
        self._on_message = on_message
        self._on_end = on_end
        self._buffer = b""
        self._outbox: deque[_Letter] = deque()
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket, self._hear)

    def tell(self, message: Mapping[str, Any], fds: Sequence[int] = ()) -> None:
        """Send a message, now or when the socket takes it; on a closed line it is lost.

        Raises OSError when it must wait and its descriptors cannot be kept for it.
        """
        if not self.is_open:
            return
        data = json.dumps(message).encode()
        letter = _Letter(struct.pack(">I", len(data)) + data, fds)
        self._outbox.append(letter)
        if len(self._outbox) == 1:
            self._flush()
        if self._outbox:
            self._keep(letter)

    def _keep(self, letter: _Letter) -> None:
        try:
            letter.keep()
        except OSError:  # so nothing of it was sent: descriptors go first
            letter.drop()
            self._outbox.remove(letter)
            raise

    def _flush(self) -> None:
        try:
            while self._outbox:
                if self._outbox[0].send(self._socket):
                    self._outbox.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._flush)
        except OSError:
            self.close()
        else:
            self._loop.remove_writer(self._socket)

    def _hear(self) -> None:
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._buffer += data
        while (end := self._end_of_message()) <= len(self._buffer):
            message = json.loads(self._buffer[4:end])
            self._buffer = self._buffer[end:]
            self._on_message(message)

    def _end_of_message(self) -> int:
        if len(self._buffer) < 4:
            return 4 + len(self._buffer)
        return 4 + int.from_bytes(self._buffer[:4], "big")

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()
            for letter in self._outbox:
                letter.drop()
            self._outbox.clear()
            self._on_end()
