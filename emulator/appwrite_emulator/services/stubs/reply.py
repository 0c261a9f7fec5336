"""Replies: what a stub answers."""

from __future__ import annotations

import inspect
import json as jsonlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from ...errors import ApiError, Era, ErrorRow, resolve, table
from ...near import meant
from .call import StubCall
from .refused import StubRefused

__tracebackhide__ = True  # pytest shows the line of the test, none of here

Answer = Callable[[StubCall], object]
"""Makes the reply of one call: a `StubReply`, a JSON value, text, bytes, or None for none."""

Headers = Mapping[str, str]
Bytes = bytes  # the word is a method of replies

JSON = "application/json; charset=UTF-8"
TEXT = "text/plain; charset=UTF-8"
BINARY = "application/octet-stream"

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_OURS = ("content-length", "transfer-encoding", "connection")
_BARE = (204, 304)  # statuses of replies without a body
_LONGEST = 3600.0  # seconds


class _Refusal(NamedTuple):
    """An error in Appwrite's form; what is None is as in the error table."""

    type: str
    message: str | None
    status: int | None


@dataclass(frozen=True, slots=True)
class StubReply:
    """One answer, which waits for `delay` seconds of real time before it goes out."""

    status: int = 200
    body: Bytes = b""
    headers: tuple[tuple[str, str], ...] = ()  # names in lower case; one is content-type
    delay: float = 0.0
    refusal: _Refusal | None = None
    maker: Answer | None = None

    @classmethod
    def json(
        cls, value: Any, status: int = 200, headers: Headers | None = None, delay: float = 0.0
    ) -> Self:
        """A value as JSON. Raises StubRefused for what is none."""
        return cls._made(_encoded(value), status, _typed(JSON, headers), delay)

    @classmethod
    def text(
        cls, text: str, status: int = 200, headers: Headers | None = None, delay: float = 0.0
    ) -> Self:
        """A text in UTF-8."""
        if not isinstance(text, str):
            raise StubRefused(f"A reply's text must be a str, and is {text!r}.")
        return cls._made(text.encode("utf-8", "replace"), status, _typed(TEXT, headers), delay)

    @classmethod
    def bytes(
        cls, body: Bytes, status: int = 200, headers: Headers | None = None, delay: float = 0.0
    ) -> Self:
        """Bytes as they are; a header can say of which type."""
        if not isinstance(body, Bytes):
            raise StubRefused(f"A reply's bytes must be of type bytes, and are {body!r}.")
        return cls._made(body, status, _typed(BINARY, headers), delay)

    @classmethod
    def empty(cls, status: int = 204, headers: Headers | None = None, delay: float = 0.0) -> Self:
        """No body."""
        return cls._made(b"", status, _typed(TEXT, headers), delay)

    @classmethod
    def error(
        cls, type: str, message: str | None = None, status: int | None = None, delay: float = 0.0
    ) -> Self:
        """An error as Appwrite has it. For a type that the emulator does not know, say message and
        status. Raises StubRefused."""
        _check_error(type, message, status)
        refusal = _Refusal(type, message, status)
        return cls(_row(refusal, "1.9").code, delay=_seconds(delay), refusal=refusal)

    @classmethod
    def answer(cls, maker: Answer, delay: float = 0.0) -> Self:
        """What `maker`, which is called in a thread of its own, makes of each call."""
        if not callable(maker) or inspect.iscoroutinefunction(maker):
            raise StubRefused(
                f"{maker!r} must be a plain function that takes a call and returns its reply."
            )
        return cls(delay=_seconds(delay), maker=maker)

    @classmethod
    def of(cls, value: object) -> Self:
        """What a maker has returned, as a reply. Raises StubRefused."""
        if isinstance(value, cls):
            if value.maker:
                raise StubRefused("An answer must return a reply, and returned another answer.")
            return value
        if value is None:
            return cls.empty()
        if isinstance(value, str):
            return cls.text(value)
        return cls.bytes(value) if isinstance(value, Bytes) else cls.json(value)

    def row(self, call: StubCall, era: Era) -> ErrorRow | None:
        """The error that it is to a client of `era` who made `call`, if it is one."""
        if self.refusal is None:
            return None
        row = _row(self.refusal, era)
        return replace(row, message=row.message.replace("%s", _id_in(call)))

    def to_json(self) -> dict[str, Any]:
        """The reply for programs, as far as it can be told."""
        if self.maker:
            return {"answer": getattr(self.maker, "__name__", repr(self.maker))}
        told: dict[str, Any] = {"status": self.status, "delay": self.delay}
        if self.refusal:
            return {**told, "error": self.refusal.type, "message": self.refusal.message}
        body = self.body.decode("utf-8", "replace")
        return {**told, "headers": dict(self.headers), "body": body}

    @classmethod
    def _made(cls, body: Bytes, status: int, headers: Headers, delay: float) -> Self:
        _check_status(status)
        if body and status in _BARE:
            raise StubRefused(f"A reply with status {status} has no body. Choose another status.")
        return cls(status, body, tuple(headers.items()), _seconds(delay))


