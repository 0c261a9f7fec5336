"""Which running emulator a command is to speak to, as its options say."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

FOUND = """Without --url it speaks to the emulator that APPWRITE_ENDPOINT names, else to the one
that serves DIR."""


class Whereabouts(NamedTuple):
    """What the options say; None where they say nothing."""

    directory: Path | None = None
    address: str | None = None
    key: str | None = None


def running_options(command: F) -> F:
    """The options --dir, --url and --key, which the command gets together as `where`."""
    add_directory = click.option(
        "--dir",
        "directory",
        metavar="DIR",
        type=click.Path(path_type=Path),
        help="Folder of the project it serves. [default: the nearest upward with a project file]",
    )
    add_url = click.option(
        "--url",
        "address",
        metavar="URL",
        help="Where it answers. [default: $APPWRITE_ENDPOINT, else as DIR's state says]",
    )
    add_key = click.option(
        "--key",
        metavar="SECRET",
        help="Key to show it, if it wants one. [default: $APPWRITE_API_KEY, else the first one "
        "declared in DIR]",
    )

    @wraps(command)
    def packed(
        *args: Any, directory: Path | None, address: str | None, key: str | None, **options: Any
    ) -> Any:
        return command(*args, where=Whereabouts(directory, address, key), **options)

    return add_directory(add_url(add_key(packed)))  # type: ignore[return-value]  # options apart


def project_option(command: F) -> F:
    """The option --project of commands that act in one project."""
    help = "Where. [default: the emulator's project]"
    return click.option("--project", metavar="ID", default="", help=help)(command)


def wait_options(command: F) -> F:
    """The options --wait and --timeout, which the command gets together as `patience`: seconds,
    None without --wait."""
    add_wait = click.option("--wait", is_flag=True, help="Wait until all has ended, and tell how.")
    add_timeout = click.option(
        "--timeout",
        metavar="SECONDS",
        type=click.FloatRange(0, 3600),
        default=30.0,
        show_default=True,
        help="How long to wait.",
    )

    @wraps(command)
    def packed(*, wait: bool, timeout: float, **options: Any) -> Any:
        return command(patience=timeout if wait else None, **options)

    return add_wait(add_timeout(packed))  # type: ignore[return-value]  # options apart


def json_option(command: F) -> F:
    """The option --json of commands that can print for programs."""
    help = "Print the emulator's answer for programs."
    return click.option("--json", "as_json", is_flag=True, help=help)(command)
