"""Many starts and stops leave nothing: no descriptor, process, thread, folder or port."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from appwrite_emulator import Emulator

from .command import NODE, descendants, project, source, started
from .test_emulator import archive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

CODE = "def main(context):\n    return context.res.text('here')\n"
HEADERS = {"x-appwrite-project": "demo", "x-appwrite-key": "local"}


@dataclass(frozen=True)
class Census:
    """What this process has, and what lies in the folder for temporary files."""

    descriptors: int
    children: frozenset[int]
    files: frozenset[Path]


def _census() -> Census:
    return Census(
        descriptors=len(os.listdir("/proc/self/fd")),
        children=frozenset(descendants(os.getpid())),
        files=frozenset(Path(tempfile.gettempdir()).rglob("*")),
    )


@pytest.fixture
def own_temporary(reachable: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files, for this test alone."""
    folder = reachable / "tmp"
    folder.mkdir(mode=0o755)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def _use(emulator: Emulator) -> None:
    """Deploy and run a function."""
    with httpx2.Client(base_url=emulator.endpoint, headers=HEADERS, timeout=15) as http:
        if http.get("/functions/f").status_code == 404:
            body = {"functionId": "f", "name": "f", "runtime": "python-3.12"}
            http.post("/functions", json={**body, "entrypoint": "main.py"}).raise_for_status()
            files = {"code": ("code.tar.gz", archive(CODE), "application/gzip")}
            data = {"activate": "true"}
            http.post("/functions/f/deployments", data=data, files=files).raise_for_status()
            while http.get("/functions/f").json()["latestDeploymentStatus"] != "ready":
                pass  # the API has no other way to wait
        made = http.post("/functions/f/executions", json={}).json()
        assert (made["status"], made["responseBody"]) == ("completed", "here"), made["errors"]


def _is_free(endpoint: str) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(endpoint).port)) != 0


@pytest.mark.usefixtures("own_temporary")
@pytest.mark.parametrize("is_kept", [False, True], ids=["in memory", "on disk"])
def test_an_emulator_in_a_thread_leaves_nothing(reachable: Path, *, is_kept: bool) -> None:
    state = reachable / "data" / "state.json" if is_kept else None

    def start_and_stop() -> None:
        with Emulator(port=0, state=state) as emulator:
            _use(emulator)
            endpoint = emulator.endpoint
        assert _is_free(endpoint)

    _repeat(start_and_stop, 4)
    if is_kept:
        assert {path.name for path in (reachable / "data" / "homes").iterdir()} <= {"probe"}
        assert len(list((reachable / "data" / "builds").glob("[!.]*"))) == 1


def test_the_command_leaves_nothing(reachable: Path, own_temporary: Path) -> None:
    function = {"$id": "hello", "runtime": "node-22", "entrypoint": "main.mjs"}
    source(reachable, "hello/main.mjs", NODE)
    folder = project(reachable, function)

    def start_and_stop() -> None:
        with ExitStack() as stack:
            several = [stack.enter_context(started(str(folder), "--memory")) for _ in range(2)]
            for each in several:
                assert each.execute("hello", project="shop")["responseBody"] == "none"
            assert [each.stop() for each in several] == [0] * 2
            assert all(_is_free(each.endpoint) for each in several)

    _repeat(start_and_stop, 2)
    assert list(own_temporary.iterdir()) == []


def _repeat(act: Callable[[], None], times: int) -> None:
    """Do it so often; from the second time on there must be as much as after the first."""
    act()
    known, before = set(threading.enumerate()), _census()
    for _ in range(times - 1):
        act()
    for thread in set(threading.enumerate()) - known:
        thread.join(5)
        assert not thread.is_alive(), f"{thread} goes on running"
    after = _census()
    assert after.descriptors <= before.descriptors
    assert after.children == before.children
    assert after.files == before.files
