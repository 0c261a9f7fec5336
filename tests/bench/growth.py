"""What the emulator holds after many executions and many deployments: what grows is a leak."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from . import functions, load
from .api import Api, archive
from .cold import SPARE_WAIT
from .footprint import Footprint, look
from .servers import Mode, Running, running
from .warm import CONNECTIONS

WARM_UP = 600  # executions until all workers are there and all caches are in use
FEW = 100  # rows kept where rows are not to count
_PATIENCE = 10.0  # seconds for workers to end
_LATER = 10  # one of so many executions runs in the background


class Deployed(NamedTuple):
    """Footprints before and after many deployments, and after a restart without the old ones."""

    before: Footprint
    after: Footprint
    swept: Footprint


def after_executions(mode: Mode, counts: tuple[int, ...], keep: int) -> dict[int, Footprint]:
    """The footprint by executions in both languages, of which `keep` rows stay; 0 is idle."""
    with functions.project() as folder, _emulator(mode, folder, keep) as server:
        seen = {0: look(server, _data(folder))}
        done = 0
        for count in (WARM_UP, *counts):
            for language in functions.LANGUAGES:
                _execute(server, f"{language}-1", (count - done) // len(functions.LANGUAGES))
            time.sleep(SPARE_WAIT)
            seen[count], done = look(server, _data(folder)), count
    return seen


def _execute(server: Running, function: str, count: int) -> None:
    later = count // _LATER
    load.together(functions.execution(server, function), CONNECTIONS, count - later)
    load.together(functions.execution(server, function, later=True), 1, later)
    Api(server).settle(function)


def after_deployments(mode: Mode, count: int) -> Deployed:
    """The footprints over `count` deployments in turns of language, each executed once."""
    first = len(functions.LANGUAGES)
    with functions.project(copies=0) as folder:
        with _emulator(mode, folder) as server:
            api = Api(server)
            for language in functions.LANGUAGES:
                api.create_function(f"{language}-1", language)
            deployments = _deploy(server, api, range(first))
            time.sleep(SPARE_WAIT)
            before = look(server, _data(folder))
            deployments += _deploy(server, api, range(first, count))
            after = _calm(server, folder, before)
            for path in deployments[:-first]:
                api.call("DELETE", path)
        with _emulator(mode, folder) as server:
            return Deployed(before, after, look(server, _data(folder)))


def _deploy(server: Running, api: Api, versions: range) -> list[str]:
    """Deploy every version and run it; the paths of the deployments."""
    paths = []
    for version in versions:
        language = functions.LANGUAGES[version % len(functions.LANGUAGES)]
        function = f"{language}-1"
        paths.append(api.deploy(function, archive(language, version)))
        load.one_by_one(functions.execution(server, function), 1)
    return paths


def _calm(server: Running, folder: Path, before: Footprint) -> Footprint:
    """The footprint once replaced workers are gone, or enough time has passed."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        seen = look(server, _data(folder))
        is_gone = seen.processes <= before.processes and seen.descriptors <= before.descriptors
        if is_gone or time.monotonic() > deadline:
            return seen
        time.sleep(0.1)


def _data(folder: Path) -> Path:
    return folder / ".appwrite-emulator"


def _emulator(mode: Mode, folder: Path, keep: int = FEW) -> AbstractContextManager[Running]:
    options = ["--port", "0", "--keep-executions", str(keep)]
    return running(mode, "emulator", "start", str(folder), *options)
