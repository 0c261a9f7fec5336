"""`inspect`: where the debuggers of a running emulator are, and how an editor attaches."""

from __future__ import annotations

import click

from .whereabouts import FOUND, Whereabouts, json_option, running_options


@click.command(
    short_help="Say where debuggers attach, and set up VS Code for them.",
    epilog=f"""{FOUND}

\b
Examples:
  appwrite-emulator start --inspect postcard
  appwrite-emulator inspect                  where its debugger is
  appwrite-emulator inspect --launch         the entries for VS Code
  appwrite-emulator inspect --write-launch   add them to .vscode/launch.json
""",
)
@click.option("--launch", is_flag=True, help="Print the launch entries for VS Code.")
@click.option(
    "--write-launch",
    "write",
    is_flag=True,
    help="Add the entries to .vscode/launch.json, or bring them up to date there; all else in it "
    "stays as it is.",
)
@json_option
@running_options
def inspect(*, where: Whereabouts, launch: bool, write: bool, as_json: bool) -> None:
    """Say where debuggers attach to the functions that `start --inspect` runs under them.

    The entries of --launch and --write-launch stay valid as long as the ports are the same:
    `start --inspect FUNCTION=PORT` fixes them.
    """
    from .driving import explained
    from .inspecting import print_launch, show_inspections, write_launch
    from .running import Running

    with explained():
        running = Running.find(where)
        if write:
            raise SystemExit(write_launch(running, where.directory))
        if launch:
            print_launch(running, where.directory)
        else:
            show_inspections(running, as_json=as_json)
