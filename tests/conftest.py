"""Options and fixtures of all tests."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings

# The commands that tests start compile the package once, not each of them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A busy machine is no failure. CI asks for --hypothesis-profile thorough.
settings.register_profile("thorough", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=25)
settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kills",
        type=int,
        default=8,
        metavar="N",
        help="how often the crash test kills a loaded emulator (default 8, CI 40)",
    )
    parser.addoption(
        "--edits",
        type=int,
        default=60,
        metavar="N",
        help="how many edits the reload test makes against its model (default 60, CI 200)",
    )


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
