"""Which runtimes can run here, by which interpreters, and what the others need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path

import anyio

from ...assets import assets
from ...catalog import Catalog, InterpreterMissing, Runtime, agrees
from ...config import Config
from ...manifest import ManifestInvalid
from ...project_file import Entry
from ...sandbox import Prober, Sandbox
from .parts import Line, Mark, Part


@dataclass(frozen=True, slots=True)
class Found:
    """How one runtime stands here."""

    id: str
    family: str  # the folder with its launcher; without one, Appwrite's name for the language
    has_launcher: bool
    interpreter: str = ""  # empty: it cannot run here
    version: str = ""  # of the interpreter
    exact: bool = False  # whether that is the declared version
    missing: str = ""  # what it needs, for people
    inspect: bool = False  # whether it can run under a debugger
    inspect_missing: str = ""  # what that needs, if it could

    @property
    def declared(self) -> str:
        return self.id.removeprefix(f"{self.family}-")


async def examine(config: Config, entries: Sequence[Entry], sandbox: Sandbox) -> Part:
    """Look for the interpreter of every runtime that Appwrite lists."""
    catalog = Catalog([assets("runtimes"), *config.runtimes])
    try:
        found = await _search(catalog, config, sandbox)
    except ManifestInvalid as exc:
        return Part("runtimes", "Runtimes", (Line(Mark.BAD, str(exc)),), [])
    lines = (*_lines(found), *_unmet(found, entries))
    return Part("runtimes", "Runtimes", lines, [asdict(each) for each in found])


async def _search(catalog: Catalog, config: Config, sandbox: Sandbox) -> list[Found]:
    probe = Prober(sandbox)
    runtimes = catalog.runtimes(config.appwrite)
    found: dict[str, Found] = {}
    _ = catalog.families  # reads the manifests: what is wrong with one comes without a group

    async def find(family: list[Runtime]) -> None:
        for runtime in family:
            found[runtime.id] = await _find(catalog, runtime, probe)

    async with anyio.create_task_group() as group:
        for _, family in groupby(runtimes, key=lambda runtime: runtime.key):
            group.start_soon(find, list(family))
    return [found[runtime.id] for runtime in runtimes]


async def _find(catalog: Catalog, runtime: Runtime, probe: Prober) -> Found:
    family = catalog.family(runtime.id)
    if family is None:
        missing = "There is no launcher for it in this version."
        return Found(runtime.id, runtime.key, False, missing=missing)
    try:
        launch = await catalog.launch(runtime.id, probe)
    except InterpreterMissing as exc:
        return Found(runtime.id, family.key, True, missing=str(exc))
    exact = agrees(launch.version, runtime.version, family.version_parts)
    found = Found(runtime.id, family.key, True, launch.interpreter, launch.version, exact)
    if launch.inspect is None:
        return found
    find = launch.finding(Path("/nowhere"))
    if find and not launch.has_debugger and await probe(find) is None:
        return replace(found, inspect_missing=launch.inspect.remedy)
    return replace(found, inspect=True)


def _lines(found: list[Found]) -> Iterator[Line]:
    """A line for each version of an interpreter, and for each language that is missing."""
    for family in dict.fromkeys(each.family for each in found if each.has_launcher):
        runtimes = [each for each in found if each.family == family]
        for version in dict.fromkeys(each.version for each in runtimes if each.interpreter):
            served = [each for each in runtimes if each.version == version]
            yield Line(Mark.GOOD, f"{family} {version}  {served[-1].interpreter}", _served(served))
        lost = [each for each in runtimes if not each.interpreter]
        needs = dict.fromkeys(each.inspect_missing for each in runtimes if each.inspect_missing)
        for need in needs:
            yield Line(Mark.NOTE, f"{family} has no debugger for --inspect", need)
        if lost:  # all versions need the same, so the newest speaks for them
            yield Line(Mark.NOTE, f"{family} is missing", lost[-1].missing)
    if not any(each.interpreter for each in found):
        yield Line(Mark.BAD, "no runtime can run here", "Install one of those above.")
    foreign = dict.fromkeys(each.family for each in found if not each.has_launcher)
    if foreign:
        yield Line(Mark.NOTE, f"no launcher in this version: {', '.join(foreign)}")


def _served(served: list[Found]) -> str:
    exact = [each.declared for each in served if each.exact]
    others = [each.declared for each in served if not each.exact]
    parts = [f"as declared: {', '.join(exact)}"] if exact else []
    parts += [f"standing in for: {', '.join(others)}"] if others else []
    return "; ".join(parts)


def _unmet(found: list[Found], entries: Sequence[Entry]) -> Iterator[Line]:
    """What the functions of the project file need and cannot have."""
    known = {each.id: each for each in found}
    for runtime in dict.fromkeys(entry.runtime for entry in entries):
        each = known.get(runtime)
        if each is not None and each.interpreter:
            continue
        ids = [entry.id for entry in entries if entry.runtime == runtime]
        text = f"{runtime} is needed by {', '.join(ids)}"
        yield Line(Mark.BAD, text, each.missing if each else "Appwrite has no such runtime.")
