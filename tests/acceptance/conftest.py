"""What all acceptance tests may ask for."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A temporary folder that functions reach too when they run as another user.

    The emulator keeps all it has below such a folder, so nothing is left when the test is over.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(autouse=True, scope="session")
def signals_are_heeded() -> None:
    """The command ignores what it was started to ignore, as jobs in the background of a script
    are: tests of signals must not depend on how the suite was started."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
