"""Functions under real debuggers: Node's inspector and debugpy, driven as editors drive them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog, Launch
from appwrite_emulator.execution.bench import Stand
from appwrite_emulator.execution.executor import Executor, Result, Target
from appwrite_emulator.execution.inspection import Inspect
from appwrite_emulator.execution.probing import output_of

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

        launch = await Catalog([assets("runtimes")]).launch(runtime, probe)
        find = launch.finding(folder / "nowhere")
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
