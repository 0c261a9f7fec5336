"""Many tests over many functions, one after the other and at once, leave each other alone."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from . import crowd
from .suites import Suite

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SERIALLY, AT_ONCE = ("-p", "no:xdist"), ("-n", "4")


def _leaves_nothing(suite: Suite, tests: int, *arguments: str) -> None:
    ran = suite.run("-q", *arguments, timeout=500)

    assert ran.code == 0, ran.output
    assert re.search(rf"^{tests} passed in ", ran.output, re.MULTILINE), ran.output
    assert (ran.processes, ran.ports, ran.files) == ([], [], [])


@pytest.mark.timeout(90)
def test_sixty_tests_of_six_functions(reachable: Path) -> None:
    suite = Suite(reachable)
    crowd.lay(suite, functions=6, tests=60)

    _leaves_nothing(suite, 60, *SERIALLY)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("arguments", [SERIALLY, AT_ONCE], ids=["serially", "at once"])
def test_a_thousand_tests_of_fifty_functions(reachable: Path, arguments: tuple[str, ...]) -> None:
    suite = Suite(reachable)
    crowd.lay(suite, functions=50, tests=1000)

    _leaves_nothing(suite, 1000, *arguments)
