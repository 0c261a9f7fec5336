"""Events: what has happened, told to everybody who wants to know."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from .. import events
from ..models import Deployment, Execution

logger = logging.getLogger(__name__)

Payload = Mapping[str, Any]


class Happening(NamedTuple):
    """What has happened, before anybody is told.

    `pattern` is such as `users.[userId].update.email`; `params` has the values of its
    placeholders, in an order that decides the order of the event's names.
    """

    project: str
    pattern: str
    params: Mapping[str, str]
    user_id: str = ""  # who did it; empty for keys, guests and the emulator itself
    depth: int = 0  # how many events, each caused by the one before, led to it

    @property
    def path(self) -> tuple[str, ...]:
        """The pattern in parts, with ids; an id is one part, though it may have dots."""
        parts = self.pattern.split(".")
        return tuple(self.params[part[1:-1]] if part[:1] == "[" else part for part in parts)


class Event(NamedTuple):
    """What listeners hear."""

    project: str
    names: tuple[str, ...]  # all under which it goes out, the most specific first
    payload: Payload  # the model of the API that tells of it, in the server's own format
    user_id: str
    depth: int
    path: tuple[str, ...] = ()  # the pattern in parts, with ids, which may have dots


class Listener(Protocol):
    """Somebody who is told of events. It never waits: what takes time is only begun."""

    def wants(self, project: str, pattern: str) -> bool:
        """Whether to hear of an event; cheap, for it is asked each time."""
        ...

    def hear(self, event: Event) -> None:
        """Take note. What it raises is logged and keeps nobody else from hearing."""
        ...


class Wording(Protocol):
    """How records are told in events, as the API tells them in the server's own format."""

    def execution(self, execution: Execution, texts: tuple[str, str]) -> Payload:
        """An execution with its logs and errors."""
        ...

    def deployment(self, deployment: Deployment) -> Payload:
        """A deployment."""
        ...


class Events:
    """Tells listeners, in the order in which they were added."""

    wording: Wording  # given by whoever renders the API

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._watchers: list[Listener] = []

    def add(self, listener: Listener, *, is_watcher: bool = False) -> None:
        """Tell `listener` of what happens from now on; a watcher also of what is only shown."""
        self._listeners.append(listener)
        if is_watcher:
            self._watchers.append(listener)

    def publish(self, happening: Happening, payload: Callable[[], Payload]) -> Event | None:
        """Tell of what has happened; `payload` is called only if somebody wants to know.

        What was heard; None when nobody wanted to.
        """
        return self._tell(self._listeners, happening, payload)

    def show(self, happening: Happening, payload: Callable[[], Payload]) -> None:
        """Tell watchers alone: of progress, which calls no function."""
        self._tell(self._watchers, happening, payload)

    def _tell(
        self, listeners: list[Listener], happening: Happening, payload: Callable[[], Payload]
    ) -> Event | None:
        project, pattern = happening.project, happening.pattern
        wanting = [each for each in listeners if each.wants(project, pattern)]
        if not wanting:
            return None
        names = tuple(events.generate(pattern, happening.params))
        event = Event(project, names, payload(), happening.user_id, happening.depth, happening.path)
        for listener in wanting:
            try:
                listener.hear(event)
            except Exception:  # one listener's turn: the others must hear of it
                logger.exception("%s was not told to a listener", names[0])
        return event
