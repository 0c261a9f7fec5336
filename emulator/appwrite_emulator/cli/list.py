"""The command `list` with its help: the functions of an emulator that runs."""

from __future__ import annotations

import click

from .whereabouts import FOUND, Whereabouts, json_option, project_option, running_options


@click.command(
    "list",
    short_help="List the functions of a running emulator.",
    epilog=f"""{FOUND}

\b
Examples:
  appwrite-emulator list
  appwrite-emulator list --json --project shop
""",
)
@project_option
@json_option
@running_options
def list_(*, where: Whereabouts, project: str, as_json: bool) -> None:
    """List functions: runtime, state and website, below them the deployment that answers, the
    folder that is followed and the next run by schedule.

    A broken function answers with older code than its folder has, which does not load.
    """
    from .driving import explained
    from .listing import show_functions
    from .running import Running

    with explained():
        show_functions(Running.find(where), project, as_json=as_json)
