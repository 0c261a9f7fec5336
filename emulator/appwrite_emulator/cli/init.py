"""The command `init` with its help."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    short_help="Write a project file, or make a new function.",
    epilog="""\b
Examples:
  appwrite-emulator init                         write down what functions lie here
  appwrite-emulator init hello --language node   make functions/hello, with a test
  appwrite-emulator init hello --runtime python-3.12

At a terminal it asks for what is missing; anywhere else it never does.
""",
)
@click.argument("name", required=False)
@click.option(
    "--language",
    metavar="LANGUAGE",
    help="Language of the new function, such as node, python or php.",
)
@click.option(
    "--runtime",
    metavar="ID",
    help="Runtime of the new function, such as node-22. [default: the newest of LANGUAGE that "
    "this machine has]",
)
@click.option(
    "--dir",
    "directory",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder of the project. [default: the nearest upward with a project file, else this one]",
)
def init(
    name: str | None, language: str | None, runtime: str | None, directory: Path | None
) -> None:
    """Write a project file, or with NAME make a new function.

    Without NAME it writes an appwrite.config.json for the functions that lie in the folder, as
    `start` guesses them. With NAME it makes the folder functions/NAME with code and a test, and
    adds the function to the project file, which is made if there is none. Nothing that is there
    is overwritten, and a project file keeps all else it says.
    """
    from .driving import explained
    from .scaffold import Wish, scaffold

    with explained():
        scaffold(directory, Wish(name, language, runtime))
