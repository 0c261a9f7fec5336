"""One POST to a server of this machine, made in a thread and given up from another."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult

_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(slots=True)
class Posting:
    """A body with its headers, on its way to `place`.

    Names are not looked up: all that are allowed mean this machine, whatever a resolver says.
    """

    place: SplitResult
    headers: Sequence[tuple[str, bytes]]
    body: bytes
    seconds: float  # that the server may be silent
    _socket: socket.socket | None = field(default=None, init=False)
    _is_over: bool = field(default=False, init=False)

    def send(self) -> int:
        """The status that is answered; redirects are not followed.

        Raises OSError and HTTPException when no answer comes.
        """
        place = self.place
        connection = connect(place, self.seconds)
        try:
            self._socket = connection.sock
            if self._is_over:
                raise ConnectionAbortedError("nobody wants it to be sent any more")
            target = (place.path or "/") + (f"?{place.query}" if place.query else "")
            connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", place.netloc)
            for name, value in self.headers:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(self.body)))
            connection.endheaders(self.body)
            return connection.getresponse().status
        finally:
            connection.close()

    def give_up(self) -> None:
        """End what `send` does, in whatever state it is."""
        self._is_over = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def connect(place: SplitResult, seconds: float) -> http.client.HTTPConnection:
    """A connection to the server at `place`. Raises OSError when there is none."""
    host = place.hostname or ""
    addresses = (host,) if host in _LOOPBACK else _LOOPBACK
    for address in addresses[:-1]:
        with suppress(OSError):
            return _connected(address, place, seconds)
    return _connected(addresses[-1], place, seconds)


def _connected(address: str, place: SplitResult, seconds: float) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(address, place.port or 80, timeout=seconds)
    connection.connect()
    return connection
