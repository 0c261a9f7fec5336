"""An emulator with functions that fail, below the folder in which the tests run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appwrite_emulator import Appwrite, Emulator, isolated

from . import bakery


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """With `oven`, which new users call too, and one function for each language."""
    here = tmp_path_factory.mktemp("bakery")
    with pytest.MonkeyPatch.context() as patch, Emulator(port=0) as emulator:
        patch.chdir(here)
        size = {"specification": "s-1vcpu-512mb"}
        oven = bakery.write(here / "oven", bakery.OVEN)
        emulator.deploy(oven, entrypoint="main.js", events=["users.*.create"], timeout=1, **size)
        emulator.deploy(bakery.write(here / "module", bakery.MODULE), entrypoint="main.mjs", **size)
        emulator.deploy(bakery.write(here / "python", bakery.PYTHON), entrypoint="main.py", **size)
        if "php" in bakery.LANGUAGES:
            emulator.deploy(bakery.write(here / "php", bakery.PHP), entrypoint="index.php", **size)
        yield emulator


@pytest.fixture
def appwrite(emulator: Emulator) -> Iterator[Appwrite]:
    """A handle that lets functions fail, so that tests can look at it."""
    with isolated(emulator, strict=False) as appwrite:
        yield appwrite
