"""The commands `trigger ...` with their help: let happen now what would happen by itself."""

from __future__ import annotations

from pathlib import Path

import click

from .running import running_options

_FOUND = """Without --url it speaks to the emulator that APPWRITE_ENDPOINT names, else to the one
that serves DIR."""


@click.group(
    short_help="Let a schedule's run happen now.",
    epilog=f"""{_FOUND}

\b
Examples:
  appwrite-emulator trigger schedule nightly
""",
)
def trigger() -> None:
    """Let happen now, in an emulator that runs, what would happen by itself."""


@trigger.command(
    "schedule",
    short_help="Run a function as its schedule does.",
    epilog=f"""{_FOUND} With --wait the exit code is 1 when the function failed.
`appwrite-emulator schedules` lists what can be run.

\b
Examples:
  appwrite-emulator trigger schedule nightly
  appwrite-emulator trigger schedule nightly --wait
""",
)
@click.argument("function")
@click.option(
    "--project", metavar="ID", default="", help="Where. [default: the emulator's project]"
)
@click.option("--wait", is_flag=True, help="Wait until all has ended, and tell how.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(0, 3600),
    default=30.0,
    show_default=True,
    help="How long to wait.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the emulator's reply for programs.")
@running_options
def schedule(
    function: str,
    project: str,
    wait: bool,
    timeout: float,
    as_json: bool,
    directory: Path | None,
    address: str | None,
    key: str | None,
) -> None:
    """Run FUNCTION, the id of a function with a schedule, as its schedule does.

    Its next run by itself stays when it is.
    """
    from .driving import explained
    from .running import Running
    from .ticking import show_execution, tick

    with explained():
        running = Running.find(directory, address, key)
        reply = tick(running, function, project, timeout if wait else None)
    raise SystemExit(show_execution(reply, as_json=as_json))
