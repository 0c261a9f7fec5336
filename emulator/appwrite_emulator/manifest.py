"""The manifest of a language: a folder's `runtime.toml`, read and checked."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

ContentTypeCase = Literal["keep", "lower"]
Count = int  # these names say what a manifest's value must be; see _KINDS
Texts = tuple[str, ...]
Command = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]
Pattern = str
Json = str

MANIFEST = "runtime.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """Where a package manager installs a function's dependencies, in its folder and in a build.

    Paths and patterns are relative to the installed folder; `{found}` in `requires` is the version
    of the interpreter. The keys are explained one by one in the README of the runtimes.
    """

    folders: Command
    becomes: str
    markers: Texts = ()
    requires: Texts = ()
    left_out: Texts = ()
    anchors: Texts = ()
    placed: Texts = ()


Installs = tuple[Install, ...]


class ManifestInvalid(Exception):
    """A runtime manifest cannot be used; the message names file, key and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a function that has certain files is built, when no project file says it."""

    needs: Pairs  # file: what must be found in it, a regular expression; "" if it may say anything
    run: str  # the build commands
    makes: Pairs = ()  # source: the entrypoint that `run` makes of it


Recipes = tuple[Recipe, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Debugger:
    """How a launcher is started under its language's debugger: the table `inspect`.

    In `command` also `{port}`, where the debugger shall listen, and `{found}`, what `find` printed,
    are replaced; in `find` also `{code}`, the code root of the function, and `{packages}`, where
    the emulator's own environment keeps packages. `packages` are those of them that `find` looks
    for: functions that cannot reach them get copies. `launch` is an entry for VS Code, in JSON.
    """

    command: Command
    launch: Json
    port: Count
    find: Texts = ()
    packages: Texts = ()
    remedy: str = ""
    memory: int = 0
    grace: int = 0
    noise: Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How the functions of one language run here: the values of a folder's `runtime.toml`.

    Commands are lists of arguments in which `{interpreter}`, `{folder}` (the family's own),
    `{version}` and `{major}` (of the declared runtime) and `{own}` (the interpreter that runs the
    emulator) are replaced. The keys are explained one by one in the README of the runtimes.
    """

    folder: Path
    name: str
    runtimes: Command
    command: Command
    interpreters: Command
    remedy: str
    version_command: Command = ("{interpreter}", "--version")
    version_parts: Count = 1
    start_variables: Texts = ()
    memory_floor: int = 64
    concurrency: Count = 1
    spare: bool = True
    workdir: str = "."
    env: Pairs = ()
    content_type_case: ContentTypeCase = "keep"
    native_newline: bool = True
    native_limit: int = 0
    path: Texts = ()
    prepare: str = ""
    dependency_files: Texts = ()
    dependency_folders: Texts = ()
    installs: Installs = ()
    built_entrypoints: Texts = ()
    build_settings: Texts = ()
    build_settings_kept_out: Texts = ()
    build_config_files: Pairs = ()
    build_caches: Pairs = ()
    signs: Texts = ()
    entrypoints: Texts = ()
    entrypoint_keys: Pairs = ()
    entrypoint_mark: Pattern = ""
    recipes: Recipes = ()
    template: Pairs = ()
    inspect: Debugger | None = None

    @property
    def key(self) -> str:
        return self.folder.name

    @property
    def left_out(self) -> frozenset[str]:
        """The folders of installed dependencies, in the words of Skip: no source, not watched."""
        installs = (f"/{name}" for rule in self.installs for name in rule.folders)
        return frozenset((*self.dependency_folders, *installs))

    def serves(self, id: str) -> bool:
        return any(fnmatchcase(id, pattern) for pattern in self.runtimes)


def manifests(folder: Path) -> Iterator[Path]:
    """The manifest of each family in `folder`."""
    return folder.glob(f"*/{MANIFEST}")


def read_family(manifest: Path) -> Family:
    """The family that a manifest file describes. Raises ManifestInvalid."""
    try:
        given = tomllib.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ManifestInvalid(f"{manifest}: {exc}") from exc
    try:
        return Family(folder=manifest.parent.resolve(), **_values(Family, given))
    except ManifestInvalid as exc:
        raise ManifestInvalid(f"{manifest}: {exc}") from exc


def _values(table: type[Family | Install | Debugger], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a table of a manifest says, by the names of `table`'s fields."""
    keys = {field.name: field for field in fields(table) if field.name != "folder"}
    for key in given.keys() - keys.keys():
        raise ManifestInvalid(f"unknown key '{key}'. Known: {', '.join(keys)}.")
    for key, field in keys.items():
        if key not in given and field.default is MISSING:
            raise ManifestInvalid(f"the key '{key}' is missing.")
    return {key: _read(key, keys[key].type, value) for key, value in given.items()}


def _read(key: str, kind: Any, value: Any) -> Any:
    accepts, convert, wanted = _KINDS[kind]
    if not accepts(value):
        raise ManifestInvalid(f"key '{key}' must be {wanted}, not {value!r}.")
    return convert(value)


def _installs(tables: Sequence[Mapping[str, Any]]) -> Installs:
    try:
        return tuple(Install(**_values(Install, table)) for table in tables)
    except ManifestInvalid as exc:
        raise ManifestInvalid(f"[[installs]]: {exc}") from exc


def _debugger(table: Mapping[str, Any]) -> Debugger:
    try:
        return Debugger(**_values(Debugger, table))
    except ManifestInvalid as exc:
        raise ManifestInvalid(f"[inspect]: {exc}") from exc


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and _is_texts([*value.values()])


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value))
    except re.error:
        return False


def _are_recipes(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, dict)
        and {"needs", "run"} <= row.keys() <= {"needs", "run", "makes"}
        and isinstance(row["run"], str)
        and _is_table(row["needs"])
        and all(_is_pattern(text) for text in row["needs"].values())
        and _is_table(row.get("makes", {}))
        for row in value
    )


def _recipe(row: dict[str, Any]) -> Recipe:
    makes = tuple(row.get("makes", {}).items())
    return Recipe(needs=tuple(row["needs"].items()), run=row["run"], makes=makes)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 1


_KINDS: dict[str, tuple[Callable[[Any], bool], Callable[[Any], Any], str]] = {
    # annotation in Family: is the value one, how it is kept, what to tell
    "str": (lambda value: isinstance(value, str), str, "a text"),
    "int": (lambda value: type(value) is int and value >= 0, int, "a whole number from 0"),
    "Count": (_is_count, int, "a whole number from 1"),
    "bool": (lambda value: isinstance(value, bool), bool, "true or false"),
    "Texts": (_is_texts, tuple, "a list of texts"),
    "Command": (lambda value: _is_texts(value) and value, tuple, "a list of at least one text"),
    "Pairs": (_is_table, lambda value: tuple(value.items()), "a table of texts"),
    "Pattern": (_is_pattern, str, "a regular expression"),
    "Recipes": (
        _are_recipes,
        lambda value: tuple(_recipe(row) for row in value),
        "a list of tables with `needs` (a table of regular expressions), the text `run`, and "
        "perhaps `makes` (a table of texts)",
    ),
    "Installs": (
        lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
        _installs,
        "tables, each begun with [[installs]]",
    ),
    "ContentTypeCase": (
        lambda value: value in get_args(ContentTypeCase),
        str,
        "one of " + ", ".join(get_args(ContentTypeCase)),
    ),
    "Json": (lambda value: isinstance(value, dict), json.dumps, "a table"),
    "Debugger | None": (lambda value: isinstance(value, dict), _debugger, "a table"),
}
