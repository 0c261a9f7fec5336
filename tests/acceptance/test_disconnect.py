"""A client that hangs up while its execution runs: it goes on and is stored."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import httpx2
import pytest

from appwrite_emulator import Emulator

from .test_emulator import HEADERS, archive

CODE = "def main(context):\n    return context.res.text(open('{gate}').read())\n"


async def _deploy(http: httpx2.AsyncClient, code: str) -> None:
    function = {"functionId": "f", "name": "f", "runtime": "python-3.12", "entrypoint": "main.py"}
    (await http.post("/functions", json=function)).raise_for_status()
    reply = await http.post(
        "/functions/f/deployments",
        data={"activate": "true"},
        files={"code": ("code.tar.gz", archive(code), "application/gzip")},
    )
    path = f"/functions/f/deployments/{reply.json()['$id']}"
    with anyio.fail_after(15):
        while (await http.get(path)).json()["status"] != "ready":  # noqa: ASYNC110
            await anyio.sleep(0.01)  # the API has no other way to wait


def _hang_up_in_the_middle(endpoint: str, gate: Path) -> None:
    """Ask for an execution, close the connection when user code runs, then let that go on."""
    parts = urlsplit(endpoint)
    named = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    with socket.create_connection((parts.hostname, parts.port or 0)) as client:
        head = f"POST /v1/functions/f/executions HTTP/1.1\r\nhost: {parts.netloc}\r\n{named}"
        tail = "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
        client.sendall((head + tail).encode())
        out = gate.open("w")
    with out:
        out.write("went on")


async def test_an_execution_whose_caller_hangs_up_is_finished_and_stored(reachable: Path) -> None:
    gate = reachable / "gate"
    os.mkfifo(gate)
    gate.chmod(0o666)
    async with (
        Emulator(port=0) as emulator,
        httpx2.AsyncClient(base_url=emulator.endpoint, headers=HEADERS) as http,
    ):
        await _deploy(http, CODE.format(gate=gate))
        await anyio.to_thread.run_sync(_hang_up_in_the_middle, emulator.endpoint, gate)

        with anyio.fail_after(15):
            while not (rows := (await http.get("/functions/f/executions")).json()["executions"]):
                pass  # the API has no other way to wait

    assert [(row["status"], row["responseStatusCode"]) for row in rows] == [("completed", 200)]


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_a_reply_is_whole_though_the_body_comes_late_and_the_connection_ends(method: str) -> None:
    body = bytes(8_000_000)
    with Emulator(port=0) as emulator:
        parts = urlsplit(emulator.endpoint)
        with socket.create_connection((parts.hostname, parts.port or 0), timeout=10) as client:
            head = f"{method} /v1/functions/none HTTP/1.1\r\nhost: {parts.netloc}\r\n"
            tail = f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            client.sendall((head + tail).encode())
            client.sendall(body)
            reply = b"".join(iter(lambda: client.recv(65536), b""))

    assert json.loads(reply.partition(b"\r\n\r\n")[2])["code"] in (401, 404)
