"""An address that stays while what answers behind it comes and goes."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.stapled import MultiListener

HOST = "127.0.0.1"

_BROKEN = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


class PortTaken(Exception):
    """Somebody else listens where debuggers shall attach."""


class Relay:
    """Takes connections at a port of this machine and hands each on to the port of the moment.

    `behind` waits until something answers there and returns its port; connections wait with it.
    """

    def __init__(self, behind: Callable[[], Awaitable[int]]) -> None:
        self.port = 0
        self._behind = behind
        self._listener: MultiListener[SocketStream] | None = None

    async def open(self, port: int, *, preferred: int) -> None:
        """Listen on `port`; when that is 0, on `preferred` if it is free, else on any that is.

        Raises PortTaken.
        """
        try:
            self._listener = await _listen(port or preferred)
        except OSError as exc:
            if port:
                raise PortTaken(f"port {port}: {exc.strerror or exc}") from exc
            self._listener = await _listen(0)
        self.port = self._listener.extra(SocketAttribute.local_port)

    async def serve(self) -> None:
        """Hand connections on until this is cancelled."""
        assert self._listener is not None, "it has to be opened first"
        async with self._listener:
            await self._listener.serve(self._hand_on)

    async def _hand_on(self, client: SocketStream) -> None:
        async with client:
            try:
                worker = await anyio.connect_tcp(HOST, await self._behind())
            except OSError:  # it ended a moment ago
                return
            async with worker, anyio.create_task_group() as group:
                group.start_soon(_pour, client, worker, group.cancel_scope)
                group.start_soon(_pour, worker, client, group.cancel_scope)


async def _listen(port: int) -> MultiListener[SocketStream]:
    return await anyio.create_tcp_listener(local_host=HOST, local_port=port)


async def _pour(source: SocketStream, target: SocketStream, both: anyio.CancelScope) -> None:
    try:
        async for data in source:
            await target.send(data)
    except _BROKEN:
        pass
    both.cancel()  # no debugger goes on with half a connection


def free_port() -> int:
    """A port on which nobody listened a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
