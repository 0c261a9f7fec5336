"""Stubs: for which calls one is, and what it answers them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from itertools import chain
from typing import Any, Self

from ...models import unique_id
from ...near import meant
from . import matching, paths
from .call import StubCall
from .matching import Exactly, Wanted
from .paths import PathPattern
from .refused import StubRefused
from .reply import StubReply

__tracebackhide__ = True  # pytest shows the line of the test, none of here

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "ANY")
_ANY = "ANY"
_CALLERS = ("guest", "server")
_KINDS = ("function", "user")
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,35}", re.ASCII)
_BODIES = "text, bytes, a compiled regular expression or a function that decides"


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a call must have beside its method and path; None leaves it open.

    `query` and `headers` want what they name and let others be. `by` is `guest`, `server`, the id
    of a function or a user, or `function:ID` or `user:ID`.
    """

    query: Mapping[str, Wanted] | Exactly | None = None
    json: Wanted = None
    body: Wanted = None
    headers: Mapping[str, Wanted] | None = None
    by: str | None = None

    def check(self) -> None:
        """Raises StubRefused for criteria that no call could meet."""
        query = self.query.value if isinstance(self.query, Exactly) else self.query
        for place, wanted in (("query", query), ("headers", self.headers)):
            if wanted is not None and not isinstance(wanted, Mapping):
                raise StubRefused(f"{place} is {wanted!r}, and must be an object of names.")
            matching.check(wanted, place)
        matching.check(self.json, "json")
        if not isinstance(self.body, str | bytes | re.Pattern | None) and not callable(self.body):
            raise StubRefused(f"body is {self.body!r}, and must be {_BODIES}. For JSON say `json`.")
        if self.by is not None:
            _check_caller(self.by)

    def differences(self, call: StubCall) -> Iterator[str]:
        """How a call differs from what it must have, the cheap things first."""
        if self.by is not None and not _is_by(self.by, call):
            yield f"by: {call.caller} instead of {self.by}"
        if self.query is not None:
            yield from matching.query_differences(self.query, call.query)
        if self.headers is not None:
            yield from matching.header_differences(self.headers, call.headers)
        if self.json is not None:
            yield from matching.differences(self.json, call.json, "body")
        if self.body is not None:
            yield from matching.body_differences(self.body, call.body)

    def to_json(self) -> dict[str, Any]:
        """The criteria for programs; tests by functions as their text."""
        is_exact = isinstance(self.json, Exactly)
        json = self.json.value if is_exact else self.json
        told = {
            "query": _told(self.query.value if isinstance(self.query, Exactly) else self.query),
            "json": _told(json),
            "exact": is_exact,
            "body": _told(self.body),
            "headers": _told(self.headers),
        }
        return {**{name: value for name, value in told.items() if value}, "by": self.by}


@dataclass(frozen=True, slots=True)
class Stub:
    """The answers to calls of one method, or any, of the paths of a pattern.

    Each reply is given once and the last goes on; after `times` calls the stub takes no more.
    """

    id: str
    project: str
    method: str
    path: PathPattern
    _: KW_ONLY
    criteria: Criteria = Criteria()
    replies: tuple[StubReply, ...] = ()
    times: int | None = None

    @classmethod
    def declared(
        cls, project: str, method: object, path: object, criteria: Criteria, *, id: str = ""
    ) -> Self:
        """A stub without replies. Raises StubRefused for what cannot be one."""
        criteria.check()
        if id != "" and not (isinstance(id, str) and _ID.fullmatch(id)):
            raise StubRefused(f"A stub cannot have the id {id!r}: take up to 36 letters or digits.")
        return cls(id or unique_id(), project, _method(method), paths.read(path), criteria=criteria)

    def replying(self, *replies: StubReply) -> Self:
        """The same with more replies. Raises StubRefused."""
        return replace(self, replies=(*self.replies, *replies)).limited(self.times)

    def limited(self, times: int | None) -> Self:
        """The same for so many calls, or any number of them. Raises StubRefused."""
        if times is not None and (type(times) is not int or times < 1):
            raise StubRefused(f"times is {times!r}, and must be a whole number from 1 on.")
        if times is not None and times < len(self.replies):
            raise StubRefused(
                f"{len(self.replies)} replies and times={times}: the last would never be given."
            )
        return replace(self, times=times)

    def takes(self, method: str, path: str) -> bool:
        """Whether it is for calls of this method and path."""
        return self.method in (method, _ANY) and self.path.takes(path)

    def differences(self, call: StubCall) -> Iterator[str]:
        """How a call differs from those that the stub is for."""
        method, path = [], []
        if self.method not in (call.method, _ANY):
            method = [f"the method: {call.method} instead of {self.method}"]
        if not self.path.takes(call.path):
            path = ["the path"]
        return chain(method, path, self.criteria.differences(call))

    def __str__(self) -> str:
        return f"{self.method} {self.path.text}"

    def to_json(self) -> dict[str, Any]:
        """The stub for programs."""
        return {
            "id": self.id,
            "project": self.project,
            "method": self.method,
            "path": self.path.text,
            **self.criteria.to_json(),
            "replies": [reply.to_json() for reply in self.replies],
            "times": self.times,
        }


def _method(method: object) -> str:
    name = method.upper() if isinstance(method, str) else ""
    if name in METHODS:
        return name
    if name in ("HEAD", "OPTIONS"):
        hint = "HEAD is answered as GET is, without the body; OPTIONS by the emulator itself."
    else:
        hint = meant(name, METHODS)
    raise StubRefused(f"{method!r} is none of the methods {', '.join(METHODS)}. {hint}".rstrip())


def _check_caller(by: object) -> None:
    if not isinstance(by, str) or not by:
        raise StubRefused(f"by is {by!r}, and must be 'guest', 'server', or a function or user.")
    kind, colon, id = by.partition(":")
    if colon and (kind not in _KINDS or not id):
        raise StubRefused(f"by is {by!r}, and must be 'function:ID' or 'user:ID'.")


def _is_by(by: str, call: StubCall) -> bool:
    if by in _CALLERS:
        return call.caller == by
    kind, colon, id = by.partition(":")
    if not colon:
        return by in (call.function, call.user)
    return id == (call.function if kind == "function" else call.user)


def _told(wanted: Wanted) -> Any:
    """What is wanted as a JSON value."""
    if isinstance(wanted, Exactly):
        return _told(wanted.value)
    if isinstance(wanted, Mapping):
        return {name: _told(value) for name, value in wanted.items()}
    if isinstance(wanted, list | tuple):
        return [_told(each) for each in wanted]
    return wanted if isinstance(wanted, str | int | float | None) else repr(wanted)
