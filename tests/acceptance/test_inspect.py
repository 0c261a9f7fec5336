"""`--inspect`: functions of a project under real debuggers, from the start over saves."""

from __future__ import annotations

import base64
import json
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from anyio import to_thread
from click.testing import CliRunner, Result

from appwrite_emulator import Emulator, project_file
from appwrite_emulator.assets import assets
from appwrite_emulator.cli import main
from appwrite_emulator.config import Inspected

from ..debuggers import node_debugger, python_debugger
from .command import project, source, started

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed")
HEADERS = {"x-appwrite-project": "demo", "x-appwrite-key": "local"}

NODE = """export default async ({ req, res }) => {
  const word = 'WORD';
  return res.text(word);
};
"""
PYTHON = """async def main(context):
    word = "WORD"
    return context.res.text(word)
"""
ROW = {"execute": ["any"], "timeout": 1}


@asynccontextmanager
async def inspecting(folder: Path, *names: str, **options: Any) -> AsyncIterator[Emulator]:
    """An emulator that inspects functions, and whose clients wait half a second."""
    inspect = tuple(Inspected.parse(name) for name in names)
    async with Emulator(
        port=0, inspect=inspect, sync_timeout=0.5, directory=folder, **options
    ) as emulator:
        await save(emulator, folder)
        yield emulator


async def save(emulator: Emulator, folder: Path) -> list[Any]:
    """Deploy the project in `folder` and have its functions wait; how their inspections stand."""
    path = project_file.find(folder)
    assert path is not None
    entries = project_file.read(path).functions
    applied = await emulator.services.projects.apply("demo", entries, lambda id, text: None)
    assert not [each.reason for each in applied if each.reason]
    return await emulator.services.attendance.begin("demo")


async def execute(emulator: Emulator, function: str) -> Any:
    async with httpx2.AsyncClient(headers=HEADERS, timeout=30) as http:
        path = f"{emulator.endpoint}/functions/{function}/executions"
        return (await http.post(path, json={})).json()


async def launch_entry(emulator: Emulator, function: str) -> Any:
    async with httpx2.AsyncClient(headers=HEADERS) as http:
        reply = await http.get(emulator.endpoint.replace("/v1", "/_emulator/inspections"))
    (entry,) = [each for each in reply.json()["inspections"] if each["functionId"] == function]
    assert entry["problem"] is None
    return entry["launch"]


async def paused(emulator: Emulator, function: str, debugger: Any, seconds: float) -> Any:
    """The execution of a function that stands at a breakpoint for `seconds`."""
    executions: list[Any] = []

    async def call() -> None:
        executions.append(await execute(emulator, function))

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await debugger.paused()
        with anyio.move_on_after(seconds):
            await anyio.Event().wait()  # what is measured is that nothing happens meanwhile
        assert not executions
        await debugger.go_on()
    return executions[0]


@needs_node
async def test_a_breakpoint_in_the_developers_file_outlives_timeouts_and_a_save(
    reachable: Path,
) -> None:
    source(reachable, "f/main.mjs", NODE)
    project(reachable, {"$id": "f", "runtime": "node-20.0", "entrypoint": "main.mjs", **ROW})
    async with inspecting(reachable, "f") as emulator:
        entry = await launch_entry(emulator, "f")
        for word, seconds in (("WORD", 1.2), ("new", 0)):  # its timeout is one second
            async with node_debugger(entry["port"]) as debugger:
                await debugger.break_at(Path(entry["remoteRoot"]) / "main.mjs", 3)
                execution = await paused(emulator, "f", debugger, seconds)
            assert (execution["responseStatusCode"], execution["responseBody"]) == (200, word)
            assert execution["status"] == "completed"
            assert execution["logs"] == execution["errors"] == ""
            source(reachable, "f/main.mjs", NODE.replace("WORD", "new"))
            await save(emulator, reachable)
            assert await launch_entry(emulator, "f") == entry


async def test_a_python_function_pauses_where_the_launch_entry_maps_the_developers_file(
    reachable: Path,
) -> None:
    source(reachable, "f/main.py", PYTHON)
    project(reachable, {"$id": "f", "runtime": "python-3.12", "entrypoint": "main.py", **ROW})
    async with inspecting(reachable, "f") as emulator:
        text = json.dumps(await launch_entry(emulator, "f"))
        entry = json.loads(text.replace("{local}", str(reachable / "f")))
        for word, seconds in (("WORD", 1.2), ("new", 0)):  # its timeout is one second
            async with python_debugger(entry["connect"]["port"]) as debugger:
                await debugger.attach(entry, {reachable / "f" / "main.py": 3})
                execution = await paused(emulator, "f", debugger, seconds)
            assert (execution["responseStatusCode"], execution["responseBody"]) == (200, word)
            assert execution["logs"] == execution["errors"] == ""
            source(reachable, "f/main.py", PYTHON.replace("WORD", "new"))
            await save(emulator, reachable)


