"""Running a command's work: logging, the event loop, and errors as one line each."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import anyio
import click

from ..addresses import CannotListen
from ..config import ConfigError
from ..manifest import ManifestInvalid
from ..project_file import ProjectFileError
from ..sandbox import SandboxMissing
from ..state import StateError
from .neighbour import who_answers

EXPLAINED = (ConfigError, ProjectFileError, StateError, SandboxMissing, ManifestInvalid)
"""What can keep an emulator from running; the texts are for the person at the terminal."""

_REFUSED = 2  # exit code, as click has for wrong arguments


def drive(work: Callable[[], Awaitable[int]]) -> int:
    """Run `work` in an event loop of its own; returns the exit code."""
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    uvloop = importlib.util.find_spec("uvloop") is not None
    with explained():
        return anyio.run(work, backend_options={"use_uvloop": uvloop})


@contextmanager
def explained() -> Iterator[None]:
    """Turn what cannot run into its one line on stderr and exit code 2."""
    problems: list[str] = []
    try:
        yield
    except* EXPLAINED as group:
        problems = [_told(exc) for exc in _leaves(group)]
    for problem in dict.fromkeys(problems):  # one cause can stop several functions at once
        click.echo(f"appwrite-emulator: {problem}", err=True)
    if problems:
        raise SystemExit(_REFUSED)


def _told(exc: BaseException) -> str:
    if isinstance(exc, CannotListen) and (found := who_answers(exc.host, exc.port)):
        return f"{exc} On that port {found}."
    return str(exc)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for exc in group.exceptions:
        if isinstance(exc, BaseExceptionGroup):
            yield from _leaves(exc)
        else:
            yield exc
