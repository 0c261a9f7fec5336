"""The commands with their options and help; what they do is imported when they are run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from .. import __version__
from ..config import own_environment
from ..garbage import without_garbage_collection
from .call import call
from .clock import clock
from .completion import completion
from .deploy import deploy
from .env import env
from .init import init
from .inspect import inspect
from .list import list_
from .logs import logs
from .open import open_
from .options import Grouped, config_options, given
from .reset import reset
from .state import state
from .stop import stop
from .trigger import trigger
from .whereabouts import FOUND, Whereabouts, json_option, running_options

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

_OPTIONS_NOTE = """Every option is also a variable, as --build-timeout is
APPWRITE_EMULATOR_BUILD_TIMEOUT, and a key of the file appwrite-emulator.toml in DIR, as
build_timeout. An argument wins over a variable, a variable over the file."""


@click.group(
    context_settings=_CONTEXT,
    epilog="""\b
Examples:
  appwrite-emulator init               make a project file, or a first function
  appwrite-emulator start              serve the functions of this project
  appwrite-emulator exec -- npm test   run tests against an emulator of their own
  appwrite-emulator doctor             say what is missing on this machine""",
)
@click.version_option(__version__, prog_name="appwrite-emulator")
@click.pass_context
def main(context: click.Context) -> None:
    """Appwrite Functions as one light local process: no Docker, no account.

    Official SDKs and Appwrite's CLI work against it unchanged.
    """
    if own_environment().get("NO_COLOR"):
        context.color = False


main.add_command(call)
main.add_command(clock)
main.add_command(completion)
main.add_command(deploy)
main.add_command(env)
main.add_command(init)
main.add_command(inspect)
main.add_command(list_)
main.add_command(logs)
main.add_command(open_)
main.add_command(reset)
main.add_command(state)
main.add_command(stop)
main.add_command(trigger)


@main.command(
    cls=Grouped,
    short_help="Serve the functions of DIR and show what happens.",
    epilog=f"""{_OPTIONS_NOTE}

\b
Examples:
  appwrite-emulator start              the project here, or in a folder above
  appwrite-emulator start examples/quickstart --port 9090
  appwrite-emulator start --memory     forget everything at the end
  appwrite-emulator start --inspect postcard     under its language's debugger
  appwrite-emulator start --host 0.0.0.0 --key "$SECRET"
""",
)
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON object for whatever happens, on a line."
)
@config_options()
def start(directory: Path | None, as_json: bool, **options: Any) -> None:
    """Deploy the functions of DIR, serve them and show what happens, until Ctrl-C.

    DIR is the folder of an appwrite.config.json (or appwrite.json); without such a file functions
    are looked for. What you save is live at once. The line that begins with "Ready" comes when
    everything answers. Time is the machine's at each start, whatever `clock` did before.
    """
    with without_garbage_collection():
        from ..client.workspace import prepare
        from .driving import drive, explained
        from .start import start

    with explained():
        workspace = prepare(directory, given(options))
    raise SystemExit(drive(partial(start, workspace, as_json=as_json)))


@main.command(
    "exec",
    cls=Grouped,
    context_settings={"allow_interspersed_args": False},
    short_help="Run a command against an emulator of its own.",
    epilog=f"""{_OPTIONS_NOTE}

\b
Examples:
  appwrite-emulator exec -- pytest
  appwrite-emulator exec --dir backend -- npm test
  appwrite-emulator exec -- sh -c 'curl -H "X-Appwrite-Project: $APPWRITE_PROJECT_ID"
      -H "X-Appwrite-Key: $APPWRITE_API_KEY" $APPWRITE_ENDPOINT/functions'
""",
)
@click.option(
    "--dir",
    "directory",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder with the project file [default: the nearest folder upward that has one].",
)
@config_options(port="a free one", state="none, in memory")
@click.argument(
    "command", metavar="-- COMMAND [ARG]...", nargs=-1, required=True, type=click.UNPROCESSED
)
def execute(directory: Path | None, command: tuple[str, ...], **options: Any) -> None:
    """Start an emulator, run COMMAND, stop, and return COMMAND's exit code.

    The emulator takes a free port and keeps its state in memory, unless --port and --state say
    otherwise. COMMAND finds it by APPWRITE_ENDPOINT, APPWRITE_PROJECT_ID and APPWRITE_API_KEY.
    """
    with without_garbage_collection():
        from ..client.workspace import prepare
        from .driving import drive, explained
        from .exec import execute

    with explained():
        workspace = prepare(directory, {"port": 0} | given(options))
    raise SystemExit(drive(partial(execute, workspace, command)))


@main.command(
    cls=Grouped,
    short_help="Say what an emulator would find here, and what is missing.",
    epilog=f"""{_OPTIONS_NOTE}

The keys of --json: ok, problems, version, project, runtimes, sandbox, watching, state, port,
python. Declared repositories add the key repositories, webhooks the key webhooks. The exit code is
1 when `start` with the same options would fail, but for an emulator that is at work already.
""",
)
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report for programs.")
@config_options()
def doctor(directory: Path | None, as_json: bool, **options: Any) -> None:
    """Say what an emulator in DIR would find on this machine, changing nothing.

    Give the options that you would give to `start`.
    """
    import anyio

    from .doctor import examine, show
    from .driving import explained

    with explained():
        parts = anyio.run(examine, directory, given(options))
    raise SystemExit(show(parts, as_json=as_json))


@main.command(
    short_help="List the functions that run by themselves, and when.",
    epilog=f"""{FOUND}

\b
Examples:
  appwrite-emulator schedules
  appwrite-emulator schedules --json --project shop
  appwrite-emulator trigger schedule nightly     run one now
""",
)
@click.option("--project", metavar="ID", default="", help="Of this project only.")
@json_option
@running_options
def schedules(*, where: Whereabouts, project: str, as_json: bool) -> None:
    """List the functions that have a schedule, with their next run and the last one.

    A function runs by itself as soon as it has both a schedule and an active deployment.
    """
    from .driving import explained
    from .running import Running
    from .ticking import show_schedules

    with explained():
        show_schedules(Running.find(where), project, as_json=as_json)
