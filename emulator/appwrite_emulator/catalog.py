"""Which runtimes Appwrite knows, and how this machine can run them."""

from __future__ import annotations

import glob
import json
import os
import re
import shlex
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from .errors import Era
from .manifest import (
    MANIFEST,
    Command,
    ContentTypeCase,
    Count,
    Debugger,
    Family,
    Pairs,
    Texts,
    manifests,
    read_family,
)

if TYPE_CHECKING:
    from anyio import Lock

Probe = Callable[[Sequence[str]], Awaitable[str | None]]
"""Runs a command as a function would be run; its output, or None if it did not run or failed."""


class InterpreterMissing(Exception):
    """A runtime cannot be run here; the message says what was tried and what to install."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime as Appwrite lists it, `node-22`. Source: runtime lists of Appwrite 1.6.2, 1.9.6."""

    id: str
    key: str
    name: str
    version: str
    base: str
    image: str
    logo: str
    supports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Specification:
    """A size that builds and functions can have; `memory` in MB. Source: Appwrite 1.9.6."""

    slug: str
    memory: int
    cpus: float
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """All that the engine and the builder need to start one runtime's launcher.

    `memory_floor` is in MB, `native_limit` in characters (0: no limit but the log's), `prepare` is
    shell to run before a function's build commands. `start_variables` are patterns of variables
    that are only read while a process starts: a function that has one gets no spare.
    """

    runtime: str
    family: str
    argv: Texts
    interpreter: str
    version: str
    start_variables: Texts
    memory_floor: int
    concurrency: Count
    spare: bool
    workdir: str
    env: Pairs
    content_type_case: ContentTypeCase
    native_newline: bool
    native_limit: int
    path: Texts
    prepare: str
    dependency_folders: Texts = ()
    inspect: Debugger | None = None

    def finding(self, code: Path, lend: Callable[[Path], Path] | None = None) -> Texts:
        """The command that prints where the debugger is for the code at `code`, if one does.

        `lend` makes packages of the emulator's environment reachable for functions. Blocking.
        """
        if self.inspect is None:
            return ()
        lent = _lent(self.inspect.packages, lend) if lend else []
        packages = ":".join([*lent, *_packages()])
        return _filled(self.inspect.find, {"code": str(code), "packages": packages})

    @property
    def has_debugger(self) -> bool:
        """Whether the emulator's own environment has what its debugger needs."""
        names = self.inspect.packages if self.inspect else ()
        return bool(names) and len(_lent(names, lambda folder: folder)) >= len(names)

    def inspected(self, found: str, port: int) -> Texts:
        """The command that starts the launcher under the debugger, which listens on `port`."""
        assert self.inspect is not None, "somebody must have asked whether there is a debugger"
        return _filled(self.inspect.command, {"found": found, "port": str(port)})


class Catalog:
    """The runtimes of both eras, and the families found in `folders` (later ones win).

    Nothing about a language is known here: a family is a folder with a `runtime.toml`. Manifests
    are read when first needed; one that is wrong raises ManifestInvalid then. `search` are the
    folders to look for interpreters in; by default those of PATH.
    """

    def __init__(self, folders: Sequence[Path], *, search: Sequence[str] | None = None) -> None:
        self._folders = folders
        self._search = search
        self._launches: dict[str, Launch] = {}
        self._versions: dict[Command, str] = {}
        self._finding: dict[str, Lock] = {}

    def runtimes(self, era: Era) -> tuple[Runtime, ...]:
        """The runtimes of `era` in Appwrite's order, then those that only a manifest names."""
        return (*self._by_era[era], *self._added)

    def specifications(self) -> tuple[Specification, ...]:
        """Every size, the smallest first."""
        return tuple(Specification(**row) for row in _data("specifications")["specifications"])

    def runtime(self, id: str) -> Runtime | None:
        """The runtime of that id in either era."""
        return self._by_id.get(id)

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """Every family that has a launcher here, by name of its folder."""
        found = {path.parent.name: path for folder in self._folders for path in manifests(folder)}
        return tuple(read_family(found[name]) for name in sorted(found))

    def family(self, id: str) -> Family | None:
        """The family that runs runtime `id`; None when there is no launcher for it here."""
        serving = [family for family in self.families if family.serves(id)]
        return max(serving, key=lambda family: _closeness(family, id), default=None)

    async def launch(self, id: str, probe: Probe) -> Launch:
        """How to start the launcher of runtime `id`, with the best interpreter of this machine.

        That is the first one of the declared version, else the newest that runs. What was found
        is remembered; a failure is not, so that a later installation counts.
        Raises InterpreterMissing.
        """
        if id in self._launches:
            return self._launches[id]
        from anyio import Lock  # there in every event loop, and costly where there is none

        async with self._finding.setdefault(id, Lock()):  # many ask when a project starts
            if id not in self._launches:
                self._launches[id] = await self._find(id, probe)
        return self._launches[id]

    def interpreters(self, family: Family, runtimes: Iterable[Runtime]) -> Iterator[str]:
        """The paths of what may run some of these runtimes, those for the first ones first."""
        words = [_words(runtime, family) for runtime in runtimes]
        names = [name for each in words for name in _filled(family.interpreters, each)]
        return _candidates(dict.fromkeys(names), self._paths)

    @property
    def _paths(self) -> Sequence[str]:
        return os.get_exec_path() if self._search is None else self._search

    async def _find(self, id: str, probe: Probe) -> Launch:
        runtime, family = self.runtime(id), self.family(id)
        if runtime is None or family is None:
            raise InterpreterMissing(self._no_launcher(id))
        words = _words(runtime, family)
        candidates = tuple(_candidates(_filled(family.interpreters, words), self._paths))
        versions: dict[str, str] = {}
        for path in candidates:
            command = _filled(family.version_command, words | {"interpreter": path})
            version = await self._version(command, probe)
            if version and agrees(version, runtime.version, family.version_parts):
                return _launch(runtime, family, path, version)
            if version:
                versions[path] = version
        if not versions:
            raise InterpreterMissing(_missing(runtime, family, candidates))
        newest = max(versions, key=lambda path: _numbers(versions[path]))
        return _launch(runtime, family, newest, versions[newest])

    async def _version(self, command: Command, probe: Probe) -> str | None:
        if command not in self._versions:
            found = re.search(r"\d+(\.\d+)*", await probe(command) or "")
            if found is None:
                return None
            self._versions[command] = found.group()
        return self._versions[command]

    def _no_launcher(self, id: str) -> str:
        names = ", ".join(family.name for family in self.families) or "none"
        return (
            f"Runtime '{id}' has no launcher here (there are launchers for: {names}). "
            f"Choose another runtime, or add a folder with a {MANIFEST} by --runtimes DIR."
        )

    @cached_property
    def _by_era(self) -> dict[Era, tuple[Runtime, ...]]:
        return {era: _listed(era) for era in get_args(Era)}

    @cached_property
    def _by_id(self) -> dict[str, Runtime]:
        known = [runtime for runtimes in self._by_era.values() for runtime in runtimes]
        return {runtime.id: runtime for runtime in (*known, *self._added)}

    @cached_property
    def _added(self) -> tuple[Runtime, ...]:
        known = {runtime.id for runtimes in self._by_era.values() for runtime in runtimes}
        return tuple(
            _own_runtime(family, id)
            for family in self.families
            for id in family.runtimes
            if id not in known and "*" not in id
        )


