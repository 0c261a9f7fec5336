"""The fixtures: options, the emulator of all tests, and what one test has of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from .options import directory

if TYPE_CHECKING:
    from ..client.handle import Appwrite
    from ..client.isolation import Session
    from ..config import Config
    from ..emulator import Emulator

_SESSIONS = pytest.StashKey[dict["Emulator", "Session"]]()


@pytest.fixture(scope="session")
def appwrite_config(pytestconfig: pytest.Config) -> Config:
    """The options of the emulator that tests use.

    By default: those of appwrite-emulator.toml and the environment, the project's id, a free port,
    all state in memory, builds kept in pytest's cache folder, and executions however old they get.
    Override it in your conftest.py to change some:

        @pytest.fixture(scope="session")
        def appwrite_config(appwrite_config):
            return dataclasses.replace(appwrite_config, function_timeout=60)
    """
    from .project import options_for

    return options_for(pytestconfig)


@pytest.fixture(scope="session")
def appwrite_server(appwrite_config: Config, pytestconfig: pytest.Config) -> Iterator[Emulator]:
    """The emulator of all tests, an `appwrite_emulator.Emulator`, with the project's functions.

    It starts when the first test asks for it; each worker of pytest-xdist has its own. What
    fixtures of the session or a module do with it, such as making users, is there for their tests;
    a test uses `appwrite` instead, which undoes what it did.
    """
    from ..garbage import without_garbage_collection

    with without_garbage_collection():
        from ..emulator import Emulator

    folder = directory(pytestconfig)
    with Emulator(appwrite_config, directory=folder) as emulator:
        session = _session_of(emulator, pytestconfig)
        session.fill(folder)
        yield emulator
        pytestconfig.stash[_SESSIONS].pop(emulator, None)


@pytest.fixture
def appwrite(appwrite_server: Emulator, request: pytest.FixtureRequest) -> Iterator[Appwrite]:
    """Appwrite, as this test has it to itself: an `appwrite_emulator.Appwrite`.

        def test_greets(appwrite):
            execution = appwrite.functions["greet"].call(json={"name": "Ann"}, user="ann")
            assert execution.json() == {"hello": "Ann"}

    The functions of the project are deployed. All that the test changes is undone when it ends;
    processes of functions stay warm. A function that throws, takes too long, crashes or cannot be
    loaded fails the test, unless it is expected to. `@pytest.mark.appwrite(...)` says how a test
    begins.
    """
    from .markers import terms_of
    from .serverlog import gathered
    from .trial import TRIAL, Trial

    item = request.node
    session = _session_of(appwrite_server, request.config)
    with ExitStack() as stack:
        handle = stack.enter_context(session.test(terms_of(item)))
        trial = item.stash[TRIAL] = Trial(appwrite_server, handle)
        stack.enter_context(gathered(trial.records, item.config))
        yield handle
    trial.leftovers = session.leftovers


def _session_of(emulator: Emulator, config: pytest.Config) -> Session:
    """The tests of `emulator`, whoever has started it."""
    from ..client.isolation import Session

    sessions = config.stash.setdefault(_SESSIONS, {})
    if emulator not in sessions:
        sessions[emulator] = Session(emulator)
    return sessions[emulator]
