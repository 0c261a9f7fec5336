"""Shortening: what the emulator refuses is shown at the line of the test that asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest

_PACKAGE = __name__.partition(".")[0]
_INSTALLED = ("site-packages", "dist-packages")


def shorten(excinfo: pytest.ExceptionInfo[BaseException], root: Path) -> None:
    """Cut the traceback of what the emulator has raised for its user behind the last line of a
    file below `root`. Errors that it does not raise for users keep all."""
    is_ours = excinfo.type.__module__.partition(".")[0] == _PACKAGE
    steps = list(_steps(excinfo.tb))
    if not (is_ours or excinfo.type is AssertionError) or not _is_emulator(steps[-1]):
        return
    if asking := [step for step in steps if _is_below(root, step) and not _is_emulator(step)]:
        asking[-1].tb_next = None


def _steps(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback:
        yield traceback
        traceback = traceback.tb_next


def _is_emulator(step: TracebackType) -> bool:
    name: str = step.tb_frame.f_globals.get("__name__", "")
    return name.partition(".")[0] == _PACKAGE


def _is_below(root: Path, step: TracebackType) -> bool:
    path = Path(step.tb_frame.f_code.co_filename)
    return path.is_relative_to(root) and not any(name in path.parts for name in _INSTALLED)
