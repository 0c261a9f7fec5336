"""Every option, declared once: name, type, default, help; and where its value comes from."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from .declared import ConfigError, Inspected, Key, Repository, Webhook
from .errors import Era

__all__ = [
    "FILE_NAME", "PREFIX", "Config", "ConfigError", "Inspected", "Key", "Repository", "SandboxMode",
    "Webhook", "option", "own_environment",
]  # fmt: skip

FILE_NAME = "appwrite-emulator.toml"
FOLDER = ".appwrite-emulator"
"""Where the state lies, in the folder of a project."""
PREFIX = "APPWRITE_EMULATOR_"
SandboxMode = Literal["auto", "require", "off"]
_NEAR = 0.75  # likeness of a misspelt name


def option(default: Any, help: str, *, metavar: str = "") -> Any:
    """A field of `Config`: its default and the sentence that `--help` shows."""
    return field(default=default, metadata={"help": help, "metavar": metavar})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """How an emulator runs. Order of sources: argument, environment, file, default.

    Each option `some_name` is also the variable `APPWRITE_EMULATOR_SOME_NAME` (lists separated by
    white space) and the key `some_name` of `appwrite-emulator.toml`.
    """

    host: str = option(
        "localhost",
        "Address to listen on; `localhost` is 127.0.0.1 and ::1, anything else needs --key.",
        metavar="HOST",
    )
    port: int = option(9080, "Port to listen on; 0 takes a free one.", metavar="PORT")
    state: Path | None = option(
        None,
        "File that keeps the state [default: .appwrite-emulator/state.json in DIR].",
        metavar="FILE",
    )
    memory: bool = option(False, "Keep the state in memory only; nothing is left when it stops.")
    build_cache: Path | None = option(
        None,
        "Folder that keeps builds: where nothing that a build depends on has changed, its commands "
        "do not run again.",
        metavar="FOLDER",
    )
    project: str = option(
        "",
        "Project id to announce and to deploy into [default: the project file's, else `demo`].",
        metavar="ID",
    )
    keys: tuple[Key, ...] = option(
        (), "API key `SECRET[=SCOPE,SCOPE...]` held to its scopes; may be repeated.", metavar="KEY"
    )
    strict: bool = option(
        False, "Accept declared keys only, each in its project if it names one, instead of any."
    )
    appwrite: Era = option(
        "1.9", "Appwrite generation to speak where no header of a request decides."
    )
    watch: bool = option(
        True, "Follow the folders of functions and the project file: what is saved is what runs."
    )
    sandbox: SandboxMode = option(
        "auto",
        "Confinement of functions: the best this machine gives, required to contain files and "
        "processes, or off.",
    )
    runtimes: tuple[Path, ...] = option(
        (), "Folder with further language folders; may be repeated.", metavar="FOLDER"
    )
    repositories: tuple[Repository, ...] = option(
        (),
        "Local folder or git repository that templates and connected functions are deployed from "
        "in place of OWNER/NAME; may be repeated.",
        metavar="OWNER/NAME=FOLDER",
    )
    webhooks: tuple[Webhook, ...] = option(
        (),
        "Address of this machine that is told of events, `EVENT[,EVENT...]=URL`; may be repeated.",
        metavar="WEBHOOK",
    )
    inspect: tuple[Inspected, ...] = option(
        (),
        "Function to run under the debugger of its language, without timeouts; may be repeated. "
        "Debuggers attach at PORT [default: the language's usual one, or one that is free].",
        metavar="FUNCTION[=PORT]",
    )
    hosts: tuple[str, ...] = option(
        (),
        "Further host name to answer to (besides loopback names); may be repeated.",
        metavar="NAME",
    )
    origins: tuple[str, ...] = option(
        (),
        "Further web origin that may call (besides localhost); may be repeated.",
        metavar="ORIGIN",
    )
    functions_domain: str = option(
        "functions.localhost",
        "Domain below which each function answers at a name of its own.",
        metavar="NAME",
    )
    function_timeout: int = option(900, "Longest `timeout` a function may have, in seconds.")
    sync_timeout: float = option(30.0, "Seconds after which a synchronous execution answers 408.")
    build_timeout: int = option(900, "Seconds a build may take.")
    size_limit: int = option(30_000_000, "Bytes an uploaded archive may have; 0 is no limit.")
    build_size_limit: int = option(2_000_000_000, "Bytes the output of a build may have.")
    workers: int = option(
        32,
        "Worker processes alive at once, over all functions; at most half of them run what nobody "
        "waits for.",
    )
    event_depth: int = option(
        8, "Events in a row, each caused by a function that the last one called, that call more."
    )
    keep_executions: int = option(10_000, "Finished executions kept; the oldest go first.")
    execution_retention: int = option(14, "Days that executions are kept; 0 keeps them for ever.")

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not isinstance(value, int | float):
                raise ConfigError(f"{name} is {value!r}, it must be a number")
            if not low <= value <= high:
                raise ConfigError(f"{name} is {value}, it must be from {low} to {high}")
        for name, choices in (("appwrite", get_args(Era)), ("sandbox", get_args(SandboxMode))):
            if getattr(self, name) not in choices:
                known = ", ".join(choices)
                raise ConfigError(f"{name} is {getattr(self, name)!r}, it must be one of {known}")
        for name, pattern, example in _FORMS:
            value = getattr(self, name)
            for text in value if isinstance(value, tuple | list) else [value]:
                if not re.fullmatch(pattern, text, re.ASCII):
                    raise ConfigError(f"{name} has {text!r}, it must be like {example}")
        for name, kind, example in _ITEMS:
            _check_items(name, getattr(self, name), kind, example)
        ids = [each.id.casefold() for each in self.repositories]
        for each in self.repositories:
            if ids.count(each.id.casefold()) > 1:
                raise ConfigError(f"repositories names {each.id} more than once")
        names = [each.function for each in self.inspect]
        ports = [each.port for each in self.inspect if each.port]
        for twice in (*_repeated(names), *_repeated(ports)):
            raise ConfigError(f"inspect names {twice} more than once")
        if self.memory and self.state:
            raise ConfigError(
                "state and memory exclude each other: keep the state in a file or in memory"
            )

    @property
    def full_keys(self) -> frozenset[str]:
        """The secrets of the declared keys that may do everything in all projects."""
        return frozenset(key.secret for key in self.keys if not key.scopes and not key.project)

    def inspected(self, function: str) -> Inspected | None:
        """How the function of that id is to be inspected; None when it is not."""
        return next((each for each in self.inspect if each.function == function), None)

    def state_in(self, directory: Path) -> Path:
        """The state file of an emulator that works in `directory` and keeps its state."""
        return self.state or directory / FOLDER / "state.json"

    @classmethod
    def load(
        cls,
        directory: Path | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> Config:
        """The configuration for `directory`: arguments over environment over file over defaults.

        An argument that is None counts as not given. Raises ConfigError.
        """
        values = _from_file(directory / FILE_NAME) if directory else {}
        values |= _from_environment(own_environment() if environ is None else environ)
        values |= {name: value for name, value in arguments.items() if value is not None}
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            known = ", ".join(f.name for f in fields(cls))
            raise ConfigError(f"unknown option {', '.join(sorted(unknown))}; there are {known}")
        return cls(**values)


_FORMS = (
    ("project", r"([A-Za-z0-9][A-Za-z0-9._-]{0,35})?", "my-project (36 letters, digits, . - _)"),
    (
        "functions_domain",
        r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){1,3}[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
        "functions.localhost (two to four parts, in lower case)",
    ),
    ("hosts", r"[^\sA-Z/:@]+", "dev.example.com (in lower case, without scheme and port)"),
    (
        "origins",
        r"[a-z][a-z0-9+.-]*://[^\sA-Z/?#]+",
        "https://dev.example.com:3000 (in lower case, without a path)",
    ),
)
_ITEMS: tuple[tuple[str, type, str], ...] = (
    ("keys", Key, "(Key.parse('reader=functions.read'),)"),
    ("repositories", Repository, "(Repository.parse('me/shop=.'),)"),
    ("inspect", Inspected, "(Inspected('postcard', 9229),)"),
    ("webhooks", Webhook, "(Webhook.parse('users.*.create=http://localhost:3000/hook'),)"),
)
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("port", 0, 65535),
    ("function_timeout", 1, 86_400),
    ("sync_timeout", 0.1, 900),
    ("build_timeout", 1, 86_400),
    ("size_limit", 0, 2**40),
    ("build_size_limit", 1, 2**40),
    ("workers", 1, 1024),
    ("event_depth", 1, 1000),
    ("keep_executions", 1, 10_000_000),
    ("execution_retention", 0, 36_500),
)


def _repeated(values: Sequence[Any]) -> list[Any]:
    return [value for value in dict.fromkeys(values) if values.count(value) > 1]


def _check_items(name: str, value: Any, kind: type, example: str) -> None:
    for each in value if isinstance(value, tuple | list) else [value]:
        if not isinstance(each, kind):
            raise ConfigError(f"{name} has {each!r}, it must be a tuple like {example}")


def own_environment() -> Mapping[str, str]:
    """The environment this process was started with."""
    return os.environ


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    _refuse_misspelt(environ)
    values = {}
    for spec in fields(Config):
        name = PREFIX + spec.name.upper()
        if environ.get(name):
            values[spec.name] = _convert(spec.name, str(spec.type), environ[name], name)
    return values


def _refuse_misspelt(environ: Mapping[str, str]) -> None:
    """Raise ConfigError for a variable that is nearly one of ours; what is not near belongs to
    somebody else, such as the links that containers get to a service of this name."""
    known = [spec.name.upper() for spec in fields(Config)]
    for name in sorted(environ):
        option = name.removeprefix(PREFIX)
        if option == name or option in known:
            continue
        if near := difflib.get_close_matches(option, known, cutoff=_NEAR):
            meant = " or ".join(PREFIX + each for each in near)
            raise ConfigError(f"there is no option for the variable {name}. Did you mean {meant}?")


def _from_file(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError(f"{path}: {exc}") from exc
    types = {f.name: str(f.type) for f in fields(Config)}
    unknown = set(content) - set(types)
    if unknown:
        raise ConfigError(
            f"{path}: unknown option {', '.join(sorted(unknown))}; there are {', '.join(types)}"
        )
    return {
        name: _convert(name, types[name], value, f"{path}: {name}", base=path.parent)
        for name, value in content.items()
    }


def _convert(name: str, type: str, value: Any, source: str, *, base: Path = Path()) -> Any:
    """`value` as the option's type; texts come from the environment, others from a file."""
    try:
        if type.startswith("tuple"):
            items = value.split() if isinstance(value, str) else _listed(name, value)
            return tuple(_convert_item(name, item, base) for item in items)
        if type == "bool":
            return value if isinstance(value, bool) else _BOOLEANS[str(value).lower()]
        if type.startswith("Path"):
            return base / str(value)
        return {"int": int, "float": float}.get(type, str)(value)
    except ConfigError as exc:
        raise ConfigError(f"{source}: {exc}") from exc
    except (KeyError, TypeError, ValueError) as exc:
        raise ConfigError(f"{source} is {value!r}, it must be {_WORDS.get(type, type)}") from exc


def _listed(name: str, value: Any) -> list[Any]:
    if name in ("inspect", "repositories") and isinstance(value, Mapping):
        return [f"{id}={place}" for id, place in value.items()]
    return list(value)


def _convert_item(name: str, item: Any, base: Path) -> Any:
    if name == "keys":
        return Key.parse(item)
    if name == "webhooks":
        return Webhook.parse(item)
    if name == "inspect":
        return Inspected.parse(str(item))
    if name == "repositories":
        return Repository.parse(str(item), base)
    return base / str(item) if name == "runtimes" else str(item)


_WORDS = {"bool": "true or false", "int": "a whole number", "float": "a number"}
_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
