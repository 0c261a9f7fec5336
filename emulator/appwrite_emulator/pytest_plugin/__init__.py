"""The pytest plugin: the fixture `appwrite`. What is heavy is imported when a test first asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..client.handle import Appwrite
    from ..config import Config
    from ..emulator import Emulator


@pytest.fixture(scope="session")
def appwrite_config(pytestconfig: pytest.Config) -> Config:
    """The options of the emulator; override it in your conftest.py to change them."""
    from ..config import Config

    return Config.load(pytestconfig.rootpath, port=0, memory=True)


@pytest.fixture(scope="session")
def appwrite_server(appwrite_config: Config, pytestconfig: pytest.Config) -> Iterator[Emulator]:
    """The emulator of all tests, with the functions of the project."""
    from ..client.isolation import Session
    from ..emulator import Emulator

    with Emulator(appwrite_config, directory=pytestconfig.rootpath) as emulator:
        Session(emulator).fill(pytestconfig.rootpath)
        yield emulator


@pytest.fixture
def appwrite(appwrite_server: Emulator, request: pytest.FixtureRequest) -> Iterator[Appwrite]:
    """The emulator, as this test has it to itself."""
    from ..client.isolation import Session
    from ..client.terms import Terms

    marker = request.node.get_closest_marker("appwrite")
    options: dict[str, Any] = marker.kwargs if marker else {}
    with Session(appwrite_server).test(Terms(**options, name=request.node.nodeid)) as handle:
        yield handle
