"""Appwrite's API of the emulator, as the parts of a handle call it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

_JSON = {"content-type": "application/json"}
_PATIENCE = 3600.0  # seconds; what takes too long is told by the emulator


class Refused(Exception):
    """The emulator did not do what was asked: Appwrite's error with `code`, `type`, `message`."""

    def __init__(self, code: int, type: str, message: str) -> None:
        super().__init__(f"{message} ({code} {type})")
        self.code = code
        self.type = type
        self.message = message


class Reply(NamedTuple):
    """What came back over HTTP."""

    content_type: str
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Api:
    """Where the API answers, in which project, and the key that may do everything."""

    endpoint: str  # ends in /v1
    project: str
    key: str

    @property
    def as_server(self) -> dict[str, str]:
        """The headers of who has the key."""
        return {**self.as_guest, "x-appwrite-key": self.key}

    @property
    def as_guest(self) -> dict[str, str]:
        """The headers of who is nobody."""
        return {"x-appwrite-project": self.project}

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON that `path`, such as `/users`, answers to the holder of the key.

        Raises Refused.
        """
        text = b"" if body is None else json.dumps(body).encode()
        return self.send(method, path, text, {**self.as_server, **_JSON}).json()

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Call it with bytes. Raises Refused."""
        place = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(place.netloc, timeout=_PATIENCE)
        try:
            connection.request(method, f"{place.path}{path}", body, dict(headers))
            answer = connection.getresponse()
            reply = Reply(answer.getheader("content-type", ""), answer.read())
        finally:
            connection.close()
        if answer.status >= 400:
            raise _refusal(answer.status, reply)
        return reply


def _refusal(status: int, reply: Reply) -> Refused:
    try:
        error = reply.json()
        return Refused(status, error["type"], error["message"])
    except (ValueError, KeyError, TypeError):
        return Refused(status, "general_unknown", reply.body.decode("utf-8", "replace"))
