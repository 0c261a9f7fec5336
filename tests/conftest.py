"""Options and fixtures of all tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")


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
