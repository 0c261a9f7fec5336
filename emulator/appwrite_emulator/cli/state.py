"""The commands `state export|import|repair|reset` with their help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_EPILOG = """DIR and --state mean what they mean for `start`: without them it is the state of the
project here, or in a folder above. Stop the emulator of that state first."""


def _place_options(command: F) -> F:
    """The argument DIR and the option --state, as `start` has them."""
    add_directory = click.argument(
        "directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path)
    )
    add_state = click.option(
        "--state",
        "state_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="File that keeps the state. [default: .appwrite-emulator/state.json in DIR]",
    )
    return add_directory(add_state(command))


@click.group(
    short_help="Copy, move, mend or empty what the emulator keeps.",
    epilog=f"""{_EPILOG}

\b
Examples:
  appwrite-emulator state export backup.tar.gz
  appwrite-emulator state import backup.tar.gz --state other/state.json
  appwrite-emulator state repair --dry-run
  appwrite-emulator state reset --yes
""",
)
def state() -> None:
    """Copy, move, mend or empty what the emulator keeps.

    The state is the file .appwrite-emulator/state.json with functions, executions, users and all
    other rows, and beside it the folders sources (uploaded archives), builds and logs.
    """


@state.command(
    "export",
    short_help="Write the state and its files into one archive.",
    epilog=f"""{_EPILOG}

\b
Examples:
  appwrite-emulator state export backup.tar.gz
  appwrite-emulator state export shop.tar.gz projects/shop --force
  appwrite-emulator state export demo.tar.gz --with-env
""",
)
@click.argument("file", type=click.Path(path_type=Path))
@_place_options
@click.option("--force", is_flag=True, help="Replace FILE when it is there already.")
@click.option(
    "--with-env",
    is_flag=True,
    help="Add the .env values of the project's functions to FILE, as secret variables.",
)
def export(
    file: Path, directory: Path | None, state_file: Path | None, force: bool, with_env: bool
) -> None:
    """Write the state and all files it needs into FILE, a .tar.gz.

    What was built is in it, so that functions answer after an import without a new build. So are
    API keys, sessions and the values of variables: keep FILE as secret as those. What .env files
    say is in it only with --with-env. Uploads that have not ended are left out, and links that
    lead out of a build.
    """
    from .driving import explained
    from .upkeep import export_state

    with explained():
        export_state(directory, state_file, file, force=force, with_env=with_env)


@state.command(
    "import",
    short_help="Make the state what an exported archive holds.",
    epilog=f"""{_EPILOG}

\b
Examples:
  appwrite-emulator state import backup.tar.gz
  appwrite-emulator state import shop.tar.gz projects/shop --force
""",
)
@click.argument("file", type=click.Path(path_type=Path))
@_place_options
@click.option(
    "--force", is_flag=True, help="Replace a state that is not empty; it is kept as an archive."
)
def import_(file: Path, directory: Path | None, state_file: Path | None, force: bool) -> None:
    """Make the state what FILE holds, which `state export` wrote.

    All of FILE is checked before anything changes. The state changes at once: whenever the
    command is interrupted, the old state is there or the new one.
    """
    from .driving import explained
    from .upkeep import import_state

    with explained():
        import_state(directory, state_file, file, force=force)


@state.command(
    "repair",
    short_help="Keep what can be read of a damaged state.",
    epilog=f"""{_EPILOG}

\b
Examples:
  appwrite-emulator state repair --dry-run
  appwrite-emulator state repair
""",
)
@_place_options
@click.option("--dry-run", is_flag=True, help="Tell what would be dropped, and change nothing.")
def repair(directory: Path | None, state_file: Path | None, dry_run: bool) -> None:
    """Keep all that can be read of a damaged state, and tell what cannot.

    Each line of a state file is one row and has a checksum, so damage costs the lines it is in.
    The damaged files are kept under other names. A sound state is left alone.
    """
    from .driving import explained
    from .upkeep import repair_state

    with explained():
        repair_state(directory, state_file, dry_run=dry_run)


@state.command(
    "reset",
    short_help="Forget everything.",
    epilog=f"""{_EPILOG}

\b
Examples:
  appwrite-emulator state reset
  appwrite-emulator state reset --yes       in scripts
""",
)
@_place_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(directory: Path | None, state_file: Path | None, yes: bool) -> None:
    """Forget functions, executions, users and all else, with their files.

    Works on a damaged state too. Archives of exports and imports, files that `repair` set aside
    and the download caches of builds are kept.
    """
    from .driving import explained
    from .upkeep import reset_state

    with explained():
        reset_state(directory, state_file, ask=not yes)
