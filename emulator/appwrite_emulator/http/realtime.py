"""The door of Realtime: the handshake, and a connection as long as it lasts."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl

import anyio

from .. import channels
from ..errors import ApiError, Era, resolve
from ..filters import Filter
from ..models import CONSOLE
from ..query_syntax import Refused
from ..services.console import Console
from ..services.outbox import Outbox
from ..services.realtime import Realtime
from ..services.roles import Identity
from .realtime_talk import POLICY, Talk, Violation, say_error
from .request import SERVER_FORMATS, Receive, Request, Send
from .sign_ins import SignedIn, SignIns
from .validators import Uid

_PATIENCE = 2.0  # seconds that a client gets to take what was said last
_CHANNELS = re.compile(r"channels(\[[^]]*\])?")
_SLOT = re.compile(r"([^\[\]]+)\[(\d{1,9})\](\[\d*\])?", re.ASCII)

Slots = dict[str, tuple[list[str], Filter]]


class _Guest(NamedTuple):
    """Who comes in, where, and what he wants from the start."""

    project: str
    signed_in: SignedIn | None
    slots: Slots


@dataclass(frozen=True, slots=True)
class RealtimeDoor:
    """Serves both protocols: channels in the URL, and by messages."""

    realtime: Realtime
    console: Console
    sign_ins: SignIns
    era: Era

    async def serve(self, request: Request, send: Send) -> None:
        """One connection, from its acceptance to its end. Browsers show no other refusals than
        messages."""
        await send({"type": "websocket.accept"})
        outbox = Outbox()
        try:
            guest = self._admit(request)
        except Violation as exc:
            say_error(outbox, exc)
            outbox.end(POLICY)
            await _carry(outbox, lambda text: None, request.receive, send)
            return
        who = guest.signed_in
        with self.realtime.connected(guest.project, who.identity if who else Identity()) as held:
            talk = Talk(self.realtime, held, self.sign_ins, SERVER_FORMATS[self.era])
            talk.greet(who.user if who else None, guest.slots)
            await _carry(held.outbox, talk.hear, request.receive, send)

    def _admit(self, request: Request) -> _Guest:
        """Raises Violation."""
        params = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
        named = dict(params)
        project = named.get("project") or request.header("x-appwrite-project")
        self._check(project)
        signed_in = self._identify(request, project, named.get("jwt", ""))
        user_id = signed_in.user.id if signed_in else ""
        wanted = [value for name, value in params if _CHANNELS.fullmatch(name)]
        heard = channels.of_listener(wanted, user_id, self.era)
        if not heard and self.era == "1.6":
            raise Violation("Missing channels", POLICY)
        return _Guest(project, signed_in, _slots(wanted, params) if heard else {})

    def _check(self, project: str) -> None:
        is_known = _is_id(project) and (project == CONSOLE or self.console.knows(project))
        if not is_known:
            raise Violation("Missing or unknown project ID", POLICY)

    def _identify(self, request: Request, project: str, jwt: str) -> SignedIn | None:
        """Who connects; a blocked user is a guest."""
        try:
            found = self.sign_ins.identify(request, project, self.era, jwt=jwt)
        except ApiError as exc:
            row = resolve(exc, self.era)
            raise Violation(row.message, row.code) from exc
        return found if found and found.user.status else None


def _is_id(text: str) -> bool:
    try:
        return bool(Uid().clean(text))
    except ValueError:
        return False


def _slots(wanted: list[str], params: list[tuple[str, str]]) -> Slots:
    """The subscriptions that a URL asks for: `CHANNEL[SLOT][]=QUERY` belongs to those of the same
    slot, a channel without queries to slot 0. Source: Appwrite 1.9.6. Raises Violation."""
    queries: dict[str, dict[str, list[str]]] = {}  # by slot and channel
    for name, value in params:
        match = _SLOT.fullmatch(name)
        if match and match[1] in wanted:
            queries.setdefault(match[2], {}).setdefault(match[1], []).append(value)
    named = {channel for each in queries.values() for channel in each}
    if plain := [channel for channel in wanted if channel not in named]:
        queries.setdefault("0", {}).update({channel: [] for channel in plain})
    try:
        # What a slot wants it says again for each of its channels; the first counts.
        return {
            slot: (list(asked), Filter.parse(next(iter(asked.values()))))
            for slot, asked in queries.items()
        }
    except Refused as exc:
        raise Violation(str(exc), POLICY) from exc


async def _carry(
    outbox: Outbox, hear: Callable[[str | bytes], None], receive: Receive, send: Send
) -> None:
    """Carry messages both ways until the outbox ends, then close the connection."""
    written = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(_read, outbox, hear, receive)
        group.start_soon(_write, outbox, send, written)
        await outbox.ended.wait()
        with anyio.move_on_after(_PATIENCE):
            await written.wait()
        group.cancel_scope.cancel()
    if outbox.code and written.is_set():  # else the client takes nothing more
        with suppress(OSError), anyio.move_on_after(_PATIENCE):
            await send({"type": "websocket.close", "code": outbox.code})


async def _read(outbox: Outbox, hear: Callable[[str | bytes], None], receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            outbox.drop()
            return
        hear(message.get("text") or message.get("bytes") or "")


async def _write(outbox: Outbox, send: Send, written: anyio.Event) -> None:
    """Send all there is. A client that is gone is no error."""
    try:
        while (message := await outbox.next()) is not None:
            await send({"type": "websocket.send", "text": message.decode()})
    except OSError:
        outbox.drop()
    written.set()
