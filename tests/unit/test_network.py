"""Sockets to listen on, and the addresses they are reached at."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import anyio
import pytest

from appwrite_emulator import addresses, network
from appwrite_emulator.config import ConfigError


@contextmanager
def _bound(host: str, port: int) -> Iterator[list[socket.socket]]:
    sockets = network.bind(host, port)
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


def test_localhost_is_one_port_on_every_loopback_address() -> None:
    with _bound("localhost", 0) as sockets:
        ports = {each.getsockname()[1] for each in sockets}
        assert len(ports) == 1
        assert ports != {0}
        assert sockets[0].getsockname()[0] == "127.0.0.1"
        for each in sockets:
            with closing(socket.create_connection(each.getsockname()[:2], timeout=5)):
                pass


def test_one_address_is_bound_alone() -> None:
    with _bound("127.0.0.1", 0) as sockets:
        assert [each.getsockname()[0] for each in sockets] == ["127.0.0.1"]


def test_a_port_that_is_taken_is_told_with_the_way_out() -> None:
    with _bound("localhost", 0) as sockets:
        port = sockets[0].getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127.0.0.1 port {port}: .* another --port, or 0"):
            network.bind("localhost", port)


def test_an_address_that_is_not_ours_is_told() -> None:
    match = r"cannot listen on 203\.0\.113\.7 port 0: .*another --host"
    with pytest.raises(ConfigError, match=match):
        network.bind("203.0.113.7", 0)


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.0.1", True), ("::1", True),
     ("0.0.0.0", False), ("10.0.0.1", False), ("example.org", False), ("", False)],
)  # fmt: skip
def test_loopback_is_what_only_this_machine_reaches(host: str, is_loopback: bool) -> None:
    assert addresses.is_loopback(host) is is_loopback


@pytest.mark.parametrize(
    ("host", "url"),
    [("localhost", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"),
     ("::", "http://127.0.0.1:80"), ("::1", "http://[::1]:80"), ("box", "http://box:80")],
)  # fmt: skip
def test_a_server_is_reached_at_its_url(host: str, url: str) -> None:
    assert addresses.url(host, 80) == url


class _Wire:
    """A transport that keeps its packets."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.packets.append(data)

    def close(self) -> None:
        self.packets.append(b"closed")


HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


async def test_a_reply_leaves_in_one_piece() -> None:
    wire = _Wire()
    transport = network.OnePiece(wire)
    for data in (HEAD, b"body", b"more", HEAD, b""):
        transport.write(data)

    assert wire.packets == [HEAD + b"body", b"more", HEAD]


async def test_a_head_does_not_wait_for_a_late_body() -> None:
    wire = _Wire()
    transport = network.OnePiece(wire)
    transport.write(HEAD)
    await anyio.lowlevel.checkpoint()
    assert wire.packets == [HEAD]
    transport.write(b"body")

    assert wire.packets == [HEAD, b"body"]


async def test_what_was_written_leaves_before_the_end() -> None:
    wire = _Wire()
    transport = network.OnePiece(wire)
    transport.write(HEAD)
    transport.close()
    await anyio.lowlevel.checkpoint()

    assert wire.packets == [HEAD, b"closed"]


async def test_a_call_that_outlasts_the_server_is_answered_without_ado(
    caplog: pytest.LogCaptureFixture,
) -> None:
    called = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.set()
        await anyio.sleep_forever()

    server = network.Server(app)
    server.config.timeout_graceful_shutdown = 0
    with _bound("127.0.0.1", 0) as sockets:
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve, sockets)
            await server.answers.wait()
            host, port = sockets[0].getsockname()
            async with await anyio.connect_tcp(host, port) as client:
                await client.send(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
                await called.wait()
                server.stop()
                reply = b"".join([piece async for piece in client])
    assert reply.startswith(b"HTTP/1.1 503 ")
    assert json.loads(reply.partition(b"\r\n\r\n")[2])["code"] == 503
    assert "Traceback" not in caplog.text
