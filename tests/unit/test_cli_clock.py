"""`clock`: how times are written, and what is printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import click
import pytest
from click.testing import CliRunner

from appwrite_emulator.cli import main

TOLD = {
    "now": "2030-01-31T12:00:00.000+00:00",
    "frozen": False,
    "offset": -90_061.2,
    "timers": {"total": 3, "next": [{"timer": "maintenance", "at": "2030-02-01"}]},
}


JOURNEY = {"from": "a", "to": "b", "wakes": 3, "timers": {"schedule": 2, "x": 1}, "works": {}}


class Emulator(HTTPServer):
    """What answers as an emulator does, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked: list[tuple[str, str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Emulator)
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.command, self.path, json.loads(body)))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(JOURNEY if "advance" in self.path else TOLD).encode())

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("duration", "params"),
    [
        ("90m", {"minutes": 90}),
        ("1d12h", {"days": 1, "hours": 12}),
        ("30s", {"seconds": 30}),
        ("0.5h1.5s", {"hours": 0.5, "seconds": 1.5}),
    ],
)
def test_times_are_written_with_units(
    emulator: Emulator, duration: str, params: dict[str, float]
) -> None:
    arguments = ["clock", "advance", duration, "--timeout", "5", "--url", emulator.url]
    result = CliRunner().invoke(main, arguments)
    assert result.output == "a to b\n  due: schedule 2, x 1\n"
    assert emulator.asked == [("POST", "/_emulator/clock/advance", {**params, "timeout": 5})]


@pytest.mark.parametrize("duration", ["", "5", "-5m", "1h 5m", "5m5m", "soon", "1w", "1e3s"])
def test_what_is_no_time_is_refused_with_examples(duration: str) -> None:
    result = CliRunner().invoke(main, ["clock", "advance", "--", duration])
    assert result.exit_code == 2
    assert f"{duration!r} is no time like 90m, 24h, 1d12h or 30s" in result.stderr


@pytest.mark.parametrize("command", ["set", "freeze"])
def test_what_is_no_moment_is_refused_with_an_example(command: str) -> None:
    result = CliRunner().invoke(main, ["clock", command, "soon"])
    assert result.exit_code == 2
    assert "'soon' is no date and time like 2026-03-01T12:00Z, and not now" in result.stderr


def test_without_a_command_the_time_is_shown(emulator: Emulator) -> None:
    environ = {"APPWRITE_ENDPOINT": f"{emulator.url}/v1"}
    assert CliRunner().invoke(main, ["clock"], env=environ).output.splitlines() == [
        "2030-01-31T12:00:00.000+00:00, 1 day, 1:01:01 behind the machine's time",
        "  2030-02-01  maintenance",
        "  and 2 more",
    ]
    assert emulator.asked == [("GET", "/_emulator/clock", {})]


@pytest.mark.parametrize("command", ["", "show", "advance", "set", "freeze", "resume"])
def test_every_command_teaches_with_examples(command: str) -> None:
    arguments = ["clock", *command.split(), "--help"]
    help = click.unstyle(CliRunner().invoke(main, arguments).output)
    assert "appwrite-emulator clock advance 24h" in help
    assert "A new start" in help
