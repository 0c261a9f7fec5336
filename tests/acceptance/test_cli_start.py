"""`appwrite-emulator start`, run as users run it."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator import __version__

from .command import (
    EXAMPLES,
    NODE,
    PYTHON,
    Running,
    descendants,
    launched,
    lines_with,
    project,
    run,
    source,
    started,
    wait_for_line,
)

HELLO = {"$id": "hello", "runtime": "node-22", "entrypoint": "main.mjs", "vars": {"WORD": "hi"}}
SNAKE = {"$id": "snake", "runtime": "python-3.12", "entrypoint": "main.py"}

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def shop(reachable: Path) -> Path:
    source(reachable, "hello/main.mjs", NODE)
    source(reachable, "snake/main.py", PYTHON)
    return project(reachable, HELLO, SNAKE)


def test_the_quickstart_answers_once_the_ready_line_is_there() -> None:
    with started(str(EXAMPLES / "quickstart"), "--memory") as emulator:
        card = emulator.execute("postcard", project="quickstart", path="/?to=Ada", method="GET")
        drawing = emulator.execute("mandelbrot", project="quickstart", path="/", method="GET")
        assert emulator.stop() == 0
    assert (card["status"], drawing["status"]) == ("completed", "completed")
    assert "Dear Ada," in card["responseBody"]
    assert "with love from your laptop," in card["responseBody"]
    assert len(drawing["responseBody"].splitlines()) == 24
    assert 'for project "quickstart"' in emulator.lines[-1]
    port = emulator.endpoint.rpartition(":")[2].removesuffix("/v1")
    (shown,) = lines_with(emulator.lines, "✓ postcard")
    assert f"  http://postcard.functions.localhost:{port}  " in shown


def test_a_busy_port_names_the_emulator_that_holds_it() -> None:
    with started("--memory", "--project", "first") as emulator:
        port = emulator.endpoint.split(":")[2].partition("/")[0]
        second = run("start", "--memory", "--port", port)
        report = run("doctor", "--memory", "--port", port)
        assert emulator.stop() == 0
    told = f'an emulator answers: project "first", pid {emulator.process.pid}, state in memory'
    assert (second.returncode, second.stdout) == (2, "")
    assert f"On that port {told}." in second.stderr
    assert report.returncode == 0, "nothing is broken"
    assert f"localhost port {port}: {told}" in " ".join(report.stdout.split())


def test_a_busy_port_of_a_strict_emulator_says_that_it_wants_a_key() -> None:
    with started("--memory", "--key", "mine", "--strict") as emulator:
        port = emulator.endpoint.split(":")[2].partition("/")[0]
        second = run("start", "--memory", "--port", port)
        report = run("doctor", "--memory", "--port", port, "--key", "mine", "--json")
        assert emulator.stop() == 0
    assert "On that port an emulator answers, which wants a key." in second.stderr
    port_facts = json.loads(report.stdout)["port"]
    assert port_facts["condition"] == "emulator"
    assert port_facts["emulator"]["pid"] == emulator.process.pid


def test_a_relative_folder_is_served_in_calm_lines(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.parent)
    with started(shop.name) as emulator:
        said = [
            emulator.execute(id, project="shop", path="/")["responseBody"]
            for id in ("hello", "snake")
        ]
        assert emulator.stop() == 0
    assert said == ["hi", "hello from Python"]
    first, sandbox, file, *_ = emulator.lines
    assert first == f"appwrite-emulator {__version__}"
    assert sandbox.startswith("sandbox: ")
    assert file == f"{Path(shop.name) / 'appwrite.config.json'}: 2 functions"
    assert [line.split()[:3] for line in lines_with(emulator.lines, "ready,")] == [
        ["✓", "hello", "node-22"],
        ["✓", "snake", "python-3.12"],
    ]
    assert len(lines_with(emulator.lines, "Ready")) == 1


def test_settings_and_variables_of_the_file_are_those_of_the_function(shop: Path) -> None:
    row = HELLO | {"timeout": 7, "execute": ["any"], "specification": "s-2vcpu-2gb"}
    project(shop, row)
    with started(str(shop)) as emulator:
        _, function = emulator.call("/functions/hello", project="shop")
        path = f"/functions/hello/deployments/{function['deploymentId']}"
        _, deployment = emulator.call(path, project="shop")
        assert emulator.stop() == 0
    assert (function["timeout"], function["execute"]) == (7, ["any"])
    assert function["runtimeSpecification"] == "s-2vcpu-2gb"
    assert [(each["key"], each["value"]) for each in function["vars"]] == [("WORD", "hi")]
    assert (deployment["type"], deployment["activate"]) == ("cli", True)


def test_what_has_not_changed_is_not_deployed_again(shop: Path) -> None:
    with started(str(shop)) as emulator:
        assert emulator.stop() == 0
    source(shop, "hello/main.mjs", NODE.replace("none", "changed"))
    project(shop, {**HELLO, "vars": {"WORD": "new"}}, SNAKE)
    with started(str(shop)) as emulator:
        hello = emulator.execute("hello", project="shop")
        _, deployments = emulator.call("/functions/snake/deployments", project="shop")
        _, others = emulator.call("/functions/hello/deployments", project="shop")
        assert emulator.stop() == 0
    assert hello["responseBody"] == "new"
    assert (deployments["total"], others["total"]) == (1, 2)
    (snake,) = lines_with(emulator.lines, "✓ snake")
    assert snake.endswith("  ready, unchanged")


def test_what_has_changed_in_the_file_counts_at_the_next_start(shop: Path) -> None:
    logs, settings = [], []
    rest = {"timeout": 7, "schedule": "0 0 * * *"}
    for word, row in (("one", HELLO | rest), ("two", HELLO)):
        project(shop, row | {"commands": "echo built with $WORD", "vars": {"WORD": word}})
        with started(str(shop)) as emulator:
            _, function = emulator.call("/functions/hello", project="shop")
            path = f"/functions/hello/deployments/{function['deploymentId']}"
            logs.append(emulator.call(path, project="shop")[1]["buildLogs"])
            settings.append((function["timeout"], function["schedule"]))
            assert emulator.stop() == 0
    assert "built with one" in logs[0]
    assert "built with two" in logs[1], "a build sees the variables as they are now"
    assert settings == [(7, "0 0 * * *"), (15, "")], "what left the file has its default again"


def test_ignored_files_are_not_deployed(shop: Path) -> None:
    source(shop, "hello/main.mjs", 'import "./extra.mjs"; export default ({res}) => res.empty();')
    source(shop, "hello/extra.mjs", "")
    project(shop, HELLO | {"ignore": "extra.mjs"})
    with started(str(shop)) as emulator:
        hello = emulator.execute("hello", project="shop")
        assert emulator.stop() == 0
    assert hello["status"] == "failed"
    assert "extra.mjs" in hello["errors"]


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"runtime": "node22"}, "Did you mean node-22"),
    ({"entrypoint": ""}, "entrypoint is missing"),
    ({"commands": "echo because; exit 3"}, "because"),
    ({"schedule": "every day"}, "no cron expression"),
    ({"events": ["functions.*.create"]}, "cannot subscribe"),
    ({"specification": "s-1vcpu-512m"}, "Did you mean s-1vcpu-512mb"),
    ({"timeout": 901}, "--function-timeout"),
]


def test_broken_functions_are_explained_and_the_others_serve(shop: Path) -> None:
    rows = [
        HELLO | {"$id": f"broken{number}", "path": "hello"} | keys
        for number, (keys, _) in enumerate(BROKEN)
    ]
    project(shop, *rows, SNAKE)
    with started(str(shop)) as emulator:
        snake = emulator.execute("snake", project="shop")
        assert emulator.stop() == 0
    assert snake["responseBody"] == "hello from Python"
    for number, (_, reason) in enumerate(BROKEN):
        place = next(i for i, line in enumerate(emulator.lines) if f"✗ broken{number} " in line)
        explained = []
        for line in emulator.lines[place + 1 :]:
            if not line.startswith("    "):
                break
            explained.append(line)
        assert lines_with(explained, reason), (reason, emulator.lines)


def test_what_works_but_should_be_known_is_noted(shop: Path) -> None:
    source(shop, "hello/noise", "x" * 9000)
    source(shop, "aside", "")
    (shop / "hello" / "link").symlink_to(shop / "aside")
    project(shop, HELLO | {"entrypoint": "gone.mjs"})
    with started(str(shop), "--size-limit", "8000") as emulator:
        assert emulator.stop() == 0
    assert "! gone.mjs is not there: calls will fail (hello)" in emulator.lines
    assert lines_with(emulator.lines, "! link leads out of the folder: a push leaves it behind")
    assert lines_with(emulator.lines, "packed, those of a push may have 8,000 (--size-limit)")


def test_an_empty_folder_is_an_empty_project_until_something_is_made(reachable: Path) -> None:
    with started(str(reachable)) as emulator:
        status, functions = emulator.call("/functions", project="demo")
        assert run("init", "hello", "--language", "python", cwd=reachable).returncode == 0
        wait_for_line(emulator.process, "appwrite.config.json  hello as it says now")
        assert emulator.execute("hello", project="demo")["status"] == "completed"
        assert emulator.stop() == 0
    assert (status, functions["total"]) == (200, 0)
    assert lines_with(emulator.lines, f"No project file in {reachable}")
    assert lines_with(emulator.lines, "`appwrite-emulator init NAME` makes one")
    assert 'for project "demo"' in emulator.lines[-1]


@linux_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it_and_nothing_is_left(shop: Path, number: signal.Signals) -> None:
    with started(str(shop)) as emulator:
        emulator.execute("hello", project="shop")
        below = descendants(emulator.process.pid)
        port = int(emulator.endpoint.split(":")[2].split("/")[0])
        assert emulator.stop(number) == 0
    assert below
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_signal_during_the_builds_stops_it(shop: Path) -> None:
    project(shop, HELLO | {"commands": "sleep 600"})
    with launched("start", str(shop), "--port", "0") as process:
        wait_for_line(process, "… hello  building")
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=15)
    assert process.returncode == 0
    assert "Ready" not in output


def test_the_second_signal_does_not_wait_for_what_runs(shop: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as told:
        port = told.getsockname()[1]
        source(shop, "snake/main.py", HANGING.replace("PORT", str(port)))
        project(shop, SNAKE | {"timeout": 900})
        with started(str(shop), "--sync-timeout", "600") as emulator:
            caller = threading.Thread(target=_execute_in_vain, args=[emulator])
            caller.start()
            told.accept()[0].close()
            emulator.process.send_signal(signal.SIGINT)
            wait_for_line(emulator.process, "Stopping")
            assert emulator.stop(signal.SIGINT) == 128 + signal.SIGINT
            caller.join()


HANGING = """
import socket, time

