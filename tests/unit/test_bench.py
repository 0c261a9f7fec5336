"""Functions under real debuggers: Node's inspector and debugpy, driven as editors drive them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog, Launch
from appwrite_emulator.execution.bench import Stand
from appwrite_emulator.execution.executor import Executor, Outcome, Result, Target
from appwrite_emulator.execution.failures import LoadFailed
from appwrite_emulator.execution.inspection import Inspect, lay
from appwrite_emulator.execution.probing import output_of
from appwrite_emulator.execution.relay import PortTaken
from appwrite_emulator.sandbox import choose

from ..debuggers import NodeDebugger, PythonDebugger, node_debugger, python_debugger
from .conftest import NODE
from .engine import call, running_executor

needs_node = pytest.mark.skipif(not NODE, reason="Node.js is not installed")

JS = """module.exports = async ({ req, res, log }) => {
  const greeting = 'GREETING ' + req.bodyText;
  log(greeting);
  return res.text(greeting);
};
"""
PY = """def main(context):
    greeting = "GREETING " + context.req.body_text
    context.log(greeting)
    return context.res.text(greeting)
"""
LINE = 3  # of the breakpoint, where `greeting` is set


@dataclass
class Studio:
    """An executor, and a developer's folder whose saves become targets."""

    executor: Executor
    folder: Path
    launch: Launch
    found: str
    stand: Stand
    saves: int = 0

    @property
    def port(self) -> int:
        return self.stand.port

    @property
    def code(self) -> Path:
        """Where the code of all generations lies for debuggers."""
        return self.stand.folder / "src" / "function"

    def save(self, name: str, source: str) -> Target:
        """A target of the next generation."""
        self.saves += 1
        build = self.folder / "builds" / str(self.saves)
        code = build / "src" / "function"
        code.mkdir(parents=True)
        (code / name).write_text(source)
        assert self.launch.inspect is not None
        inspect = Inspect(
            name="p/f",
            debugger=self.launch.inspect,
            found=self.found,
            folder=self.stand.folder,
        )
        return Target(
            key=f"p/{self.saves}/x",
            launch=self.launch,
            folder=build,
            entrypoint=name,
            env={},
            memory=512,
            inspect=inspect,
        )

    async def attend(self, target: Target) -> None:
        await self.executor.attend(target)

    async def run(self, target: Target, body: bytes = b"you", **changes: Any) -> Result:
        return await self.executor.run(
            target, call(**{"timeout": 0.2, **changes})._replace(body=body)
        )


async def studio_of(runtime: str) -> AsyncIterator[Studio]:
    async with running_executor() as (executor, spawner, folder):

        async def probe(argv: Any) -> str | None:
            return await output_of(spawner, folder / "homes" / "probe", argv)

        lend = partial(choose("auto").lend, workspace=folder)
        launch = await Catalog([lend(assets("runtimes"))]).launch(runtime, probe)
        find = launch.finding(folder / "nowhere", lend)
        found = await probe(find) if find else ""
        assert found is not None, f"there is no debugger for {runtime}: install the extra `dev`"
        yield Studio(executor, folder, launch, found, await executor.stand("p/f", 0, preferred=0))


@pytest.fixture
async def node() -> AsyncIterator[Studio]:
    async for studio in studio_of("node-20.0"):
        yield studio


@pytest.fixture
async def python() -> AsyncIterator[Studio]:
    async for studio in studio_of(f"python-3.{sys.version_info[1]}"):
        yield studio


@needs_node
async def test_node_pauses_longer_than_its_timeout_and_again_after_a_save(node: Studio) -> None:
    for greeting in ("hello", "goodbye"):
        target = node.save("main.js", JS.replace("GREETING", greeting))
        await node.attend(target)
        async with node_debugger(node.port) as debugger:
            await debugger.break_at(node.code / "main.js", LINE)
            result = await paused_for_a_while(node, target, debugger)
        assert (result.status, result.body) == (200, f"{greeting} you".encode())
        assert result.logs == f"{greeting} you\n"
        assert result.errors == ""


