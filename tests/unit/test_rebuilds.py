"""Rebuilds by real package managers: on top of the last install, beside what serves."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from appwrite_emulator.assets import assets
from appwrite_emulator.builder import (
    Builder,
    BuildFailed,
    BuildOutput,
    BuildRequest,
    Tools,
    folders,
    generation,
)
from appwrite_emulator.builder.generation import Recipe, Record, Way
from appwrite_emulator.catalog import Catalog, Launch
from appwrite_emulator.execution import probing
from appwrite_emulator.execution.spawner import Spawner
from appwrite_emulator.manifest import Family
from appwrite_emulator.project_file import Entry
from appwrite_emulator.sandbox import choose
from appwrite_emulator.trees import Tree, scan

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
COMPILER = """
const fs = require('fs');
fs.mkdirSync('dist', { recursive: true });
for (const name of fs.readdirSync('src')) {
  fs.writeFileSync('dist/' + name.replace('.ts', '.js'), fs.readFileSync('src/' + name));
}
console.log('compiled');
"""
NODE = {
    "package.json": '{"name": "fn", "dependencies": {"left": "file:./packages/left"},'
    ' "scripts": {"build": "node compile.js"}}',
    "packages/left/package.json": '{"name": "left", "version": "1.0.0"}',
    "packages/left/index.js": "module.exports = 'left 1';",
    "compile.js": COMPILER,
    "src/main.ts": "console.log(require('left') + ' main 1');",
}
NPM = "npm install --offline --no-audit --no-fund --no-update-notifier"


@dataclass
class Workshop:
    """A function's folder, and generations of it built by the real builder."""

    builder: Builder
    family: Family
    launch: Launch
    place: Path
    folder: Path
    entrypoint: str = "main.py"
    commands: str = ""
    count: int = 0
    previous: Path | None = None
    logs: list[str] = field(default_factory=list)

    def write(self, files: dict[str, str]) -> None:
        for name, content in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(content)

    async def follow(self) -> tuple[generation.Need, Path]:
        """Make the next generation as it needs to be: the need, and its code root."""
        tree, found = self.scan(), generation.find(self.folder, self.family, self.launch)
        recipe = Recipe(
            runtime="any", entrypoint=self.entrypoint, commands=self.commands, era="1.9",
            version=self.launch.version,
        )  # fmt: skip
        last = generation.record_of(self.previous) if self.previous else None
        need = generation.need(recipe, tree.files, self.family, last=last, found=found)
        self.count += 1
        folder = self.place / "builds" / f"b{self.count}"
        if need.way is Way.BUILD:
            prepare = generation.prepare
            act = partial(prepare, tree, folder, self.previous, recipe, self.family, found=found)
            await to_thread.run_sync(act)
            await self.build(folder)
            await to_thread.run_sync(generation.conclude, folder, self.family)
        else:
            brought = found if need.way is Way.BRING else None
            generation.lay(tree, folder, self.previous, recipe, found=brought)
        self.previous = folder
        return need, folders.code_root(folder)

    def scan(self) -> Tree:
        skip, markers = generation.left_out(self.family, self.launch)
        entry = Entry(id="f", name="F", runtime="any", folder=self.folder, commands=self.commands)
        return scan(entry, skip=skip, markers=markers)

    async def build(self, folder: Path) -> BuildOutput:
        request = BuildRequest(
            archive=None, folder=folder, launch=self.launch, entrypoint=self.entrypoint,
            commands=self.commands, env={}, era="1.9", memory=1024,
        )  # fmt: skip
        built = await self.builder.build(
            request, on_building=lambda: None, on_logs=lambda logs: None
        )
        self.logs.append(built.logs)
        return built

    def record(self) -> Record:
        record = self.previous and generation.record_of(self.previous)
        assert record
        return record


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    folder = choose("auto").workspace(tmp_path)
    yield folder
    if folder != tmp_path:
        shutil.rmtree(folder)


Bench = Callable[[str], Awaitable[Workshop]]


@pytest.fixture
async def bench(workspace: Path, tmp_path: Path) -> AsyncIterator[Bench]:
    """Makes a workshop for a runtime."""
    sandbox = choose("auto")
    async with Spawner(sandbox) as spawner:
        catalog = Catalog([sandbox.lend(assets("runtimes"), workspace)])
        builder = Builder(
            spawner,
            sandbox,
            homes=workspace / "homes",
            caches=workspace / "caches",
            environ={"PATH": os.environ["PATH"]},
            tools=Tools.of(catalog.families),
            now=lambda: NOW,
        )
        probe = partial(probing.output_of, spawner, workspace / "homes" / "probe")

        async def make(runtime: str) -> Workshop:
            launch, family = await catalog.launch(runtime, probe), catalog.family(runtime)
            assert family
            return Workshop(builder, family, launch, workspace, tmp_path / "fn")

        yield make


