"""Triggers: events call the functions that listen to them."""

from __future__ import annotations

import logging
from typing import NamedTuple

from .. import jsontext
from ..errors import SERVER_VERSIONS
from ..models import Execution, Function, Trigger
from .events import Event
from .executions import Executions
from .functions import Functions
from .ground import Ground
from .runs import Cause, ExecutionRequest

logger = logging.getLogger(__name__)

_TOO_DEEP = (
    "{event} did not call this function: {depth} events led to it, each caused by a function that "
    "the one before had called. If this is no loop, allow more by --event-depth (now {limit})."
)


class _Listening(NamedTuple):
    """Who listens to what in one project, as of one state of the functions."""

    changes: int
    functions: list[str]  # ids, in the order in which they are called
    places: dict[str, list[int]]  # by name of an event, places in `functions`
    types: frozenset[str]  # the first words of those names


class Triggers:
    """A listener of events. A function hears of one once, whichever of its names it knows.

    Functions that are disabled are called too, and function events call none. Source: Appwrite
    1.6.2, which calls by name, and 1.9.6, which calls in the order of creation.
    """

    def __init__(self, ground: Ground, functions: Functions, executions: Executions) -> None:
        self._ground = ground
        self._functions = functions
        self._executions = executions
        self._listening: dict[str, _Listening] = {}
        self._last: tuple[Event | None, tuple[Execution, ...]] = (None, ())
        version = SERVER_VERSIONS[ground.config.appwrite]
        self._headers = {"user-agent": f"Appwrite/{version}", "content-type": "application/json"}

    def wants(self, project: str, pattern: str) -> bool:
        kind = pattern.partition(".")[0]
        return kind != "functions" and kind in self._listening_in(project).types

    def hear(self, event: Event) -> None:
        called = self._called_by(event)
        if called:
            request = ExecutionRequest(jsontext.encode(event.payload), headers=self._headers)
            begun = [self._call(function, request, event) for function in called]
            self._last = (event, tuple(each for each in begun if each is not None))

    def begun_by(self, event: Event | None) -> tuple[Execution, ...]:
        """The executions that an event has begun which has just been published."""
        last, begun = self._last
        return begun if event is not None and event is last else ()

    def _called_by(self, event: Event) -> list[Function]:
        functions, places = self._listening_in(event.project)[1:3]
        found = sorted({place for name in event.names for place in places.get(name, ())})
        called = (self._functions.find(event.project, functions[place]) for place in found)
        return [function for function in called if function is not None]

    def _call(
        self, function: Function, request: ExecutionRequest, event: Event
    ) -> Execution | None:
        limit, name = self._ground.config.event_depth, event.names[0]
        cause = Cause(Trigger.EVENT, name, event.user_id, event.depth + 1)
        try:
            if cause.depth <= limit:
                return self._executions.enqueue(function, request, cause)
            reason = _TOO_DEEP.format(event=name, depth=event.depth, limit=limit)
            logger.warning("function %s: %s", function.id, reason, extra={"action": "event_depth"})
            return self._executions.refuse(function, request, cause, reason)
        except Exception:  # one function's turn: the others must hear of it
            logger.exception("%s did not call function %s", name, function.id)
            return None

    def _listening_in(self, project: str) -> _Listening:
        known = self._listening.get(project)
        if known is None or known.changes != self._functions.changes:
            known = self._listening[project] = self._read(project)
        return known

    def _read(self, project: str) -> _Listening:
        rows = self._functions.listening(project)
        if self._ground.config.appwrite == "1.6":
            rows.sort(key=lambda row: str(row["name"]).casefold())
        places: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            for name in row["events"]:
                places.setdefault(name, []).append(place)
        types = frozenset(name.partition(".")[0] for name in places)
        ids = [row["$id"] for row in rows]
        return _Listening(self._functions.changes, ids, places, types)
