"""Emulators that the whole suite shares: every test works in a project of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from appwrite_emulator.client.stubs import Stubs
from appwrite_emulator.config import Key
from appwrite_emulator.sandbox import choose

from .echo import NODE, PYTHON
from .gate import Gate
from .server import Project, Server, serving
from .stubbed import stubs_of
from .world import furnish

_NEEDS = {"test_php.py": "php", "test_composer.py": "composer"}
collect_ignore = [file for file, program in _NEEDS.items() if not shutil.which(program)]
if find_spec("schemathesis") is None:  # the extra `schema`
    collect_ignore.append("test_schemathesis.py")

SYNC_TIMEOUT = 0.5
"""Seconds a synchronous execution gets on the server `hasty`."""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """As started without options: Appwrite 1.9, any project, any key."""
    with serving(memory=True) as running:
        yield running


@pytest.fixture(scope="session")
def server_16() -> Iterator[Server]:
    """Started with `--appwrite 1.6`."""
    with serving(memory=True, appwrite="1.6") as running:
        yield running


@pytest.fixture(scope="session")
def hasty() -> Iterator[Server]:
    """With small limits: time for synchronous executions, size of archives."""
    with serving(memory=True, sync_timeout=SYNC_TIMEOUT, size_limit=100_000) as running:
        yield running


@pytest.fixture(scope="session")
def strict() -> Iterator[Server]:
    """Only the declared keys and projects are known."""
    keys = (
        Key("reader", ("functions.read",), "home"),
        Key("runner", ("execution.read", "executions.write"), "home"),
        Key("full", (), "home"),
        Key("elsewhere", (), "other"),
    )
    with serving(memory=True, strict=True, project="home", keys=keys) as running:
        yield running


@pytest.fixture
def project(server: Server) -> Project:
    """A new project of the default server."""
    return server.project()


@pytest.fixture
def stubs(project: Project) -> Iterator[Stubs]:
    """The stubs of the new project."""
    made = stubs_of(project)
    yield made
    made.clear()


@pytest.fixture(params=["1.9", "1.6"])
def either(request: pytest.FixtureRequest) -> Project:
    """A new project of the server of each era."""
    name = "server" if request.param == "1.9" else "server_16"
    running: Server = request.getfixturevalue(name)
    return running.project()


@pytest.fixture(scope="session")
def callers(server: Server, server_16: Server) -> dict[str, list[Project]]:
    """By era, callers of furnished projects: of a server of that era, and of one of the other by
    a client of that era."""
    new, old = furnish(server), furnish(server_16)
    return {"1.9": [new, old.at("1.9.5")], "1.6": [old, new.at("1.6.0")]}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """Where the emulators of a test keep their state, one after the other."""
    path = tmp_path / "data" / "state.json"
    yield path
    workspace = choose().workspace(path.parent)
    if workspace != path.parent:  # it lies in the system's folder for temporary files
        shutil.rmtree(workspace)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Where user code waits for the test, in a folder that it can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Gate(Path(folder) / "gate")


@pytest.fixture(scope="session", params=["python", "node"])
def echo(request: pytest.FixtureRequest, server: Server) -> Project:
    """A project with a function of each language that does what the path says."""
    project = server.project()
    if request.param == "python":
        project.function(scopes=["users.read"])
        project.deploy("f", {"main.py": PYTHON})
    else:
        project.function(runtime="node-22", entrypoint="index.js", scopes=["users.read"])
        project.deploy("f", {"index.js": NODE})
    return project


@pytest.fixture
def own(project: Project) -> Project:
    """A project of this test with the function in Python."""
    project.function()
    project.deploy("f", {"main.py": PYTHON})
    return project
