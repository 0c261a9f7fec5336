"""Starting workers: how they are made, what they need at their start, when to hold back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Protocol

import anyio

from ..catalog import Launch
from .failures import SpawnFailed, WorkerDied
from .worker import Load, Worker, WorkerState

_PATIENCE = 3  # starts that may fail in a row before the next one is delayed
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0  # seconds


class Bindable(Protocol):
    """What a worker is bound to."""

    @property
    def key(self) -> str:
        """Workers with the same key are interchangeable."""
        ...

    @property
    def launch(self) -> Launch:
        """How the launcher of its language is started."""
        ...

    @property
    def env(self) -> Mapping[str, str]:
        """The variables of user code."""
        ...


class Factory(Protocol):
    """Makes workers; others decide when."""

    def make(
        self,
        launch: Launch,
        on_free: Callable[[Worker], None],
        on_lost: Callable[[Worker], None],
    ) -> Worker:
        """A worker that is not started and tells when it is free and when it is lost."""
        ...

    async def start(self, worker: Worker, env: Mapping[str, str]) -> None:
        """Start it with `env` on top of its environment."""
        ...

    def load_of(self, target: Any) -> Load:
        """What the worker must load to serve `target`."""
        ...

    async def note(self, worker: Worker, target: Any) -> None:
        """It has loaded `target`, and served nothing yet."""
        ...

    async def bury(self, worker: Worker) -> None:
        """End it and remove what it leaves on the disk."""
        ...


class Starter:
    """Starts workers, later and later while the same launcher keeps failing."""

    def __init__(self, factory: Factory) -> None:
        self._factory = factory
        self._failures: dict[tuple[str, ...], int] = {}

    async def start(self, worker: Worker, env: Mapping[str, str]) -> None:
        """Start `worker` with `env` on top. Raises SpawnFailed or WorkerDied; it is lost then."""
        argv = worker.launch.argv
        failures = self._failures.get(argv, 0)
        if failures >= _PATIENCE:
            delay = _FIRST_DELAY * 2 ** min(failures - _PATIENCE, 16)
            await anyio.sleep(min(delay, _LONGEST_DELAY))
            if worker.state is WorkerState.DEAD:
                raise WorkerDied("All executions were ended")
        try:
            await self._factory.start(worker, env)
        except (SpawnFailed, WorkerDied):
            self._failures[argv] = failures + 1
            raise
        self._failures.pop(argv, None)


def spare_key(target: Bindable) -> tuple[str, ...]:
    """The spares that can serve `target`: none when variables must be there at the start."""
    return () if start_env(target) else target.launch.argv


def start_env(target: Bindable) -> dict[str, str]:
    """The variables that an interpreter reads only when it starts."""
    patterns = target.launch.start_variables
    return {
        name: value
        for name, value in target.env.items()
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    }