@needs_node
async def test_a_save_is_all_that_new_code_needs_to_stop_at_the_breakpoint(
    reachable: Path,
) -> None:
    source(reachable, "f/main.mjs", NODE)
    project(reachable, {"$id": "f", "runtime": "node-20.0", "entrypoint": "main.mjs", **ROW})
    path = project_file.find(reachable)
    assert path is not None
    read = partial(project_file.read, path)
    async with Emulator(port=0, inspect=(Inspected("f"),), directory=reachable) as emulator:
        await emulator.services.serving.serve("demo", read(), read, lambda id, text: None)
        (state,) = await emulator.services.attendance.begin("demo")
        assert state.folder == reachable / "f"
        entry = await launch_entry(emulator, "f")
        async with node_debugger(entry["port"]) as debugger:
            source(reachable, "f/main.mjs", "export default (;")
            assert (await execute(emulator, "f"))["responseBody"] == "WORD"  # the last that loads
            source(reachable, "f/main.mjs", NODE.replace("WORD", "new"))
            await debugger.talk.over()
        async with node_debugger(entry["port"]) as debugger:
            await debugger.break_at(Path(entry["remoteRoot"]) / "main.mjs", 3)
            execution = await paused(emulator, "f", debugger, 0)
        assert execution["responseBody"] == "new"


@needs_node
async def test_keys_live_as_long_as_somebody_may_think(reachable: Path) -> None:
    tell = "export default ({ req, res }) => res.text(req.headers['x-appwrite-key']);\n"
    source(reachable, "f/main.mjs", tell)
    project(reachable, {"$id": "f", "runtime": "node-20.0", "entrypoint": "main.mjs", **ROW})
    async with inspecting(reachable, "f") as emulator:
        key = (await execute(emulator, "f"))["responseBody"].removeprefix("dynamic_")
        claims = json.loads(_unpacked(key.split(".")[1]))
    assert claims["exp"] - emulator.clock.now().timestamp() > 80_000


def _unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _without_debugpy(manifest: str) -> str:
    return manifest.replace("find = [", 'find = ["/bin/false", ')


def _without_a_debugger(manifest: str) -> str:
    return manifest[: manifest.index("[inspect]")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without_debugpy, "-m pip install debugpy`, or name it in the function's"),
        (_without_a_debugger, "python-3.12 has no --inspect. It works for Node.js"),
    ],
)
async def test_what_has_no_debugger_runs_without_and_says_what_is_missing(
    reachable: Path, change: Callable[[str], str], words: str
) -> None:
    family = reachable / "families" / "python"
    shutil.copytree(assets("runtimes") / "python", family)
    manifest = family / "runtime.toml"
    manifest.write_text(change(manifest.read_text()))
    source(reachable, "f/main.py", PYTHON)
    project(reachable, {"$id": "f", "runtime": "python-3.12", "entrypoint": "main.py", **ROW})
    async with inspecting(reachable, "f", runtimes=(family.parent,)) as emulator:
        (state,) = emulator.services.inspections.states()
        assert state.address == ""
        assert words in state.problem
        assert (await execute(emulator, "f"))["responseBody"] == "WORD"


@pytest.fixture
def site(reachable: Path) -> Path:
    """A project of a Python function."""
    source(reachable, "hello/main.py", PYTHON)
    row = {"$id": "hello", "runtime": "python-3.12", "entrypoint": "main.py"}
    return project(reachable, {**row, **ROW})


def test_the_start_says_where_debuggers_attach_and_what_is_misspelt(site: Path) -> None:
    with started(str(site), "--memory", "--inspect", "hello", "--inspect", "helo=5679") as running:
        (line,) = [line for line in running.lines if "debugger at" in line]
        assert line.startswith("✓ hello: debugger at 127.0.0.1:")
        assert (
            "! --inspect helo: there is no such function yet. Did you mean hello?" in running.lines
        )
        port = int(line.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 5):
            pass
        assert running.stop() == 0


async def test_a_port_that_somebody_has_is_told_with_a_way_out(site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with inspecting(site, f"hello={port}") as emulator:
            (state,) = emulator.services.inspections.states()
            assert state.line.startswith(f"no debugger: port {port}: ")
            assert state.line.endswith("Choose another: --inspect hello=PORT")
            assert (await execute(emulator, "hello"))["responseBody"] == "WORD"


def command(emulator: Emulator, folder: Path, *options: str) -> Result:
    words = ["inspect", "--dir", str(folder), "--url", emulator.endpoint, *options]
    return CliRunner().invoke(main, words)


async def test_launch_entries_are_shown_and_written(site: Path) -> None:
    (site / ".vscode").mkdir()
    file = site / ".vscode" / "launch.json"
    async with inspecting(site, "hello") as emulator:

        def check() -> None:
            shown = command(emulator, site).output
            assert shown.startswith("✓ hello: debugger at 127.0.0.1:")
            launch = json.loads(command(emulator, site, "--launch").output)
            written = command(emulator, site, "--write-launch")
            assert (written.exit_code, written.output) == (0, f"{file}: appwrite: hello\n")
            assert json.loads(file.read_text()) == launch
            (entry,) = launch["configurations"]
            assert entry["name"] == "appwrite: hello"
            assert entry["pathMappings"][0]["localRoot"] == "${workspaceFolder}/hello"
            again = command(emulator, site, "--write-launch")
            assert again.output == f"{file} has appwrite: hello already\n"

            file.write_text("{ not ours")
            refused = command(emulator, site, "--write-launch")
            assert (refused.exit_code, file.read_text()) == (1, "{ not ours")
            assert f"{file} is left as it is: it is no JSON" in refused.stderr
            assert json.loads(refused.stdout) == [entry]

        await to_thread.run_sync(check)


async def test_without_inspected_functions_nothing_is_written(site: Path) -> None:
    async with inspecting(site) as emulator:
        show = partial(command, emulator, site)
        shown = await to_thread.run_sync(show)
        assert shown.output.startswith("No function is inspected. Start the emulator with")
        done = await to_thread.run_sync(partial(show, "--write-launch"))
    assert (done.exit_code, (site / ".vscode").exists()) == (1, False)
