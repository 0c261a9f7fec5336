"""The emulator as other programs embed it: in a thread, in a loop, behind a server of theirs."""

from __future__ import annotations

import io
import signal
import socket
import tarfile
import threading
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import uvicorn

from appwrite_emulator import ConfigError, Emulator, addresses, network
from appwrite_emulator.state import StateLocked

HEADERS = {"x-appwrite-project": "demo", "x-appwrite-key": "local"}
TELL = """import os
def main(context):
    return context.res.text(os.environ["APPWRITE_FUNCTION_API_ENDPOINT"])
"""


def archive(source: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        entry = tarfile.TarInfo("main.py")
        entry.size = len(source)
        tar.addfile(entry, io.BytesIO(source.encode()))
    return out.getvalue()


def list_functions(endpoint: str) -> Any:
    return httpx2.get(f"{endpoint}/functions", headers=HEADERS).json()


async def told_endpoint(http: httpx2.AsyncClient) -> str:
    """What a function says of where it may call back."""
    function = {
        "functionId": "tell",
        "name": "Tell",
        "runtime": "python-3.12",
        "entrypoint": "main.py",
    }
    assert (await http.post("/functions", json=function)).status_code == 201
    reply = await http.post(
        "/functions/tell/deployments",
        data={"activate": "true"},
        files={"code": ("code.tar.gz", archive(TELL), "application/gzip")},
    )
    path = f"/functions/tell/deployments/{reply.json()['$id']}"
    with anyio.fail_after(15):
        while (await http.get(path)).json()["status"] != "ready":  # noqa: ASYNC110
            await anyio.sleep(0.01)  # the API has no other way to wait
    execution = (await http.post("/functions/tell/executions", json={})).json()
    return str(execution["responseBody"])


def test_as_a_context_manager_it_serves_and_leaves_the_program_as_it_was() -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    threads = set(threading.enumerate())

    with Emulator(port=0) as emulator:
        assert list_functions(emulator.endpoint) == {"total": 0, "functions": []}

    with pytest.raises(httpx2.ConnectError):
        list_functions(emulator.endpoint)
    assert {number: signal.getsignal(number) for number in handlers} == handlers
    assert set(threading.enumerate()) <= threads


async def test_in_a_loop_functions_are_told_the_endpoint() -> None:
    async with (
        Emulator(port=0) as emulator,
        httpx2.AsyncClient(base_url=emulator.endpoint, headers=HEADERS) as http,
    ):
        assert await told_endpoint(http) == emulator.endpoint


async def test_behind_a_server_functions_are_told_the_url_that_was_given() -> None:
    (listener,) = network.bind("127.0.0.1", 0)
    url = addresses.url("127.0.0.1", listener.getsockname()[1])
    app: Any = Emulator().asgi(url)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None))
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve, [listener])
        try:
            async with httpx2.AsyncClient(base_url=f"{url}/v1", headers=HEADERS) as http:
                assert await told_endpoint(http) == f"{url}/v1"
        finally:
            server.should_exit = True


def test_two_in_one_program_know_nothing_of_each_other() -> None:
    with Emulator(port=0) as one, Emulator(port=0) as other:
        body = {"functionId": "mine", "name": "Mine", "runtime": "node-22"}
        httpx2.post(f"{one.endpoint}/functions", headers=HEADERS, json=body).raise_for_status()

        assert list_functions(one.endpoint)["total"] == 1
        assert list_functions(other.endpoint)["total"] == 0


def test_a_busy_port_is_named_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(ConfigError, match=rf"port {port}: .*in use.*another --port"):
            Emulator(port=port).__enter__()


def test_a_state_file_serves_one_emulator_at_a_time(tmp_path: Path) -> None:
    with Emulator(port=0, state=tmp_path / "state.json") as emulator:
        address = emulator.endpoint.removesuffix("/v1")

        with pytest.raises(StateLocked, match=f"in use by pid .*{address}"):
            Emulator(port=0, state=tmp_path / "state.json").__enter__()

        assert list_functions(emulator.endpoint)["total"] == 0


def test_in_memory_nothing_is_left_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with Emulator(port=0):
        assert list(tmp_path.iterdir())

    assert list(tmp_path.iterdir()) == []


def make_function(endpoint: str, id: str) -> None:
    body = {"functionId": id, "name": id, "runtime": "node-22"}
    httpx2.post(f"{endpoint}/functions", headers=HEADERS, json=body).raise_for_status()


def test_from_other_threads_the_state_is_put_back_by_plain_calls() -> None:
    with Emulator(port=0) as emulator:
        make_function(emulator.endpoint, "seed")
        seed = emulator.snapshot()
        make_function(emulator.endpoint, "later")
        assert emulator.settle(timeout=5) == []
        emulator.restore(seed)
        assert [each["$id"] for each in list_functions(emulator.endpoint)["functions"]] == ["seed"]
        emulator.reset("other")
        assert list_functions(emulator.endpoint)["total"] == 1
        emulator.reset()
        assert list_functions(emulator.endpoint)["total"] == 0
        emulator.forget(seed)
        with pytest.raises(LookupError, match=f"no snapshot '{seed.id}'"):
            emulator.restore(seed)


async def test_in_a_loop_the_control_is_awaited() -> None:
    async with (
        Emulator(port=0) as emulator,
        httpx2.AsyncClient(base_url=emulator.endpoint, headers=HEADERS) as http,
    ):
        empty = emulator.control.snapshot()
        assert await told_endpoint(http) == emulator.endpoint
        assert await emulator.control.settle() == []
        assert not await emulator.control.restore(empty.id)
        assert (await http.get("/functions")).json()["total"] == 0
        with pytest.raises(AssertionError, match=r"emulator\.control"):
            emulator.settle()