async def paused_for_a_while(
    studio: Studio, target: Target, debugger: NodeDebugger | PythonDebugger
) -> Result:
    """The answer of a call that stands at a breakpoint for three times its timeout."""
    results: list[Result] = []

    async def run() -> None:
        results.append(await studio.run(target))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        frame = await debugger.paused()
        assert "you" in str(await debugger.evaluate(frame, "greeting"))
        with anyio.move_on_after(0.6):
            await anyio.Event().wait()  # what is measured is that nothing happens meanwhile
        assert not results
        await debugger.go_on()
    return results[0]


@needs_node
async def test_a_save_ends_the_debugged_process_and_the_next_debugger_waits_for_the_new_one(
    node: Studio,
) -> None:
    old = node.save("main.js", JS)
    await node.attend(old)
    async with node_debugger(node.port) as debugger:
        new = node.save("main.js", JS.replace("GREETING", "new"))
        async with anyio.create_task_group() as group:
            group.start_soon(node.attend, new)
            await debugger.talk.over()
            async with node_debugger(node.port) as again:  # perhaps before it listens
                await again.break_at(node.code / "main.js", LINE)
                assert (await paused_for_a_while(node, new, again)).body == b"new you"


@needs_node
async def test_new_code_waits_for_the_call_at_the_breakpoint_and_calls_for_their_turn(
    node: Studio,
) -> None:
    old, new = (node.save("main.js", JS.replace("GREETING", word)) for word in ("old", "new"))
    await node.attend(old)
    bodies: list[bytes] = []

    async def run(target: Target, body: bytes) -> None:
        bodies.append((await node.run(target, body)).body)

    async with node_debugger(node.port) as debugger, anyio.create_task_group() as group:
        await debugger.break_at(node.code / "main.js", LINE)
        group.start_soon(run, old, b"1")
        await debugger.paused()
        group.start_soon(node.attend, new)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(run, new, b"2")
        assert node.executor.is_debugged("p/f")
        await node.executor.load(new)  # proven beside it
        assert not bodies
        await debugger.go_on()
    assert bodies == [b"old 1", b"new 2"]
    assert not node.executor.is_debugged("p/f")


@needs_node
async def test_a_call_at_a_breakpoint_can_be_ended_and_the_next_one_answers(node: Studio) -> None:
    target = node.save("main.js", JS)
    await node.attend(target)
    results: list[Result] = []

    async def run() -> None:
        results.append(await node.run(target))

    async with node_debugger(node.port) as debugger, anyio.create_task_group() as group:
        await debugger.break_at(node.code / "main.js", LINE)
        group.start_soon(run)
        await debugger.paused()
        await node.executor.kill("p/1/")
    assert results[0].outcome is Outcome.CRASHED
    assert (await node.run(target)).body == b"GREETING you"
    assert node.executor.stats()["idle"] == 1


@needs_node
async def test_whoever_hangs_up_at_a_breakpoint_leaves_the_worker_to_the_next(
    node: Studio,
) -> None:
    target = node.save("main.js", JS)
    await node.attend(target)
    async with node_debugger(node.port) as debugger:
        await debugger.break_at(node.code / "main.js", LINE)
        async with anyio.create_task_group() as group:
            group.start_soon(node.run, target)
            await debugger.paused()
            group.cancel_scope.cancel()
        await debugger.go_on()
    assert (await node.run(target)).cold is False


@needs_node
async def test_code_that_does_not_load_says_why_and_better_code_follows(node: Studio) -> None:
    broken = node.save("main.js", "module.exports = (;")
    with pytest.raises(LoadFailed, match=r"Syntax error in main\.js"):
        await node.attend(broken)
    assert (await node.run(broken)).status == 503
    assert (await node.run(node.save("main.js", JS))).body == b"GREETING you"


