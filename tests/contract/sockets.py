"""A websocket to an emulator that is called without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from anyio.from_thread import BlockingPortal

_PATIENCE = 10  # seconds for one message

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wire:
    """Both directions, as ASGI has them."""

    says: ObjectSendStream[Message]
    hears: ObjectReceiveStream[Message]

    async def next(self) -> Message:
        with anyio.fail_after(_PATIENCE):
            return await self.hears.receive()


@contextmanager
def connected(portal: BlockingPortal, app: Callable[..., Any], scope: Message) -> Iterator[Socket]:
    """A connection as long as the context lasts, or until the emulator closes it."""
    says, said = anyio.create_memory_object_stream[Message](1000)
    tells, hears = anyio.create_memory_object_stream[Message](1000)
    wire = Wire(says, hears)
    with says, said, tells, hears:
        portal.call(says.send, {"type": "websocket.connect"})
        served = portal.start_task_soon(app, scope, said.receive, tells.send)
        try:
            assert portal.call(wire.next) == {"type": "websocket.accept"}
            yield Socket(portal, wire)
        finally:
            portal.call(says.send, {"type": "websocket.disconnect", "code": 1000})
            served.result(_PATIENCE)


@dataclass(frozen=True, slots=True)
class Socket:
    """The client's side."""

    portal: BlockingPortal
    wire: Wire

    def say(self, type: str, data: Any = None) -> None:
        """Send a message of Realtime's form."""
        self.send(json.dumps({"type": type} if data is None else {"type": type, "data": data}))

    def send(self, text: str | bytes) -> None:
        """Send any message."""
        kind = "text" if isinstance(text, str) else "bytes"
        self.portal.call(self.wire.says.send, {"type": "websocket.receive", kind: text})

    def next(self, type: str) -> Any:
        """The data of the next message, which must be of this type."""
        message = self.portal.call(self.wire.next)
        assert message["type"] == "websocket.send", message
        value = json.loads(message["text"])
        assert value["type"] == type, value
        return value.get("data")

    def ask(self, type: str, data: Any) -> Any:
        """What a message is answered."""
        self.say(type, data)
        answer = self.next("response")
        assert (answer.pop("to"), answer.pop("success")) == (type, True)
        return answer

    def error(self) -> tuple[int, str]:
        """(code, message) of the error that comes next."""
        data = self.next("error")
        assert list(data) == ["code", "message"]
        return data["code"], data["message"]

    def is_quiet(self) -> bool:
        """Whether all was read: what is asked now is answered next."""
        self.say("ping")
        return self.next("pong") is None

    def closed(self) -> int:
        """The code with which the emulator closes the connection now."""
        message = self.portal.call(self.wire.next)
        assert message["type"] == "websocket.close", message
        return int(message["code"])
