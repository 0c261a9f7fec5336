"""One emulator for all SDKs, and the environments that hold them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appwrite_emulator import Emulator

from .environments import Environments


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def environments(request: pytest.FixtureRequest) -> Environments:
    return Environments(request.config.cache.mkdir("clients"))