@needs_node
async def test_what_is_retired_ends_and_comes_back_when_it_is_called(node: Studio) -> None:
    target = node.save("main.js", JS)
    await node.attend(target)
    async with node_debugger(node.port) as debugger:
        node.executor.retire("p/1/")
        await debugger.talk.over()
    assert (await node.run(target)).cold is True


async def test_a_port_that_is_taken_is_told_or_another_is_found(node: Studio) -> None:
    with pytest.raises(PortTaken, match=f"port {node.port}: "):
        await node.executor.stand("p/g", node.port, preferred=0)
    stand = await node.executor.stand("p/g", 0, preferred=node.port)
    assert stand.port not in (0, node.port)
    assert await node.executor.stand("p/g", 0, preferred=0) == stand


def test_a_tree_is_laid_by_hard_links_but_for_what_is_installed(tmp_path: Path) -> None:
    build, elsewhere = tmp_path / "build", tmp_path / "elsewhere"
    code = build / "src" / "function"
    (code / "lib").mkdir(parents=True)
    (code / "node_modules" / "a").mkdir(parents=True)
    elsewhere.mkdir()
    (code / "lib" / "a.js").write_text("a")
    (code / "near.js").symlink_to("lib/a.js")
    (code / "vendor").symlink_to(elsewhere)
    target = tmp_path / "inspected"
    (target / "src").mkdir(parents=True)
    (target / "src" / "older").touch()

    lay(build, target, ["node_modules", "vendor"])

    laid = target / "src" / "function"
    assert (laid / "lib" / "a.js").samefile(code / "lib" / "a.js")
    assert not (laid / "lib").is_symlink()
    assert (laid / "near.js").resolve() == laid / "lib" / "a.js"
    assert (laid / "vendor").resolve() == elsewhere
    assert (laid / "node_modules").resolve() == code / "node_modules"
    assert not (target / "src" / "older").exists()


async def test_debugpy_stays_out_of_the_functions_import_path(python: Studio) -> None:
    source = """import importlib.util, sys
def main(context):
    found = importlib.util.find_spec("pip") or importlib.util.find_spec("starlette")
    return context.res.json([found is None, [p for p in sys.path if "packages" in p]])
"""
    assert (await python.run(python.save("main.py", source))).body == b"[true,[]]"


async def test_python_debuggers_are_told_of_the_end_and_asked_to_come_back(python: Studio) -> None:
    await python.attend(python.save("main.py", PY))
    async with python_debugger(python.port) as debugger:
        await debugger.attach({"restart": True}, {})
        async with anyio.create_task_group() as group:
            group.start_soon(python.attend, python.save("main.py", PY.replace("GREETING", "new")))
            ended = await debugger.talk.event("event", "terminated")
            assert ended["body"] == {"restart": True}
            await debugger.send("disconnect", restart=True)
            await debugger.talk.over()  # the process may be at its end before it can answer that
            async with python_debugger(python.port) as again:  # before the new process listens
                await again.attach({"restart": True}, {python.code / "main.py": LINE})


async def test_python_pauses_longer_than_its_timeout_and_again_after_a_save(
    python: Studio,
) -> None:
    mine = python.folder / "mine" / "main.py"
    mine.parent.mkdir()
    for greeting in ("hello", "goodbye"):
        source = PY.replace("GREETING", greeting)
        mine.write_text(source)
        target = python.save("main.py", source)
        await python.attend(target)
        mapping = {"localRoot": str(mine.parent), "remoteRoot": str(python.code)}
        async with python_debugger(python.port) as debugger:
            await debugger.attach({"pathMappings": [mapping]}, {mine: LINE})
            result = await paused_for_a_while(python, target, debugger)
        assert (result.status, result.body) == (200, f"{greeting} you".encode())
        assert result.logs == f"{greeting} you\n"
        assert result.errors == ""