def main(context):
    socket.create_connection(("127.0.0.1", PORT)).close()
    time.sleep(600)
"""


def _execute_in_vain(emulator: Running) -> None:
    with suppress(OSError, HTTPException):
        emulator.call("/functions/snake/executions", {}, project="shop")


def _refused(*arguments: str) -> str:
    """The one line with which the command declines to start."""
    result = run("start", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1, result.stderr
    return result.stderr


def test_a_busy_port_is_refused_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert f"port {port}: Address already in use" in _refused(str(tmp_path), f"--port={port}")


def test_a_state_folder_that_cannot_be_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    text = _refused(str(tmp_path), "--port", "0", "--state", str(tmp_path / "file" / "state.json"))
    assert str(tmp_path / "file" / "state.json") in text


def test_a_state_in_use_is_refused_naming_the_user(shop: Path) -> None:
    with started(str(shop)) as emulator:
        text = _refused(str(shop), "--port", "0")
        assert emulator.stop() == 0
    assert emulator.endpoint.removesuffix("/v1") in text


def test_a_broken_manifest_is_refused_in_one_line(shop: Path) -> None:
    source(shop, "languages/basic/runtime.toml", "spare = 7\n")
    result = run("start", str(shop), "--port", "0", "--runtimes", str(shop / "languages"))
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "basic/runtime.toml" in result.stderr


def test_declared_keys_are_the_only_ones_when_strict(shop: Path) -> None:
    with started(str(shop), "--strict", "--key", "good") as emulator:
        good = emulator.call("/functions", project="shop", key="good")
        bad = emulator.call("/functions", project="shop", key="bad")
        assert emulator.stop() == 0
    assert (good[0], bad[0]) == (200, 401)
    assert "with your keys" in emulator.lines[-1]


def test_what_was_forgotten_among_the_options_is_said(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    options = ("--memory", "--strict", "--repositories", f"me/shop={gone}")
    with started(str(tmp_path), *options) as emulator:
        assert emulator.stop() == 0
    assert lines_with(emulator.lines, f"! me/shop: there is no folder {gone}, deployments")
    assert emulator.lines[-1].endswith("without keys: declare one by --key")
