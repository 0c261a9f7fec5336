"""The commands `trigger ...` with their help: let happen now what would happen by itself."""

from __future__ import annotations

from typing import Any

import click

from .completing import function_ids
from .whereabouts import (
    FOUND,
    Whereabouts,
    json_option,
    project_option,
    running_options,
    wait_options,
)


@click.group(
    short_help="Let an event or a schedule's run happen now.",
    epilog=f"""{FOUND}

\b
Examples:
  appwrite-emulator trigger event users.ann.create
  appwrite-emulator trigger schedule nightly
""",
)
def trigger() -> None:
    """Let happen now, in an emulator that runs, what would happen by itself."""


@trigger.command(
    "event",
    short_help="Make up an event, which calls the functions that listen to it.",
    epilog=f"""{FOUND} With --wait the exit code is 1 when a function failed.

\b
Examples:
  appwrite-emulator trigger event users.ann.create --payload '{{"$id": "ann"}}' --wait
  appwrite-emulator trigger event buckets.photos.files.cat.create --payload @cat.json
  jq .document export.json | appwrite-emulator trigger event \\
      databases.main.collections.posts.documents.1.update --payload - --user ann
""",
)
@click.argument("name")
@click.option(
    "--payload",
    metavar="JSON|@FILE|-",
    default="{}",
    help="What functions get as their body, a JSON object: itself, from a file, or from standard "
    "input. [default: {}]",
)
@click.option("--user", metavar="ID", default="", help="Who did it; need not exist.")
@project_option
@wait_options
@json_option
@running_options
def event(name: str, *, where: Whereabouts, as_json: bool, **options: Any) -> None:
    """Make up the event NAME, which calls the functions that listen to it.

    NAME is a full name, with an id where patterns have *: users.ann.update.email,
    teams.chess.memberships.m1.create, databases.main.tables.posts.rows.1.delete,
    buckets.photos.files.cat.create, messages.m1.create. It may be of any service of Appwrite, also
    of those that are not emulated. Webhooks and Realtime hear of it too.
    """
    from .driving import explained
    from .injection import Asked, fire, tell
    from .running import Running

    with explained():
        asked = Asked.read(name, options)
        reply = fire(Running.find(where), asked)
    raise SystemExit(tell(reply, as_json=as_json))


@trigger.command(
    "schedule",
    short_help="Run a function as its schedule does.",
    epilog=f"""{FOUND} With --wait the exit code is 1 when the function failed.
`appwrite-emulator schedules` lists what can be run.

\b
Examples:
  appwrite-emulator trigger schedule nightly
  appwrite-emulator trigger schedule nightly --wait
""",
)
@click.argument("function", shell_complete=function_ids)
@project_option
@wait_options
@json_option
@running_options
def schedule(
    function: str, *, where: Whereabouts, project: str, patience: float | None, as_json: bool
) -> None:
    """Run FUNCTION, the id of a function with a schedule, as its schedule does.

    Its next run by itself stays when it is.
    """
    from .driving import explained
    from .running import Running
    from .ticking import show_execution, tick

    with explained():
        reply = tick(Running.find(where), function, project, patience)
    raise SystemExit(show_execution(reply, as_json=as_json))
