"""Realtime over TCP: real connections that are told, given up, and closed with the emulator."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_in_thread

from appwrite_emulator import Emulator, network
from appwrite_emulator.services.events import Happening

from .test_emulator import HEADERS

PATTERN = "functions.[functionId].executions.[executionId].create"
PERMISSIONS = ['read("any")']
PATIENCE = 10  # seconds


def address(emulator: Emulator) -> str:
    base = emulator.endpoint.replace("http://", "ws://")
    return f"{base}/realtime?project=demo&channels[]=executions"


def publish(emulator: Emulator, id: str, text: str = "") -> None:
    """Everybody may read of this execution."""
    params = {"functionId": "f", "executionId": id}
    payload = {"$id": id, "$permissions": PERMISSIONS, "logs": text}
    emulator.services.ground.events.publish(Happening("demo", PATTERN, params), lambda: payload)


async def hear(connection: ClientConnection) -> Any:
    with anyio.fail_after(PATIENCE):
        return json.loads(await connection.recv())


@asynccontextmanager
async def listening(emulator: Emulator) -> AsyncIterator[ClientConnection]:
    async with connect(address(emulator), max_size=None) as connection:
        assert (await hear(connection))["type"] == "connected"
        yield connection


async def gone(emulator: Emulator, count: int) -> None:
    """Return once no more than `count` connections are left."""
    with anyio.fail_after(PATIENCE):
        while len(emulator.services.realtime) > count:  # noqa: ASYNC110
            await anyio.sleep(0.01)  # the end of a connection tells nobody


async def test_events_come_over_tcp_in_order() -> None:
    async with Emulator(port=0) as emulator, listening(emulator) as connection:
        for number in range(100):
            publish(emulator, str(number))
        heard = [(await hear(connection))["data"]["payload"]["$id"] for _ in range(100)]
        assert heard == [str(number) for number in range(100)]
        await connection.send('{"type":"ping"}')
        assert await hear(connection) == {"type": "pong"}


async def test_who_hangs_up_is_forgotten() -> None:
    async with Emulator(port=0) as emulator:
        async with listening(emulator), listening(emulator):
            assert len(emulator.services.realtime) == 2
        await gone(emulator, 0)
        assert not emulator.services.realtime.wants("demo", PATTERN)


async def test_stopping_closes_connections_at_once() -> None:
    async with Emulator(port=0) as emulator:
        connection = await connect(address(emulator))
        await hear(connection)
        publish(emulator, "last")
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert (await hear(connection))["data"]["payload"]["$id"] == "last"
    with pytest.raises(ConnectionClosed), anyio.fail_after(PATIENCE):
        await connection.recv()
    assert connection.close_code == 1012


async def test_a_client_that_reads_nothing_is_given_up_and_holds_nobody() -> None:
    async with Emulator(port=0) as emulator:
        with socket.create_connection(("127.0.0.1", _port(emulator))) as deaf:
            _shake_hands(deaf, address(emulator))
            async with listening(emulator) as connection:
                for number in range(20):
                    publish(emulator, str(number), "x" * 1024 * 1024)
                    assert (await hear(connection))["data"]["payload"]["$id"] == str(number)
                await gone(emulator, 1)


async def test_a_client_that_reads_nothing_does_not_hold_the_end() -> None:
    async with Emulator(port=0) as emulator:
        deaf = socket.create_connection(("127.0.0.1", _port(emulator)))
        _shake_hands(deaf, address(emulator))
        with anyio.fail_after(PATIENCE):
            while not len(emulator.services.realtime):  # noqa: ASYNC110
                await anyio.sleep(0.01)
        for number in range(7):  # more than the sockets hold, less than is too much
            publish(emulator, str(number), "x" * 1024 * 1024)
        await anyio.wait_all_tasks_blocked()
        began = time.monotonic()
    deaf.close()
    assert time.monotonic() - began < 1.5


def _port(emulator: Emulator) -> int:
    return int(emulator.endpoint.rpartition(":")[2].partition("/")[0])


def _shake_hands(link: socket.socket, uri: str) -> None:
    """Ask for a websocket, and never read."""
    target = uri.partition("//")[2].partition("/")[2]
    link.sendall(
        f"GET /{target} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n"
        "upgrade: websocket\r\nsec-websocket-version: 13\r\n"
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )


def test_an_emulator_in_a_thread_tells_programs_in_others() -> None:
    with Emulator(port=0) as emulator, connect_in_thread(address(emulator)) as connection:
        assert json.loads(connection.recv(PATIENCE))["type"] == "connected"
        httpx2.post(
            f"{emulator.endpoint.removesuffix('/v1')}/_emulator/trigger/event",
            headers=HEADERS,
            json={
                "event": "functions.f.executions.e.create",
                "payload": {"$id": "e", "$permissions": PERMISSIONS},
            },
        ).raise_for_status()
        assert json.loads(connection.recv(PATIENCE))["data"]["payload"]["$id"] == "e"


async def test_behind_a_server_of_ones_own() -> None:
    sockets = network.bind("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    emulator = Emulator(memory=True)
    app = emulator.asgi(f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None))
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve, sockets)
        with anyio.fail_after(PATIENCE):
            while not server.started:  # noqa: ASYNC110
                await anyio.sleep(0.01)  # uvicorn tells nobody
        async with listening(emulator) as connection:
            publish(emulator, "e")
            assert (await hear(connection))["data"]["payload"]["$id"] == "e"
            server.should_exit = True
            with pytest.raises(ConnectionClosed), anyio.fail_after(PATIENCE):
                await connection.recv()
