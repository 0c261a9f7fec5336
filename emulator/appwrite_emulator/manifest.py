"""The manifest of a language: a folder's `runtime.toml`, read and checked."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

ContentTypeCase = Literal["keep", "lower"]
Count = int  # these names say what a manifest's value must be; see _KINDS
Texts = tuple[str, ...]
Command = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]
Json = str

MANIFEST = "runtime.toml"


class ManifestInvalid(Exception):
    """A runtime manifest cannot be used; the message names file, key and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debugger:
    """How a launcher is started under its language's debugger: the table `inspect`.

    In `command` also `{port}`, where the debugger shall listen, and `{found}`, what `find` printed,
    are replaced; in `find` also `{code}`, the code root of the function, and `{packages}`, where
    the emulator's own environment keeps packages. `launch` is an entry for VS Code, in JSON.
    """

    command: Command
    launch: Json
    port: Count
    find: Texts = ()
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
    build_settings: Texts = ()
    build_settings_kept_out: Texts = ()
    build_config_files: Pairs = ()
    build_caches: Pairs = ()
    inspect: Debugger | None = None

    @property
    def key(self) -> str:
        return self.folder.name

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
    return Family(folder=manifest.parent.resolve(), **_values(str(manifest), Family, given))


def _values(place: str, kind: type[Family | Debugger], given: dict[str, Any]) -> dict[str, Any]:
    """The values of a table, as a `kind` keeps them."""
    keys = {field.name: field for field in fields(kind) if field.name != "folder"}
    for key in given.keys() - keys.keys():
        raise ManifestInvalid(f"{place}: unknown key '{key}'. Known: {', '.join(keys)}.")
    for key, field in keys.items():
        if key not in given and field.default is MISSING:
            raise ManifestInvalid(f"{place}: the key '{key}' is missing.")
    return {key: _read(place, key, keys[key].type, value) for key, value in given.items()}


def _read(place: str, key: str, kind: Any, value: Any) -> Any:
    if kind == "Debugger | None" and isinstance(value, dict):
        return Debugger(**_values(f"{place} [{key}]", Debugger, value))
    accepts, convert, wanted = _KINDS[kind]
    if not accepts(value):
        raise ManifestInvalid(f"{place}: key '{key}' must be {wanted}, not {value!r}.")
    return convert(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


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
    "Pairs": (
        lambda value: isinstance(value, dict) and _is_texts([*value.values()]),
        lambda value: tuple(value.items()),
        "a table of texts",
    ),
    "ContentTypeCase": (
        lambda value: value in get_args(ContentTypeCase),
        str,
        "one of " + ", ".join(get_args(ContentTypeCase)),
    ),
    "Json": (lambda value: isinstance(value, dict), json.dumps, "a table"),
    "Debugger | None": (lambda value: False, dict, "a table"),
}
