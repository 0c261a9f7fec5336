"""Realtime: events told to clients that stay connected, each what he may read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from .. import channels
from ..channels import Audience, Telling
from ..filters import Filter
from ..jsontext import encode
from ..models import CONSOLE, unique_id
from .events import Event, Payload
from .ground import Ground
from .outbox import RESTARTS, Outbox
from .roles import Identity, Roles

_PEOPLE = ("users", "teams")


class Subscription(NamedTuple):
    """Events of some channels that a client wants."""

    wanted: tuple[str, ...]  # as the client names them
    channels: frozenset[str]  # as events name them
    filter: Filter


class Connection:
    """One client that listens in a project."""

    def __init__(self, project: str, identity: Identity) -> None:
        self.project = project
        self.identity = identity
        self.outbox = Outbox()
        self.subscriptions: dict[str, Subscription] = {}
        self.roles: frozenset[str] = frozenset()  # when people last changed
        self.until = ""  # when these end by themselves; empty if never
        self.epoch = -1

    def matching(self, audience: Audience, payload: Payload) -> list[str]:
        """The ids of the subscriptions that want an event."""
        return [
            id
            for id, subscription in self.subscriptions.items()
            if not subscription.channels.isdisjoint(audience.channels)
            and subscription.filter.passes(payload)
        ]


class Realtime:
    """Tells events to connections; a listener of events. Without connections it costs nothing.

    Who may hear what is read anew from the rows each time: it ends with a session or a membership,
    and a restore gives it back. Connections outlive restores and resets.
    """

    def __init__(self, ground: Ground, roles: Roles, team_of: Callable[[str], str]) -> None:
        self._ground = ground
        self._roles = roles
        self._team_of = team_of  # the id of the team that develops a project
        self._era = ground.config.appwrite
        self._connections: dict[str, dict[Connection, None]] = {}  # by project
        self._is_closed = False

    def __len__(self) -> int:
        return sum(map(len, self._connections.values()))

    def wants(self, project: str, pattern: str) -> bool:
        """Whether somebody listens in the project, or in the console."""
        return project in self._connections or CONSOLE in self._connections

    def hear(self, event: Event) -> None:
        """Tell who wants to know and may."""
        telling = Telling(event.project, event.path, event.payload, self._team_of(event.project))
        audience = channels.audience(telling, self._era)
        is_of_people = event.path[0] in _PEOPLE
        for connection in self._connections.get(audience.project, ()):
            ids = connection.matching(audience, event.payload)
            if ids and not audience.roles.isdisjoint(self._roles_of(connection, is_of_people)):
                connection.outbox.put(self._message(event, audience, ids))
        if is_of_people:
            for connection in self._connections.get(event.project, ()):
                self._note_roles(connection)

    @contextmanager
    def connected(self, project: str, identity: Identity) -> Iterator[Connection]:
        """A connection that hears of what happens from now on."""
        connection = Connection(project, identity)
        here = self._connections.setdefault(project, {})
        here[connection] = None
        self._note_roles(connection)
        if self._is_closed:
            connection.outbox.end(RESTARTS)
        try:
            yield connection
        finally:
            del here[connection]
            if not here:
                del self._connections[project]

    def identify(self, connection: Connection, identity: Identity) -> None:
        """From now on the connection is that of somebody else."""
        connection.identity = identity
        self._note_roles(connection)
        for id, (wanted, _, filter) in list(connection.subscriptions.items()):
            self.subscribe(connection, wanted, filter, id)

    def subscribe(
        self, connection: Connection, wanted: Sequence[str], filter: Filter, id: str = ""
    ) -> tuple[str, list[str]]:
        """Tell the connection of what happens in the channels; its id, and what they are.

        The subscription of the same id is replaced.
        """
        id = id or unique_id()
        heard = channels.of_listener(wanted, connection.identity.user_id, self._era)
        connection.subscriptions[id] = Subscription(tuple(wanted), frozenset(heard), filter)
        return id, heard

    def close(self) -> None:
        """End all connections, present and future: the emulator stops."""
        self._is_closed = True
        for connections in self._connections.values():
            for connection in connections:
                connection.outbox.end(RESTARTS)

    def _roles_of(self, connection: Connection, is_of_people: bool) -> frozenset[str]:
        """The roles of now; for what people do, also those of before: who is no longer a member
        is told that he is not."""
        roles = frozenset(self._roles.of(connection.project, connection.identity))
        is_same_epoch = connection.epoch == self._ground.epochs.of(connection.project)
        is_over = "" < connection.until <= self._ground.now()
        is_told = is_of_people and is_same_epoch and not is_over
        return roles | connection.roles if is_told else roles

    def _note_roles(self, connection: Connection) -> None:
        connection.epoch = self._ground.epochs.of(connection.project)
        connection.roles = frozenset(self._roles.of(connection.project, connection.identity))
        connection.until = self._roles.until(connection.project, connection.identity)

    def _message(self, event: Event, audience: Audience, ids: Sequence[str]) -> bytes:
        payload = event.payload
        is_of_theirs = event.path[0] in _PEOPLE and event.path[2] != "update"  # a session, a token
        if is_of_theirs and "secret" in payload:
            payload = {**payload, "secret": ""}  # functions may send it on, but nobody overhears it
        data = {
            "events": event.names,
            "channels": audience.channels,
            "timestamp": self._ground.now(),
            "payload": payload,
            "subscriptions": ids,
        }
        return encode({"type": "event", "data": data})
