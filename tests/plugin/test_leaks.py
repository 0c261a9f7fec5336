"""What a test leaves behind does not reach the next, and is told with its name."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import leaky
from .suites import Ran, Suite

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.timeout(90),
]


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        suite = Suite(Path(folder))
        leaky.lay(suite)
        yield suite.run("-q")


def test_the_tests_that_follow_find_nothing_of_it(ran: Ran) -> None:
    assert ran.code == 0, ran.output
    assert "5 passed" in ran.output


@pytest.mark.parametrize(
    "words",
    [
        "hangs",  # was still running, twice
        "echo",  # was to run later
        "left-by-node",
        "left-by-python",
        "Timeout",  # of Node.js
        "Thread",  # of Python
    ],
)
def test_the_report_says_which_test_left_what(ran: Ran, words: str) -> None:
    _, _, told = ran.output.partition("left something behind")

    assert "test_one_leaves_everything" in told
    assert words.casefold() in told.casefold()
    assert "test_two" not in told


def test_nothing_is_left_when_the_session_has_ended(ran: Ran) -> None:
    assert (ran.processes, ran.ports, ran.files) == ([], [], [])
