"""Options and fixtures of all tests."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kills",
        type=int,
        default=8,
        metavar="N",
        help="how often the crash test kills a loaded emulator (default 8, CI 200)",
    )


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
