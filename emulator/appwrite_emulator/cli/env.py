"""The command `env` with its help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from .completing import function_ids
from .whereabouts import FOUND, Whereabouts, json_option, project_option, running_options

_WORDS = {"appwrite": "Appwrite"}


@click.command(
    short_help="List the variables that a function gets, and where from.",
    epilog=f"""Values come from the API (stored), the project file, the .env in the function's
folder, and Appwrite itself; the later of these wins. Nothing comes from your own environment.

{FOUND}

\b
Examples:
  appwrite-emulator env postcard
  appwrite-emulator env postcard --values --json
""",
)
@click.argument("function", shell_complete=function_ids)
@click.option("--values", is_flag=True, help="Print secret values too, and those of .env files.")
@project_option
@running_options
@json_option
def env(function: str, *, where: Whereabouts, project: str, values: bool, as_json: bool) -> None:
    """List the variables that FUNCTION gets when it runs, and where each comes from."""
    from .driving import explained
    from .report import show
    from .running import Running

    with explained():
        asked = {"function": function, "project": project, "values": values}
        told = Running.find(where).ask("GET", "/variables", **asked)
        show(told, _lines(told), as_json=as_json)


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    empty = [row for row in told["variables"] if (row["source"], row["value"]) == ("appwrite", "")]
    rows = [row for row in told["variables"] if row not in empty]
    rows.sort(key=lambda row: row["source"] == "appwrite")  # the function's own first
    keys = max((len(row["key"]) for row in rows), default=0)
    sources = max((len(_source(row)) for row in rows), default=0)
    for row in rows:
        value = "(secret, --values shows it)" if row["value"] is None else _plain(row["value"])
        yield f"{row['key']:<{keys}}  {_source(row):<{sources}}  {value}".rstrip()
    if empty:
        yield f"and {len(empty)} of Appwrite's that are empty"
    if not rows:
        yield f"{told['functionId']} has no variables"
    if not told["deploymentId"]:
        yield "Appwrite's own come with an active deployment, which there is none of"


def _source(row: Mapping[str, Any]) -> str:
    source, *hidden = (_WORDS.get(name, name) for name in (row["source"], *row["hides"]))
    return f"{source}, not {' or '.join(hidden)}" if hidden else source


def _plain(value: str) -> str:
    """The value on one line."""
    return value if value.isprintable() else repr(value)
