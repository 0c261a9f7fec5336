"""The options of the commands, made of the fields of `Config`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import click

from ..config import Config, ConfigError, Inspected, Key, Repository, Webhook

F = TypeVar("F", bound=Callable[..., Any])

GROUPS = {
    "Serving": ("host", "port", "project", "appwrite", "functions_domain"),
    "Functions": ("runtimes", "repositories", "webhooks", "watch", "inspect"),
    "State": ("state", "memory", "build_cache", "keep_executions", "execution_retention"),
    "Keys and safety": ("keys", "strict", "hosts", "origins", "sandbox"),
    "Limits": (
        "function_timeout", "sync_timeout", "build_timeout", "size_limit", "build_size_limit",
        "workers", "event_depth",
    ),
}  # fmt: skip
"""The headings under which help shows the options, and their names."""


class _Parsed(click.ParamType[Any]):
    """An option whose text a class of `config` reads."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._parse(value)
        except ConfigError as exc:
            self.fail(str(exc), param, ctx)


_TYPES: dict[Any, click.ParamType[Any]] = {
    int: click.INT,
    float: click.FLOAT,
    str: click.STRING,
    Path: click.Path(path_type=Path),
    Key: _Parsed("key", Key.parse),
    Inspected: _Parsed("function", Inspected.parse),
    Repository: _Parsed("repository", Repository.parse),
    Webhook: _Parsed("webhook", Webhook.parse),
}


def config_options(**defaults: str) -> Callable[[F], F]:
    """A decorator that gives a command one option for each field of `Config`.

    An option that is not given is None or empty. `defaults` say in words what holds then, where
    the command differs from `Config`.
    """
    hints = get_type_hints(Config)

    def decorate(command: F) -> F:
        for spec in reversed(fields(Config)):
            add = _option(spec, hints[spec.name], defaults.get(spec.name, ""))
            command = add(command)
        return command

    return decorate


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of a command's parameters the options that were given, as `Config.load` wants them."""
    names = {spec.name for spec in fields(Config)}
    return {
        name: values[name] for name in values if name in names and values[name] not in (None, ())
    }


class Grouped(click.Command):
    """A command whose help shows the options of `Config` under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        titles = {name: title for title, names in GROUPS.items() for name in names}
        sections: dict[str, list[tuple[str, str]]] = {title: [] for title in ("Options", *GROUPS)}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record:
                sections[titles.get(param.name or "", "Options")].append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def _option(spec: Field[Any], hint: Any, default: str) -> Callable[[F], F]:
    flag = "--" + spec.name.replace("_", "-")
    help = _help(spec, default)
    if hint is bool:
        return click.option(f"{flag}/--no-{flag[2:]}", spec.name, default=None, help=help)
    is_many = get_origin(hint) is tuple
    metavar = spec.metadata["metavar"] or None
    item = f"--{metavar.lower()}" if is_many and metavar else ""
    return click.option(
        *([item] if f"{item}s" == flag else []),
        flag,
        spec.name,
        type=_type(get_args(hint)[0] if is_many else hint),
        multiple=is_many,
        metavar=metavar,
        default=None,
        help=help,
    )


def _help(spec: Field[Any], default: str) -> str:
    text, _, own = spec.metadata["help"].partition(" [default: ")
    if not own and spec.default and not isinstance(spec.default, bool):
        own = f"{spec.default}]"
    known = f"{default}]" if default else own
    return f"{text.rstrip('.')}. [default: {known.rstrip('.')}" if known else text


def _type(hint: Any) -> click.ParamType[Any]:
    if get_origin(hint) is Literal:
        return click.Choice(get_args(hint))
    if isinstance(hint, UnionType):
        hint = get_args(hint)[0]
    return _TYPES[hint]
