"""A load generator on bare sockets, light enough not to be what is measured."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .servers import Running

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_PATIENCE = 30  # seconds for one answer
_AT_ONCE = 256 * 1024  # bytes read in one call


@dataclass(frozen=True, slots=True)
class Target:
    """A request, ready to send, and bytes that are in a right answer."""

    server: Running
    request: bytes
    expected: bytes


@dataclass(frozen=True, slots=True)
class Burst:
    """Requests answered, the seconds that took, and the CPU both sides used for it.

    `latencies` in seconds, ascending, where one connection was used.
    """

    count: int
    seconds: float
    server_cpu: float
    own_cpu: float
    latencies: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.count / self.seconds

    @property
    def p50(self) -> float:
        return self.latencies[len(self.latencies) // 2]


def request(method: str, path: str, *, body: bytes = b"", **headers: str) -> bytes:
    """An HTTP request on a connection that is kept; `_` in header names stands for `-`."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def one_by_one(target: Target, count: int) -> Burst:
    """`count` requests over one connection, each sent when the one before is answered."""
    latencies = []
    with _connections(target, 1) as [connection], _meter(target) as read:
        for _ in range(count):
            began = time.perf_counter()
            connection.sendall(target.request)
            _receive(connection, target.expected)
            latencies.append(time.perf_counter() - began)
        seconds, server_cpu, own_cpu = read()
    return Burst(count, seconds, server_cpu, own_cpu, tuple(sorted(latencies)))


def together(target: Target, connections: int, count: int) -> Burst:
    """`count` requests over some connections, each of which always waits for one answer."""
    with (
        _connections(target, connections) as sockets,
        selectors.DefaultSelector() as selector,
        _meter(target) as read,
    ):
        for each in sockets:
            selector.register(each, selectors.EVENT_READ)
            each.sendall(target.request)
        asked, answered = connections, 0
        while answered < count:
            for key, _ in selector.select(_PATIENCE):
                connection = sockets[sockets.index(key.fileobj)]  # type: ignore[arg-type]
                _receive(connection, target.expected)
                answered += 1
                if asked < count:
                    asked += 1
                    connection.sendall(target.request)
        seconds, server_cpu, own_cpu = read()
    return Burst(answered, seconds, server_cpu, own_cpu)


@contextmanager
def _connections(target: Target, count: int) -> Iterator[list[socket.socket]]:
    address = (target.server.host, target.server.port)
    sockets = [socket.create_connection(address, _PATIENCE) for _ in range(count)]
    for each in sockets:
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


@contextmanager
def _meter(target: Target) -> Iterator[_Read]:
    yield _Read(target.server, time.perf_counter(), target.server.cpu(), time.process_time())


@dataclass(frozen=True, slots=True)
class _Read:
    """Seconds, the server's CPU and our own since it was made."""

    server: Running
    began: float
    server_cpu: float
    own_cpu: float

    def __call__(self) -> tuple[float, float, float]:
        return (
            time.perf_counter() - self.began,
            self.server.cpu() - self.server_cpu,
            time.process_time() - self.own_cpu,
        )


def _receive(connection: socket.socket, expected: bytes) -> None:
    """Read one answer, which must have `expected` in it."""
    data = bytearray(connection.recv(_AT_ONCE))
    while not _is_whole(data):
        more = connection.recv(_AT_ONCE)
        if not more:
            raise SystemExit(f"the server closed the connection after {data[:2000]!r}")
        data += more
    if expected not in data:
        raise SystemExit(f"wanted {expected!r} in the answer {data[:2000]!r}")


def _is_whole(data: bytearray) -> bool:
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return False
    length = _LENGTH.search(data, 0, head)
    return len(data) - head - 4 >= (int(length[1]) if length else 0)
