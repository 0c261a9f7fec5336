"""Somebody who hears what happens in one project, for tests of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import anyio

from appwrite_emulator.services.events import Event

from .server import Project

# What happens by itself, at a moment that no test decides.
_BUILDING = "functions.[functionId].deployments.[deploymentId].update"
_RUN = "functions.[functionId].executions.[executionId].update"


class Heard(NamedTuple):
    """An event, and the pattern of its names."""

    pattern: str
    event: Event

    @property
    def is_of_background(self) -> bool:
        """Whether a build or a run in the background fired it, and no call."""
        is_building = self.event.payload.get("status") == "building"
        return self.pattern == _RUN or (self.pattern == _BUILDING and is_building)


class Ear:
    """A listener to all events of one project."""

    def __init__(self, project: str) -> None:
        self.heard: list[Heard] = []
        self.is_open = True
        self._project = project
        self._pattern = ""
        self._changed = anyio.Event()

    def wants(self, project: str, pattern: str) -> bool:
        self._pattern = pattern
        return self.is_open and project == self._project

    def hear(self, event: Event) -> None:
        self.heard.append(Heard(self._pattern, event))
        self._changed.set()
        self._changed = anyio.Event()

    def taken(self) -> list[Heard]:
        """What calls have fired since this was asked last."""
        heard, self.heard = self.heard, []
        return [each for each in heard if not each.is_of_background]

    async def until(self, is_it: Callable[[Heard], bool]) -> Heard:
        """The first event that is wanted, once it has been heard."""
        with anyio.fail_after(15):
            while True:
                for each in self.heard:
                    if is_it(each):
                        return each
                await self._changed.wait()


@contextmanager
def hearing(project: Project) -> Iterator[Ear]:
    """An ear for what happens in `project` as long as the context lasts."""
    ear = Ear(project.id)
    project.server.run(project.server.emulator.services.ground.events.add, ear)
    try:
        yield ear
    finally:
        ear.is_open = False
