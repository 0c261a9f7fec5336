"""What clients of Realtime say on their connections, and what they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import jsontext
from ..filters import Filter
from ..people import User
from ..query_syntax import Refused
from ..services.outbox import Outbox
from ..services.realtime import Connection, Realtime
from . import render_people
from .request import Version
from .sign_ins import SignIns

POLICY = 1008  # the connection cannot be; clients do not try again
INVALID = 1003  # the message is wrong, the connection stays
TOO_BIG = 1009

_LONGEST = 64_000  # bytes of a message. Source: Appwrite 1.6.2 and 1.9.6
_PAYLOAD = "Payload is not valid."


class Violation(Exception):
    """What a client did is refused, in Appwrite's words."""

    def __init__(self, message: str, code: int = INVALID) -> None:
        super().__init__(message)
        self.code = code


class _Wish(NamedTuple):
    """One subscription that a client asks for."""

    id: str
    channels: tuple[str, ...]
    queries: tuple[str, ...]
    filter: Filter


class Talk:
    """One connection's conversation, from `connected` on."""

    def __init__(
        self, realtime: Realtime, connection: Connection, sign_ins: SignIns, format: Version
    ) -> None:
        self._realtime = realtime
        self._connection = connection
        self._sign_ins = sign_ins
        self._format = format

    def greet(self, user: User | None, slots: Mapping[str, tuple[list[str], Filter]]) -> None:
        """Say that the connection is there, with the subscriptions that its URL named."""
        names: dict[str, None] = {}
        ids = {}
        for slot, (wanted, filter) in slots.items():
            ids[slot], heard = self._realtime.subscribe(self._connection, wanted, filter)
            names |= dict.fromkeys(heard)
        account = user and render_people.account(user, self._format)
        self._say("connected", {"channels": list(names), "subscriptions": ids, "user": account})

    def hear(self, text: str | bytes) -> None:
        """Answer one message."""
        if len(text) > _LONGEST or len(_bytes(text)) > _LONGEST:
            self._connection.outbox.end(TOO_BIG)
            return
        try:
            self._answer(_read(text))
        except Violation as exc:
            say_error(self._connection.outbox, exc)

    def _answer(self, message: Mapping[str, Any]) -> None:
        data = message.get("data")
        match message.get("type"):
            case "ping":
                self._connection.outbox.put(b'{"type":"pong"}')
            case "authentication":
                self._reply("authentication", user=self._authenticate(data))
            case "subscribe":
                self._reply("subscribe", subscriptions=self._subscribe(data))
            case "unsubscribe":
                self._reply("unsubscribe", subscriptions=self._unsubscribe(data))
            case _:
                raise Violation("Message type is not valid.")

    def _authenticate(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict) or "session" not in data:
            raise Violation(_PAYLOAD)
        session, project = data["session"], self._connection.project
        found = self._sign_ins.by_credential(session, project) if _is_text(session) else None
        if found is None or not found.user.status:
            raise Violation("Session is not valid.")
        self._realtime.identify(self._connection, found.identity)
        return render_people.account(found.user, self._format)

    def _subscribe(self, data: Any) -> list[dict[str, Any]]:
        """All of the wishes are right, or none is done."""
        done = []
        for wish in [_wish(each) for each in _listed(data)]:
            id, heard = self._realtime.subscribe(
                self._connection, wish.channels, wish.filter, wish.id
            )
            done.append({"subscriptionId": id, "channels": heard, "queries": wish.queries})
        return done

    def _unsubscribe(self, data: Any) -> list[dict[str, Any]]:
        ids = [_subscription_id(each) for each in _listed(data)]
        held = self._connection.subscriptions
        return [{"subscriptionId": id, "removed": held.pop(id, None) is not None} for id in ids]

    def _reply(self, to: str, **data: Any) -> None:
        self._say("response", {"to": to, "success": True, **data})

    def _say(self, type: str, data: Mapping[str, Any]) -> None:
        self._connection.outbox.put(jsontext.encode({"type": type, "data": data}))


def say_error(outbox: Outbox, error: Violation) -> None:
    """Tell the client what was wrong; a policy that it violates ends the connection."""
    data = {"code": error.code, "message": str(error)}
    outbox.put(jsontext.encode({"type": "error", "data": data}))
    if error.code == POLICY:
        outbox.end(POLICY)


def _parse_filter(queries: list[str]) -> Filter:
    try:
        return Filter.parse(queries)
    except Refused as exc:
        raise Violation(f"Invalid query: {exc}") from exc


def _read(text: str | bytes) -> Mapping[str, Any]:
    try:
        message = jsontext.decode(_bytes(text))
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or message.keys().isdisjoint(("type", "data")):
        raise Violation("Message format is not valid.")
    return message


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "replace") if isinstance(text, str) else text


def _listed(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise Violation(_PAYLOAD)
    return data


def _wish(payload: Any) -> _Wish:
    if not isinstance(payload, dict):
        raise Violation("Each subscribe payload must be an object.")
    if "channels" not in payload:
        raise Violation("channels is not present in payload.")
    id, channels, queries = (
        payload.get(name) for name in ("subscriptionId", "channels", "queries")
    )
    if not _are_texts(channels):
        raise Violation("channels is not a valid array.")
    if "queries" in payload and not _are_texts(queries):
        raise Violation("queries is not a valid array.")
    if id is not None and not _is_text(id):
        raise Violation(_PAYLOAD)
    queries = queries or []
    return _Wish(id or "", tuple(channels or ()), tuple(queries), _parse_filter(queries))


def _subscription_id(payload: Any) -> str:
    id = payload.get("subscriptionId") if isinstance(payload, dict) else None
    if not _is_text(id) or not id:
        raise Violation("Each unsubscribe payload must include a non-empty subscriptionId.")
    return str(id)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(map(_is_text, values))
