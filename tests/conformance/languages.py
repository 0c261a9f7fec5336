"""The languages to test: each family of the catalog that this machine can run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import anyio

from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog, InterpreterMissing, Launch
from appwrite_emulator.execution.probing import output_of
from appwrite_emulator.execution.spawner import Spawner
from appwrite_emulator.manifest import Family
from appwrite_emulator.sandbox import Sandbox, choose

from ..unit.engine import workspace
from .profile import Profile, read_profile

FUNCTIONS = assets("fixtures") / "functions"


@dataclass(frozen=True, slots=True)
class Language:
    """A family with what runs it here and its conformance function."""

    key: str
    launch: Launch
    profile: Profile


@dataclass(frozen=True, slots=True)
class Ground:
    """Where functions run: a spawner at work, and a folder that they can reach."""

    spawner: Spawner
    sandbox: Sandbox
    workspace: Path

    async def lent_launches(self) -> dict[str, Launch]:
        """As `launches`, with launchers that functions can read."""
        return await self.launches(self.sandbox.lend(assets("runtimes"), self.workspace))

    async def launches(self, runtimes: Path) -> dict[str, Launch]:
        """How each family is started, by its key; without those that cannot be."""
        catalog = Catalog([runtimes])
        probe = partial(output_of, self.spawner, self.workspace / "homes" / "probe")
        found = {}
        for family in catalog.families:
            try:
                found[family.key] = await catalog.launch(runtime_of(catalog, family), probe)
            except InterpreterMissing:
                continue
        return found


def families() -> tuple[Family, ...]:
    return Catalog([assets("runtimes")]).families


def runtime_of(catalog: Catalog, family: Family) -> str:
    """The newest runtime of Appwrite that the family runs."""
    served = [each.id for each in catalog.runtimes("1.9") if catalog.family(each.id) == family]
    return served[-1]


@cache
def languages() -> tuple[Language, ...]:
    """The languages that functions can be run in here. Tries each interpreter once."""
    launches = anyio.run(_launches)
    return tuple(
        Language(key, launch, read_profile(FUNCTIONS / key)) for key, launch in launches.items()
    )


async def _launches() -> dict[str, Launch]:
    async with ground() as here:
        return await here.launches(assets("runtimes"))  # read by us, and when `here` is gone


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    sandbox = choose("auto")
    with workspace(sandbox) as folder:
        async with Spawner(sandbox) as spawner:
            yield Ground(spawner, sandbox, folder)
