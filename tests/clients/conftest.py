"""A fresh emulator for each client, and the environments that hold the clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appwrite_emulator import Emulator

from .archives import write_archives
from .cli import PROJECT_FILES, Cli
from .environments import Environments, installed
from .recorder import Recorder, recording


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0) as emulator:
        yield emulator


@pytest.fixture
def recorder(emulator: Emulator) -> Iterator[Recorder]:
    """What clients call in place of the emulator, to see what they ask for."""
    with recording(emulator.endpoint) as recorder:
        yield recorder


@pytest.fixture(scope="session")
def environments(request: pytest.FixtureRequest) -> Environments:
    return Environments(request.config.cache.mkdir("clients"))


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    write_archives(folder)
    return folder


@pytest.fixture(params=PROJECT_FILES)
def cli(request: pytest.FixtureRequest, environments: Environments, tmp_path: Path) -> Cli:
    """The CLI of each version, in a project folder with the function `hello`."""
    version: str = request.param
    modules = installed(lambda: environments.node("appwrite-cli", version))
    (tmp_path / "home").mkdir()
    cli = Cli(modules, version, tmp_path)
    cli.write_project()
    return cli
