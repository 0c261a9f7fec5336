"""An emulator without free descriptors: it answers whom it knows, and recovers."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from .command import environment

LIMIT = 64  # descriptors that the emulator may have open
SERVED = f"""
import resource, sys
from appwrite_emulator import Emulator

resource.setrlimit(resource.RLIMIT_NOFILE, ({LIMIT}, {LIMIT}))
with Emulator(port=0) as emulator:
    print(emulator.endpoint, flush=True)
    sys.stdin.readline()
"""
CODE = "def main(context):\n    context.log('ran')\n    return context.res.text('here')\n"


class Client:
    """One connection to the emulator, kept open."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        assert parts.hostname
        assert parts.port
        self.address = (parts.hostname, parts.port)
        self._http = HTTPConnection(*self.address, timeout=15)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        named = {"x-appwrite-project": "p", "x-appwrite-key": "k", **headers}
        named.setdefault("content-type", "application/json")
        self._http.request(method, f"/v1{path}", data, named)
        reply = self._http.getresponse()
        content = json.loads(reply.read())
        assert reply.status < 300, content
        return content

    def close(self) -> None:
        self._http.close()

    def deploy(self, function: str) -> None:
        settings = {"functionId": function, "name": function, "runtime": "python-3.12"}
        self.call("POST", "/functions", {**settings, "entrypoint": "main.py", "commands": ""})
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            member = tarfile.TarInfo("main.py")
            member.size = len(CODE)
            tar.addfile(member, io.BytesIO(CODE.encode()))
        body = (
            b'--x\r\ncontent-disposition: form-data; name="activate"\r\n\r\ntrue\r\n--x\r\n'
            b'content-disposition: form-data; name="code"; filename="c.tar.gz"\r\n\r\n'
            + archive.getvalue()
            + b"\r\n--x--\r\n"
        )
        kind = {"content-type": "multipart/form-data; boundary=x"}
        path = f"/functions/{function}/deployments"
        id = self.call("POST", path, body, **kind)["$id"]
        while self.call("GET", f"{path}/{id}")["status"] not in ("ready", "failed"):
            pass

    def execute(self, function: str, **params: Any) -> Any:
        return self.call("POST", f"/functions/{function}/executions", params)

    def ended(self, function: str, id: str) -> Any:
        path = f"/functions/{function}/executions/{id}"
        while (row := self.call("GET", path))["status"] not in ("completed", "failed"):
            pass
        return row


@contextmanager
def _served() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVED],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
            process.communicate("stop\n", timeout=15)
            assert process.returncode == 0
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors")
def test_executions_end_where_no_descriptor_is_free_and_run_when_there_are_some() -> None:
    with _served() as endpoint, closing(Client(endpoint)) as client, ExitStack() as crowd:
        for function in ("warm", "cold"):
            client.deploy(function)
        # Read at the start of a process only: it will not do with a spare that has started.
        variable = {"key": "PYTHONHASHSEED", "value": "0"}
        client.call("POST", "/functions/cold/variables", variable)
        assert client.execute("warm")["responseBody"] == "here"

        for _ in range(2 * LIMIT):
            crowd.enter_context(socket.create_connection(client.address))
        for _ in range(3):
            assert client.execute("warm")["responseBody"] == "here"
        refused = client.execute("cold")
        sent = client.execute("cold", **{"async": True})
        for row in (client.ended("cold", refused["$id"]), client.ended("cold", sent["$id"])):
            assert (row["status"], row["responseStatusCode"]) == ("failed", 500)
            assert "Too many open files" in row["errors"]

        crowd.close()
        while client.execute("cold")["status"] != "completed":
            pass  # until the emulator has seen that they are closed
        with closing(Client(endpoint)) as newcomer:
            assert newcomer.execute("warm")["logs"] == "ran\n"