def _row(refusal: _Refusal, era: Era) -> ErrorRow:
    type, message, status = refusal
    if type not in table():
        assert status is not None, "only known types go without a status"
        return ErrorRow(status, message or "", type)
    row = resolve(ApiError(type, message), era)
    return row if status is None else ErrorRow(status, row.message, row.type)


def _id_in(call: StubCall) -> str:
    """The id of what a call is about: one that its body gives, or that its path ends with."""
    given = call.json.items() if isinstance(call.json, Mapping) else ()
    ids = [value for name, value in given if name.endswith("Id") and isinstance(value, str)]
    return ids[0] if ids else call.path.rpartition("/")[2]


def _encoded(value: Any) -> bytes:
    try:
        text = jsonlib.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        return text.encode()
    except (TypeError, ValueError, RecursionError) as exc:
        raise StubRefused(f"The reply cannot be written as JSON: {exc}.") from exc


def _check_error(type: object, message: object, status: object) -> None:
    if not isinstance(type, str) or not isinstance(message, str | None):
        raise StubRefused(f"An error's type {type!r} and message {message!r} must be texts.")
    if type not in table() and (not message or status is None):
        raise StubRefused(
            f"{type!r} is no error type that the emulator knows: give its message and status "
            f"too. {meant(type, table())}".rstrip()
        )
    if status is not None:
        _check_status(status, least=400)


def _check_status(status: object, *, least: int = 200) -> None:
    if type(status) is not int or not least <= status <= 599:
        raise StubRefused(f"The status {status!r} must be a whole number from {least} to 599.")


def _seconds(delay: object) -> float:
    if isinstance(delay, int | float) and not isinstance(delay, bool) and 0 <= delay <= _LONGEST:
        return float(delay)
    raise StubRefused(f"The delay {delay!r} must be seconds from 0 to {_LONGEST:,.0f}.")


def _typed(kind: str, headers: Headers | None) -> Headers:
    """The headers, which may say another type than `kind`. Raises StubRefused."""
    return {"content-type": kind, **_checked({} if headers is None else headers)}


def _checked(headers: Headers) -> dict[str, str]:
    if not isinstance(headers, Mapping):
        raise StubRefused(f"The headers {headers!r} must be an object of names and texts.")
    for name, value in headers.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise StubRefused(f"{name!r} cannot be the name of a header.")
        if name.lower() in _OURS:
            raise StubRefused(f"The header {name} is the emulator's to set. Leave it out.")
        if not isinstance(value, str) or not value.isprintable() or not _is_latin(value):
            raise StubRefused(f"The header {name} cannot have the value {value!r}.")
    return {name.lower(): value for name, value in headers.items()}


def _is_latin(text: str) -> bool:
    return all(ord(each) < 256 for each in text)