@pytest.fixture
async def workshop(bench: Bench) -> Workshop:
    """One for a function that npm installs and builds."""
    made = await bench("node-22")
    made.commands, made.entrypoint = f"{NPM} && npm run build", "dist/main.js"
    made.write(NODE)
    return made


def output(code: Path, entrypoint: str) -> str:
    return subprocess.run(
        ["node", entrypoint], cwd=code, check=True, capture_output=True, text=True
    ).stdout.strip()


def owners(code: Path) -> set[tuple[int, int]]:
    found = ((path.lstat(), path) for path in code.rglob("*"))
    return {
        (status.st_uid, status.st_mode & 0o222)
        for status, path in found
        if stat.S_ISREG(status.st_mode)
    }


async def test_a_built_entrypoint_is_built_after_every_save_on_the_last_install(
    workshop: Workshop,
) -> None:
    need, first = await workshop.follow()
    assert need == (Way.BUILD, "first build")
    assert output(first, "dist/main.js") == "left 1 main 1"
    assert "compiled\n" in workshop.logs[-1]
    assert "added" in workshop.logs[-1]

    workshop.write({"src/main.ts": "console.log(require('left') + ' main 2');"})
    workshop.write({"packages/left/index.js": "module.exports = 'left 2';"})
    need, second = await workshop.follow()

    assert need == (Way.BUILD, "dist/main.js is built")
    assert "up to date" in workshop.logs[-1]
    assert output(second, "dist/main.js") == "left 2 main 2"
    assert output(first, "dist/main.js") == "left 1 main 1"
    assert owners(first) == owners(second) == {(os.getuid(), 0)}


async def test_what_commands_find_is_noted_unless_an_earlier_build_left_it(
    workshop: Workshop,
) -> None:
    await workshop.follow()
    assert workshop.record().beside == ""

    workshop.write({"src/main.ts": "console.log(2);"})
    await workshop.follow()
    assert workshop.record().beside is None


async def test_an_install_of_the_developer_that_commands_find_is_noted(workshop: Workshop) -> None:
    environ = {**os.environ, "npm_config_cache": str(workshop.place / "cache")}
    await anyio.run_process(NPM, cwd=workshop.folder, env=environ)
    found = generation.find(workshop.folder, workshop.family, workshop.launch)
    assert (await workshop.follow())[0].way is Way.BUILD
    assert found
    assert workshop.record().beside == found.stamp


async def test_what_npm_installed_serves_later_saves_and_follows_local_packages(
    workshop: Workshop,
) -> None:
    workshop.commands, workshop.entrypoint = NPM, "src/main.ts"
    need, first = await workshop.follow()
    assert need.way is Way.BUILD
    assert output(first, "src/main.ts") == "left 1 main 1"

    workshop.write({"packages/left/index.js": "module.exports = 'left 2';"})
    need, second = await workshop.follow()

    assert need.way is Way.LAY
    assert output(second, "src/main.ts") == "left 2 main 1"
    assert workshop.record().home == "b1"


async def test_what_the_developer_installed_is_used_without_running_a_command(
    workshop: Workshop,
) -> None:
    workshop.commands, workshop.entrypoint = "exit 1", "src/main.ts"
    environ = {**os.environ, "npm_config_cache": str(workshop.place / "cache")}
    await anyio.run_process(NPM, cwd=workshop.folder, env=environ)
    need, code = await workshop.follow()

    assert need == (Way.BRING, "first build")
    assert output(code, "src/main.ts") == "left 1 main 1"
    workshop.write({"packages/left/index.js": "module.exports = 'left 2';"})
    assert output((await workshop.follow())[1], "src/main.ts") == "left 2 main 1"


async def test_a_failed_rebuild_leaves_what_serves(workshop: Workshop) -> None:
    _, first = await workshop.follow()
    workshop.write({"compile.js": "process.exit(3)"})

    with pytest.raises(BuildFailed, match="exited with code 3"):
        await workshop.follow()

    assert output(first, "dist/main.js") == "left 1 main 1"
    assert sorted(os.listdir(workshop.place / "builds")) == ["b1"]


async def test_an_environment_of_python_is_worked_on_in_a_copy(bench: Bench) -> None:
    workshop = await bench("python-3.12")
    workshop.commands = (
        'python -c \'import site; open(site.getsitepackages()[0] + "/made.py", "a").write("#")\''
    )
    workshop.write({"main.py": "", "requirements.txt": "one"})
    assert (await workshop.follow())[0].reason == "first build"
    assert (await workshop.follow())[0].way is Way.LAY
    workshop.write({"requirements.txt": "two"})
    need, _ = await workshop.follow()

    assert need == (Way.BUILD, "requirements.txt changed")
    made = {
        name: [path.read_text() for path in (workshop.place / "builds" / name).rglob("made.py")]
        for name in ("b1", "b2", "b3")
    }
    assert made == {"b1": ["#"], "b2": [], "b3": ["##"]}
    tool = workshop.place / "builds" / "b3" / "src" / "function" / "runtime-env" / "bin" / "pip"
    assert os.access(tool, os.X_OK)
