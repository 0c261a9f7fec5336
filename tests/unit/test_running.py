"""A running emulator as the commands call it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any

import pytest

from appwrite_emulator.cli.running import Refused, Reply, Running


class _Endless(BaseHTTPRequestHandler):
    """Tells one thing and half of another, and then nothing until the reader hangs up."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b'f\r\n{"text": "one"}\r\n1\r\n\n\r\n5\r\n{"tex\r\n')
        self.rfile.read(1)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_who_follows_can_leave_while_a_thread_still_reads() -> None:
    heard: SimpleQueue[Any] = SimpleQueue()

    def read(entries: Iterator[dict[str, Any]]) -> None:
        for entry in entries:
            heard.put(entry)
        heard.put("the end")

    with ThreadingHTTPServer(("127.0.0.1", 0), _Endless) as server:
        threading.Thread(target=server.serve_forever).start()
        with Running(f"http://127.0.0.1:{server.server_port}", "local").told() as entries:
            reader = threading.Thread(target=read, args=(entries,))
            reader.start()
            assert heard.get(timeout=5) == {"text": "one"}
        reader.join(5)
        server.shutdown()
    assert heard.get_nowait() == "the end"


def test_who_needs_a_key_learns_the_option_that_takes_it() -> None:
    body = b'{"message": "This wants a key.", "type": "emulator_key_required"}'
    with pytest.raises(Refused, match=r"^This wants a key\. Give it by --key SECRET\.$"):
        Running("http://127.0.0.1:1", "local").value(Reply(401, {}, body))
