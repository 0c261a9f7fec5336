"""Appwrite's API of the emulator, as the parts of a handle call it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from ..declared import scope_names
from ..emulator import Emulator
from ..errors import ApiError, Era, resolve
from .headers import Headers

__tracebackhide__ = True  # pytest shows the line of the test, none of here

_JSON = {"content-type": "application/json"}
_PATIENCE = 3600.0  # seconds; what takes too long is told by the emulator


class Refused(Exception):
    """The emulator did not do what was asked: Appwrite's error with `code`, `type`, `message`."""

    def __init__(self, code: int, type: str, message: str) -> None:
        super().__init__(f"{message} ({code} {type})")
        self.code = code
        self.type = type
        self.message = message

    @classmethod
    def of(cls, error: ApiError, era: Era) -> Self:
        """The refusal that callers of the API get for `error`."""
        row = resolve(error, era)
        return cls(row.code, row.type, row.message)


class Reply(NamedTuple):
    """What came back over HTTP."""

    status_code: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as a JSON value, None without one. Raises ValueError, which shows it."""
        try:
            return json.loads(self.body) if self.body else None
        except (ValueError, RecursionError) as exc:
            shown = f"{self.text[:200]!r} ({self.status_code})"
            raise ValueError(f"The answer is no JSON: {shown}.") from exc


@dataclass(frozen=True, slots=True)
class Api:
    """Where the API answers, in which project, and the key that may do everything."""

    endpoint: str  # ends in /v1
    project: str
    key: str
    made: str = ""  # the id of the key, when it was made for this

    @classmethod
    def of(cls, emulator: Emulator) -> Self:
        """That of an emulator, with a key made for it when those that were declared may do less
        than everything and others are refused."""
        config, project = emulator.config, emulator.project
        full = [key.secret for key in config.keys if key.secret in config.full_keys]
        if full:
            return cls(emulator.endpoint, project, full[0])
        if not config.strict and not config.keys:
            return cls(emulator.endpoint, project, emulator.key)
        values = {"name": "of the tests", "scopes": scope_names(), "expire": ""}
        create = emulator.services.api_keys.create
        made = emulator.in_loop(create, project, "unique()", values)
        return cls(emulator.endpoint, project, made.secret, made.id)

    def is_open(self, emulator: Emulator) -> bool:
        """Whether the key counts: one that was made may have gone with other rows."""
        find = emulator.services.api_keys.find
        return not self.made or emulator.in_loop(find, self.project, self.key) is not None

    def close(self, emulator: Emulator) -> None:
        """Delete the key that was made."""
        if self.made and self.is_open(emulator):
            emulator.in_loop(emulator.services.api_keys.delete, self.project, self.made)

    @property
    def as_server(self) -> dict[str, str]:
        """The headers of who has the key."""
        return {**self.as_guest, "x-appwrite-key": self.key}

    @property
    def as_guest(self) -> dict[str, str]:
        """The headers of who is nobody."""
        return {"x-appwrite-project": self.project}

    @property
    def port(self) -> int:
        port = urlsplit(self.endpoint).port
        assert port is not None, "the emulator's own endpoint names its port"
        return port

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON that `path`, such as `/users`, answers to the holder of the key.

        Raises Refused.
        """
        text = b"" if body is None else json.dumps(body).encode()
        return self.send(method, path, text, {**self.as_server, **_JSON}).json()

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Call it with bytes. Raises Refused."""
        base = urlsplit(self.endpoint).path
        reply = self.exchange(method, f"{base}{path}", body, headers)
        if reply.status_code >= 400:
            raise _refusal(reply)
        return reply

    def exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """What any path at the emulator's address answers, whatever it is."""
        place = urlsplit(self.endpoint).netloc
        connection = http.client.HTTPConnection(place, timeout=_PATIENCE)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return Reply(answer.status, Headers(answer.getheaders()), answer.read())
        finally:
            connection.close()


def _refusal(reply: Reply) -> Refused:
    try:
        error = reply.json()
        return Refused(reply.status_code, error["type"], error["message"])
    except (ValueError, KeyError, TypeError):
        return Refused(reply.status_code, "general_unknown", reply.text)
