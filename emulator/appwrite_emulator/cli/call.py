"""The command `call` with its help: run a function once and print what it answers."""

from __future__ import annotations

from typing import Any

import click

from .completing import function_ids
from .whereabouts import FOUND, Whereabouts, project_option, running_options, wait_options

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")


@click.command(
    short_help="Call a function and print what it answers.",
    epilog=f"""{FOUND} What the function answers goes to standard output, byte for byte; status,
duration, logs and errors go to standard error. The exit code is 1 when the function failed or
answered 500 or more, and 2 when it was not called.

\b
Examples:
  appwrite-emulator call postcard '/?to=Ada'
  appwrite-emulator call orders /orders -d '{{"item": 7}}' -H 'X-Trace: 1'
  appwrite-emulator call orders / -X PUT -d @photo.jpg --user ann > answer.bin
  appwrite-emulator call nightly --async --wait
""",
)
@click.argument("function", shell_complete=function_ids)
@click.argument("path", required=False, default="/")
@click.option(
    "-X",
    "--method",
    type=click.Choice(_METHODS),
    help="Method of the request. [default: GET, and POST with --data]",
)
@click.option(
    "-H",
    "--header",
    "headers",
    metavar="'NAME: VALUE'",
    multiple=True,
    help="Header of the request; may be repeated.",
)
@click.option(
    "-d",
    "--data",
    metavar="TEXT|@FILE|-",
    help="Body of the request: itself, from a file, or from standard input. It is announced as "
    "application/json when it is JSON, unless -H says what it is.",
)
@click.option("-i", "--include", is_flag=True, help="Print status and headers before the body.")
@click.option("--user", metavar="ID", default="", help="Call as this user, by a JWT of theirs.")
@click.option("--guest", is_flag=True, help="Call as nobody. [default: as a server, by the key]")
@click.option("--async", "is_async", is_flag=True, help="Only begin, and print the execution's id.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole execution for programs.")
@project_option
@wait_options
@running_options
def call(function: str, path: str, *, where: Whereabouts, **options: Any) -> None:
    """Call the function with the id FUNCTION, at `/` or at PATH, and print what it answers.

    PATH may have a query. --wait is for --async: it waits for the end and tells how it ended.
    """
    from .calling import ask
    from .driving import explained
    from .running import Running
    from .wish import Wish

    with explained():
        wish = Wish.read(function, path, options)
        code = ask(Running.find(where), wish)
    raise SystemExit(code)
