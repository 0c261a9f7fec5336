"""The command `deploy` with its help: bring functions to an emulator that runs."""

from __future__ import annotations

import click

from .completing import listed_ids
from .whereabouts import FOUND, Whereabouts, json_option, running_options


@click.command(
    short_help="Deploy functions to an emulator that runs.",
    epilog=f"""{FOUND} The exit code is 1 when a function could not be deployed.

\b
Examples:
  appwrite-emulator deploy                   all functions of the project file
  appwrite-emulator deploy postcard orders
  appwrite-emulator deploy functions/postcard --project shop
  appwrite-emulator deploy --url http://127.0.0.1:9090 --no-wait
""",
)
@click.argument("targets", metavar="[FUNCTION...|FOLDER]", nargs=-1, shell_complete=listed_ids)
@click.option(
    "--project", metavar="ID", default="", help="Into this project. [default: the file's]"
)
@click.option("--wait/--no-wait", default=True, help="Wait for the builds. [default: wait]")
@json_option
@running_options
def deploy(
    targets: tuple[str, ...], *, where: Whereabouts, project: str, wait: bool, as_json: bool
) -> None:
    """Deploy functions of the project file, or those of FOLDER, as `appwrite push` does.

    Each function is created or updated, with the file's variables, its folder is uploaded, built
    and activated; the builds' logs are shown while they run. `start` does all that by itself for
    the folder that it serves.
    """
    from .deploying import Order, carry_out, show
    from .driving import explained
    from .running import Running

    with explained():
        running = Running.find(where)
        order = Order.read(running, where.directory, targets, project)
        parcels = carry_out(running, order, is_awaited=wait, is_quiet=as_json)
    raise SystemExit(show(parcels, as_json=as_json))