@cache
def _data(name: str) -> Any:
    path = Path(__file__).parent / "data" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _listed(era: Era) -> tuple[Runtime, ...]:
    return tuple(_from_row(row) for row in _data(f"runtimes-{era}")["runtimes"])


def _from_row(row: Mapping[str, Any]) -> Runtime:
    names = [field.name for field in fields(Runtime)]
    values = {name: row["$id" if name == "id" else name] for name in names}
    return Runtime(**values | {"supports": tuple(row["supports"])})


def _own_runtime(family: Family, id: str) -> Runtime:
    version = id.removeprefix(f"{family.key}-")
    return Runtime(id, family.key, family.name, version, "", "", f"{family.key}.png", ("x86",))


def _closeness(family: Family, id: str) -> int:
    return max((len(text) for text in family.runtimes if fnmatchcase(id, text)), default=0)


def _words(runtime: Runtime, family: Family) -> dict[str, str]:
    return {
        "folder": str(family.folder),
        "version": runtime.version,
        "major": runtime.version.split(".")[0],
        "own": os.path.realpath(sys.executable),  # outside a virtual environment, where pip is
        "executable": sys.executable,
    }


def _packages() -> list[str]:
    """The folders in which the emulator's own environment keeps packages."""
    return [path for path in sys.path if path.endswith("-packages")]


def _lent(names: Sequence[str], lend: Callable[[Path], Path]) -> list[str]:
    """The folders in which functions reach those of the packages that are there."""
    places = (Path(folder, name) for name in names for folder in _packages())
    return [str(lend(place).parent) for place in places if place.is_dir()]


def _filled(texts: Sequence[str], words: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(_fill(text, words) for text in texts)


def _fill(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", value)
    return text


def _candidates(patterns: Iterable[str], search: Sequence[str]) -> Iterator[str]:
    seen = set()
    for pattern in patterns:
        for path in _matches(pattern, search):
            real = os.path.realpath(path)
            if real not in seen and os.access(path, os.X_OK) and os.path.isfile(path):
                seen.add(real)
                yield path


def _matches(pattern: str, search: Sequence[str]) -> list[str]:
    if os.path.isabs(pattern):
        return [pattern]
    return [
        path
        for folder in search
        if os.path.isabs(folder)
        for path in sorted(glob.glob(os.path.join(glob.escape(folder), pattern)))
    ]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def agrees(version: str, declared: str, parts: int) -> bool:
    """Whether a version is the declared one, as far as the first `parts` of it go."""
    return version.split(".")[:parts] == declared.split(".")[:parts]


def _missing(runtime: Runtime, family: Family, candidates: Sequence[str]) -> str:
    tried = "none is on PATH"
    if candidates:
        tried = "functions, which may run as another user, cannot run: " + ", ".join(candidates)
    remedy = _fill(family.remedy, _words(runtime, family))
    return f"Runtime '{runtime.id}' needs {family.name}, but {tried}. {remedy}"


def _launch(runtime: Runtime, family: Family, interpreter: str, version: str) -> Launch:
    words = _words(runtime, family) | {"interpreter": interpreter}
    quoted = {word: shlex.quote(value) for word, value in words.items()}
    shared = {field.name for field in fields(Family)} & {field.name for field in fields(Launch)}
    return Launch(
        runtime=runtime.id,
        family=family.key,
        argv=_filled(family.command, words),
        interpreter=interpreter,
        version=version,
        **{name: getattr(family, name) for name in shared}
        | {
            "prepare": _fill(family.prepare, quoted),
            "inspect": family.inspect and _debugger(family.inspect, words),
        },
    )


def _debugger(debugger: Debugger, words: Mapping[str, str]) -> Debugger:
    quoted = {word: json.dumps(value)[1:-1] for word, value in words.items()}
    return replace(
        debugger,
        command=_filled(debugger.command, words),
        find=_filled(debugger.find, words),
        remedy=_fill(debugger.remedy, words),
        launch=_fill(debugger.launch, quoted),
    )
