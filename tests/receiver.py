"""A server that webhooks tell of events: it keeps what it gets, and answers as a test wants."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE = 15.0  # seconds for what a test expects


@dataclass(frozen=True, slots=True)
class Told:
    """One request that came in."""

    target: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def names(self) -> list[str]:
        return self.headers["x-appwrite-webhook-events"].split(",")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What came, in its order; the next answers. While `is_open` is not set, none is sent."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    came: queue.Queue[Told] = field(default_factory=queue.Queue)
    is_open: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", *, host: str = "localhost") -> str:
        return f"http://{host}:{self.port}{path}"

    def next(self) -> Told:
        return self.came.get(timeout=PATIENCE)

    def all(self) -> list[Told]:
        """What came until now and was not taken."""
        return [self.came.get_nowait() for _ in range(self.came.qsize())]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of 127.0.0.1."""
    receiver = Receiver()
    receiver.is_open.set()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, receiver)) as server:
        server.daemon_threads = True
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.is_open.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, receiver: Receiver, *given: Any) -> None:
        self._receiver = receiver
        super().__init__(*given)

    def do_POST(self) -> None:
        receiver = self._receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        assert len(headers) == len(self.headers), "a header came twice"
        receiver.came.put(Told(self.path, headers, body))
        receiver.is_open.wait(PATIENCE)
        self.send_response(receiver.status)
        for name, value in receiver.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
