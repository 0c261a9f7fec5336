"""A fresh emulator for each client, and the environments that hold the clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appwrite_emulator import Emulator

from .archives import write_archives
from .environments import Environments


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def environments(request: pytest.FixtureRequest) -> Environments:
    return Environments(request.config.cache.mkdir("clients"))


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    write_archives(folder)
    return folder
