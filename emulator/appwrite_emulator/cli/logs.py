"""The command `logs` with its help: what executions said, and what they say from now on."""

from __future__ import annotations

from functools import partial

import click

from .completing import function_ids
from .whereabouts import FOUND, Whereabouts, project_option, running_options


@click.command(
    short_help="Show executions with their logs, or follow them.",
    epilog=f"""{FOUND}

\b
Examples:
  appwrite-emulator logs                         the last executions of all functions
  appwrite-emulator logs -f postcard             what postcard does from now on
  appwrite-emulator logs -f -n 20 --json | jq    20 that have ended, then all that happens
  appwrite-emulator logs --execution 674c5f1a8b8f4e0d8e2b
""",
)
@click.argument("function", required=False, default="", shell_complete=function_ids)
@click.option(
    "-f", "--follow", "follows", is_flag=True, help="Show what happens from now on, until Ctrl-C."
)
@click.option(
    "-n",
    "count",
    metavar="N",
    type=click.IntRange(0, 1000),
    help="How many executions to show. [default: 10, with -f none]",
)
@click.option("--execution", metavar="ID", default="", help="This one only, with all it said.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON objects, each on a line.")
@project_option
@running_options
def logs(
    function: str,
    *,
    where: Whereabouts,
    follows: bool,
    count: int | None,
    execution: str,
    project: str,
    as_json: bool,
) -> None:
    """Show the last executions, of FUNCTION or of all, with what they logged and why they failed.

    With -f also builds and reloads, as the terminal of `start` does. For programs the executions
    are as Appwrite's API gives them, what is followed is as /_emulator/logs?activity=true tells it.
    """
    from .driving import drive, explained
    from .following import Wish, follow, recall
    from .running import Running

    with explained():
        running = Running.find(where)
        wish = Wish(running.project(project), function, execution, count, as_json)
        if not follows:
            recall(running, wish)
            return
    raise SystemExit(drive(partial(follow, running, wish)))
