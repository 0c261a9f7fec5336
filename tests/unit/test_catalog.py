"""The catalog: which runtimes there are, which families run them, with which interpreter."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import anyio
import pytest

from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog, InterpreterMissing, Launch, Probe
from appwrite_emulator.manifest import (
    Debugger,
    Family,
    Install,
    ManifestInvalid,
    read_family,
)

OWN = os.path.realpath(sys.executable)
MINIMAL = {
    "name": '"Zig"',
    "runtimes": '["zig-*"]',
    "command": '["{interpreter}", "{folder}/launcher"]',
    "interpreters": '["zig{version}", "zig", "zig[0-9]*"]',
    "remedy": '"Install Zig {major}."',
}
MakeFamily = Callable[..., Path]
MakeTools = Callable[..., str]


@pytest.fixture
def make_family(tmp_path: Path) -> MakeFamily:
    def make(key: str, folder: str = "runtimes", **changes: str | None) -> Path:
        place = tmp_path / folder / key
        place.mkdir(parents=True)
        values = {**MINIMAL, **changes}
        lines = [f"{name} = {value}" for name, value in values.items() if value is not None]
        (place / "runtime.toml").write_text("\n".join(lines))
        return place

    return make


@pytest.fixture
def make_tools(tmp_path: Path) -> MakeTools:
    """Makes a folder of programs, each of which tells the version it is given."""

    def make(folder: str = "bin", **versions: str) -> str:
        (tmp_path / folder).mkdir()
        for name, version in versions.items():
            tool = tmp_path / folder / name.replace("_", ".")
            tool.write_text(f"#!/bin/sh\n{version}\n")
            tool.chmod(0o755)
        return str(tmp_path / folder)

    return make


def probe_counting(commands: list[Sequence[str]]) -> Probe:
    async def probe(argv: Sequence[str]) -> str | None:
        commands.append(argv)
        done = await anyio.run_process(argv, check=False)
        return done.stdout.decode() if done.returncode == 0 else None

    return probe


async def found(catalog: Catalog, id: str) -> Launch:
    return await catalog.launch(id, probe_counting([]))


def shipped() -> Catalog:
    return Catalog([assets("runtimes")])


def test_each_era_has_its_runtimes_in_appwrites_order() -> None:
    catalog = shipped()
    old, new = (catalog.runtimes(era) for era in ("1.6", "1.9"))
    assert (len(old), len(new)) == (59, 94)
    assert [runtime.id for runtime in old[:2]] == ["node-14.5", "node-16.0"]
    assert {runtime.id for runtime in old} < {runtime.id for runtime in new}
    assert old[0].image == "openruntimes/node:v4-14.5"
    assert new[0].image == "openruntimes/node:v5-14.5"


def test_a_runtime_of_either_era_is_found_by_id() -> None:
    runtime = shipped().runtime("python-ml-3.12")
    assert runtime is not None
    assert (runtime.key, runtime.version, runtime.name) == ("python-ml", "3.12", "Python (ML)")
    assert runtime.supports
    assert shipped().runtime("node-99") is None


def test_specifications_come_with_memory_in_megabytes() -> None:
    first = shipped().specifications()[0]
    assert (first.slug, first.memory, first.cpus, first.enabled) == (
        "s-0.5vcpu-512mb",
        512,
        0.5,
        True,
    )


def test_a_family_serves_the_runtimes_its_patterns_name() -> None:
    catalog = shipped()
    keys = {
        id: family and family.key
        for id in ("node-14.5", "node-22", "python-3.12", "python-ml-3.11", "swift-6.2")
        for family in [catalog.family(id)]
    }
    assert keys == {
        "node-14.5": "node",
        "node-22": "node",
        "python-3.12": "python",
        "python-ml-3.11": "python",
        "swift-6.2": None,
    }


@pytest.mark.parametrize("id", ["node-22", "python-3.11"])
async def test_the_shipped_families_run_here(id: str) -> None:
    launch = await found(shipped(), id)
    assert launch.argv[0] == launch.interpreter
    assert os.access(launch.argv[-1], os.R_OK)
    assert launch.version[0].isdigit()
    assert launch.runtime == id


def test_a_new_folder_is_a_new_family(make_family: MakeFamily) -> None:
    make_family("swift", runtimes='["swift-*"]')
    folder = make_family("zig", runtimes='["zig-0.13"]').parent
    catalog = Catalog([assets("runtimes"), folder])
    shipped = {family.key for family in Catalog([assets("runtimes")]).families}
    assert [family.key for family in catalog.families] == sorted(shipped | {"swift", "zig"})
    family = catalog.family("swift-6.2")
    assert family is not None
    assert family.key == "swift"


def test_a_runtime_that_only_a_manifest_names_is_listed_last(make_family: MakeFamily) -> None:
    folder = make_family("zig", runtimes='["zig-0.13", "node-22"]').parent
    catalog = Catalog([folder])
    last = catalog.runtimes("1.9")[-1]
    assert (last.id, last.key, last.name, last.version) == ("zig-0.13", "zig", "Zig", "0.13")
    assert catalog.runtime("zig-0.13") == last
    assert len(catalog.runtimes("1.9")) == 95


def test_a_later_folder_replaces_a_family(make_family: MakeFamily) -> None:
    own = make_family("node", runtimes='["node-*"]', name='"My Node"').parent
    family = Catalog([assets("runtimes"), own]).family("node-22")
    assert family is not None
    assert (family.name, family.folder) == ("My Node", own / "node")


def test_the_closest_pattern_wins(make_family: MakeFamily) -> None:
    own = make_family("special", runtimes='["python-ml-*"]').parent
    catalog = Catalog([assets("runtimes"), own])
    chosen = [catalog.family(id) for id in ("python-ml-3.11", "python-3.11")]
    assert [family and family.key for family in chosen] == ["special", "python"]


async def test_the_declared_version_is_preferred(
    make_family: MakeFamily, make_tools: MakeTools
) -> None:
    folder = make_family("zig", runtimes='["zig-2"]').parent
    tools = make_tools(zig="echo v3.0.0", zig9="echo v9.0.0", zig2="echo v2.7.1")
    launch = await found(Catalog([folder], search=[tools]), "zig-2")
    assert (launch.interpreter, launch.version) == (f"{tools}/zig2", "2.7.1")
    assert launch.argv == (f"{tools}/zig2", f"{folder}/zig/launcher")


async def test_else_the_newest_that_runs_is_taken(
    make_family: MakeFamily, make_tools: MakeTools
) -> None:
    folder = make_family("zig", runtimes='["zig-2"]').parent
    tools = make_tools(zig="echo 3.9.0", zig9="echo 3.10.0", zig8="exit 1", zig7="echo none")
    launch = await found(Catalog([folder], search=[tools]), "zig-2")
    assert (launch.interpreter, launch.version) == (f"{tools}/zig9", "3.10.0")


async def test_as_many_parts_of_the_version_must_agree_as_the_manifest_says(
    make_family: MakeFamily, make_tools: MakeTools
) -> None:
    folder = make_family("zig", runtimes='["zig-2.1"]', version_parts="2").parent
    tools = make_tools(zig="echo 2.0.9", zig1="echo 2.1.3")
    assert (await found(Catalog([folder], search=[tools]), "zig-2.1")).version == "2.1.3"


async def test_an_interpreter_that_does_not_run_is_passed_over(
    make_family: MakeFamily, make_tools: MakeTools
) -> None:
    folder = make_family("zig", runtimes='["zig-2"]').parent
    search = [make_tools("shims", zig="exit 127"), make_tools("real", zig="echo 2.0")]
    assert (await found(Catalog([folder], search=search), "zig-2")).interpreter.endswith("real/zig")


async def test_the_emulators_own_interpreter_can_be_a_candidate(make_family: MakeFamily) -> None:
    folder = make_family("zig", runtimes='["zig-2"]', interpreters='["{own}"]').parent
    launch = await found(Catalog([folder], search=[]), "zig-2")
    assert launch.interpreter == OWN


async def test_what_was_found_is_remembered_and_a_failure_is_not(
    make_family: MakeFamily, make_tools: MakeTools, tmp_path: Path
) -> None:
    folder = make_family("zig", runtimes='["zig-2", "zig-3"]').parent
    catalog = Catalog([folder], search=[str(tmp_path / "bin")])
    commands: list[Sequence[str]] = []
    with pytest.raises(InterpreterMissing):
        await catalog.launch("zig-2", probe_counting(commands))
    make_tools(zig="echo 2.0")
    first = await catalog.launch("zig-2", probe_counting(commands))
    assert await catalog.launch("zig-2", probe_counting(commands)) is first
    await catalog.launch("zig-3", probe_counting(commands))
    assert commands == [(str(tmp_path / "bin" / "zig"), "--version")]


async def test_many_who_ask_at_once_share_one_search(
    make_family: MakeFamily, make_tools: MakeTools
) -> None:
    folder = make_family("zig", runtimes='["zig-2"]').parent
    catalog = Catalog([folder], search=[make_tools(zig="echo 2.0")])
    commands: list[Sequence[str]] = []
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(catalog.launch, "zig-2", probe_counting(commands))
    assert len(commands) == 1


async def test_a_missing_interpreter_says_what_was_tried_and_what_to_do(
    make_family: MakeFamily, make_tools: MakeTools
) -> None:
    folder = make_family("zig", runtimes='["zig-2.1"]').parent
    with pytest.raises(InterpreterMissing) as nothing:
        await found(Catalog([folder], search=[]), "zig-2.1")
    assert str(nothing.value) == (
        "Runtime 'zig-2.1' needs Zig, but none is on PATH. Install Zig 2."
    )
    tools = make_tools(zig="exit 1")
    with pytest.raises(InterpreterMissing, match=f"cannot run: {tools}/zig. Install"):
        await found(Catalog([folder], search=[tools]), "zig-2.1")


@pytest.mark.parametrize("id", ["swift-6.2", "nonsense"])
async def test_a_runtime_without_a_launcher_is_refused(id: str) -> None:
    with pytest.raises(InterpreterMissing, match=rf"'{id}' has no launcher.*Node\.js, PHP, Python"):
        await found(shipped(), id)


async def test_a_launch_carries_the_manifests_values(
    make_family: MakeFamily, make_tools: MakeTools
) -> None:
    folder = make_family(
        "zig",
        runtimes='["zig-2"]',
        start_variables='["ZIG_*"]',
        memory_floor="256",
        concurrency="4",
        spare="false",
        workdir='"src"',
        content_type_case='"lower"',
        native_newline="false",
        native_limit="8000",
        path='["zig-out/bin"]',
        prepare="'{interpreter} init ${x}'",
        env="{ A = 'b' }",
    ).parent
    tools = make_tools("my tools", zig="echo 2.0")
    launch = await found(Catalog([folder], search=[tools]), "zig-2")
    assert launch == Launch(
        runtime="zig-2",
        family="zig",
        argv=(f"{tools}/zig", f"{folder}/zig/launcher"),
        interpreter=f"{tools}/zig",
        version="2.0",
        start_variables=("ZIG_*",),
        memory_floor=256,
        concurrency=4,
        spare=False,
        workdir="src",
        env=(("A", "b"),),
        content_type_case="lower",
        native_newline=False,
        native_limit=8000,
        path=("zig-out/bin",),
        prepare=f"'{tools}/zig' init ${{x}}",
    )


async def test_a_launch_knows_how_to_start_under_a_debugger(
    make_family: MakeFamily, make_tools: MakeTools
) -> None:
    inspect = """{ port = 7, command = ["{interpreter}", "{folder}", "{found}", "{port}"],
        find = ["{interpreter}", "{code}", "{packages}"], remedy = "{executable} -m pip",
        launch = { port = "{port}", skip = ["{folder}/x"] } }"""
    folder = make_family("zig", runtimes='["zig-2"]', inspect=inspect.replace("\n", "")).parent
    tools = make_tools("tools", zig="echo 2.0")
    launch = await found(Catalog([folder], search=[tools]), "zig-2")
    debugger = launch.inspect
    assert debugger is not None
    assert launch.inspected("/found", 9) == (f"{tools}/zig", f"{folder}/zig", "/found", "9")
    program, code, packages = launch.finding(Path("/code"))
    assert (program, code) == (f"{tools}/zig", "/code")
    assert str(Path(pytest.__file__).parents[1]) in packages.split(":")
    assert debugger.remedy == f"{sys.executable} -m pip"
    assert json.loads(debugger.launch) == {"port": "{port}", "skip": [f"{folder}/zig/x"]}


def test_a_manifest_says_the_least_that_is_needed(make_family: MakeFamily) -> None:
    family = read_family(make_family("zig") / "runtime.toml")
    assert isinstance(family, Family)
    assert (family.concurrency, family.spare, family.workdir, family.env) == (1, True, ".", ())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "the key 'name' is missing."),
        ({"runtime": '"x"'}, "unknown key 'runtime'. Known: name, runtimes,"),
        ({"name": "5"}, "key 'name' must be a text, not 5."),
        ({"command": "[]"}, "key 'command' must be a list of at least one text, not []."),
        ({"interpreters": '"zig"'}, "key 'interpreters' must be a list of at least one text"),
        ({"path": "[1]"}, "key 'path' must be a list of texts, not [1]."),
        ({"concurrency": "0"}, "key 'concurrency' must be a whole number from 1, not 0."),
        ({"memory_floor": "true"}, "key 'memory_floor' must be a whole number from 0, not True."),
        ({"memory_floor": "-1"}, "key 'memory_floor' must be a whole number from 0, not -1."),
        ({"native_limit": "false"}, "key 'native_limit' must be a whole number from 0, not False."),
        ({"spare": "1"}, "key 'spare' must be true or false, not 1."),
        ({"env": "{ A = 1 }"}, "key 'env' must be a table of texts, not {'A': 1}."),
        ({"entrypoint_mark": '"("'}, "key 'entrypoint_mark' must be a regular expression, not '('"),
        ({"recipes": "[{ run = 'make' }]"}, "key 'recipes' must be a list of tables with `needs`"),
        ({"recipes": "[{ needs = {a = '('}, run = 'make' }]"}, "key 'recipes' must be a list of"),
        ({"content_type_case": '"upper"'}, "must be one of keep, lower, not 'upper'."),
        ({"inspect": "1"}, "key 'inspect' must be a table, not 1."),
        ({"inspect": "{ port = 1, launch = {} }"}, "the key 'command' is missing."),
        ({"inspect": "{ where = 1 }"}, "unknown key 'where'. Known: command, launch, port,"),
        ({"installs": "[1]"}, "'installs' must be tables, each begun with [[installs]], not [1]."),
        ({"installs": '[{ becomes = "x" }]'}, "[[installs]]: the key 'folders' is missing."),
        ({"installs": "[{ place = 1 }]"}, "[[installs]]: unknown key 'place'. Known: folders,"),
        ({"name": "{"}, "Invalid"),
    ],
)
def test_a_wrong_manifest_is_named_with_key_and_value(
    make_family: MakeFamily, changes: Mapping[str, str | None], message: str
) -> None:
    manifest = make_family("zig", **changes) / "runtime.toml"
    with pytest.raises(ManifestInvalid) as caught:
        Catalog([manifest.parent.parent]).runtimes("1.9")
    assert str(manifest) in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("table", "head"),
    [
        (Family, "| key | default | meaning |\n"),
        (Debugger, "The table `inspect`, for `--inspect`:\n\n| key | default | meaning |\n"),
        (Install, "| key of `[[installs]]` | default | meaning |\n"),
    ],
)
def test_every_key_of_a_manifest_is_explained(table: type[Any], head: str) -> None:
    readme = (assets("runtimes") / "README.md").read_text(encoding="utf-8")
    rows = readme.split(head, 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    keys = [key for row in rows for key in re.findall(r"`\[*(\w+)\]*`", row.split("|")[1])]
    assert sorted(keys) == sorted({each.name for each in fields(table)} - {"folder"})


def test_what_is_installed_is_neither_source_nor_watched() -> None:
    family = read_family(assets("runtimes") / "python" / "runtime.toml")
    assert family.left_out == {"__pycache__", "/runtime-env", "/.venv", "/venv"}
