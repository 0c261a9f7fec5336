"""The command `stop` with its help: end an emulator that runs, and wait until it is gone."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from .whereabouts import FOUND, Whereabouts, running_options

if TYPE_CHECKING:
    from .running import Running

_PATIENCE = 5.0  # seconds until it answers
_GRACE = 30.0  # seconds until it is gone
_STEP = 0.05  # seconds between looks at one that runs elsewhere


@click.command(
    short_help="Stop an emulator that runs.",
    epilog=f"""{FOUND} The exit code is 0 also when none runs, and 2 when it does not stop.

\b
Examples:
  appwrite-emulator stop
  appwrite-emulator stop --url http://127.0.0.1:9090
""",
)
@running_options
def stop(*, where: Whereabouts) -> None:
    """Stop the emulator that `start` runs, as Ctrl-C in its terminal does, and wait for its end.

    What it holds is kept for the next start, unless it runs with --memory. An emulator that is
    part of another program, such as a test run, is left alone.
    """
    from .driving import explained
    from .running import Running

    with explained():
        click.echo(_end(replace(Running.find(where), patience=_PATIENCE)))


def _end(running: Running) -> str:
    """What to tell. Raises ConfigError when it goes on."""
    from ..config import ConfigError
    from .running import Silent

    try:
        told = running.ask("POST", "/stop")
    except Silent as exc:
        if isinstance(exc.__cause__, TimeoutError):
            raise ConfigError(f"the emulator at {running.address} does not answer") from exc
        return f"No emulator runs at {running.address}: nothing to stop."
    if not _is_gone(running, told):
        raise ConfigError(
            f"the emulator at {running.address}, pid {told['pid']}, has not ended within "
            f"{_GRACE:g} s. See what it says in its terminal, or end it: kill {told['pid']}"
        )
    return f"Stopped the emulator at {running.address}, pid {told['pid']}."


def _is_gone(running: Running, told: dict[str, Any]) -> bool:
    import socket

    from .processes import ends
    from .running import Silent

    if told["host"] == socket.gethostname():
        return ends(told["pid"], _GRACE)
    deadline = time.monotonic() + _GRACE
    while time.monotonic() < deadline:
        try:
            running.ask("GET", "/status")
        except Silent:
            return True
        time.sleep(_STEP)  # nothing tells of the end of a process of another machine
    return False
