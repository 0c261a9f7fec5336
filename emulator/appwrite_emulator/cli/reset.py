"""The command `reset` with its help: empty an emulator that runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .whereabouts import FOUND, Whereabouts, json_option, running_options

if TYPE_CHECKING:
    from .running import Running


@click.command(
    short_help="Remove what a running emulator holds.",
    epilog=f"""{FOUND}

\b
Examples:
  appwrite-emulator reset
  appwrite-emulator reset --project shop --yes
""",
)
@click.option("--project", metavar="ID", default="", help="Of this project only. [default: all]")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@running_options
def reset(*, where: Whereabouts, project: str, yes: bool, as_json: bool) -> None:
    """Remove all functions, users, executions and other rows, and end what is under way.

    Functions of the folder that `start` serves are deployed again. It cannot be undone: a snapshot
    or an export of the state would bring them back.
    """
    from .driving import explained
    from .running import Running

    with explained():
        running = Running.find(where)
        if not yes:
            _confirm(running, project)
        told = running.ask("POST", "/reset", **({"project": project} if project else {}))
    if as_json:
        import json

        click.echo(json.dumps(told, indent=2))
        return
    count = len(told["ended"])
    ended = f" {count} that {'was' if count == 1 else 'were'} under way ended." if count else ""
    click.echo(f"Removed what {_place(project)} of the emulator at {running.address} held.{ended}")


def _confirm(running: Running, project: str) -> None:
    """Ask at a terminal. Raises ConfigError elsewhere, click.Abort for a no."""
    from ..config import ConfigError

    if not sys.stdin.isatty():
        raise ConfigError("reset removes functions, users and executions: say --yes to do it")
    status = running.ask("GET", "/status")
    executions = sum(status["executions"].values())
    click.echo(
        f"The emulator at {running.address} holds {status['functions']} functions and "
        f"{executions} executions."
    )
    click.confirm(f"Remove all that {_place(project)} holds?", abort=True)


def _place(project: str) -> str:
    return f"project {project}" if project else "every project"
