"""A proxy on loopback that remembers what a client asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

_HOP = {"connection", "content-length", "date", "server", "transfer-encoding"}
_PATIENCE = 60  # seconds for one reply


class Recorder:
    """Where a client calls the emulator, and its calls as `METHOD /path?query`."""

    def __init__(self, endpoint: str, target: str) -> None:
        self.endpoint = endpoint
        self.host = urlsplit(target).netloc
        self._calls: list[str] = []

    def note(self, method: str, path: str) -> None:
        """Remember one call."""
        self._calls.append(f"{method} {unquote(path)}")

    def taken(self) -> list[str]:
        """The calls since this was asked last, in order."""
        calls, self._calls = self._calls, []
        return calls


@contextmanager
def recording(target: str) -> Iterator[Recorder]:
    """Answer on a free port with what the emulator at `target` answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            recorder.note(self.command, self.path)
            self._pass_on()

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            connection = HTTPConnection(recorder.host, timeout=_PATIENCE)
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            reply = connection.getresponse()
            content = reply.read()
            connection.close()
            self.send_response_only(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            if reply.status != 204:
                self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        recorder = Recorder(f"http://127.0.0.1:{server.server_port}/v1", target)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()
