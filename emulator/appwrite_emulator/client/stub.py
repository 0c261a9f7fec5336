"""A stub in a test's hands: what it answers, and the calls it has taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypedDict, Unpack

from ..near import meant
from ..printable import cut
from ..services import stubs as declared
from ..services.stubs import Answer, Criteria, Exactly, StubCall, StubRefused, StubReply, Unmatched
from .rows import DOCUMENTS, ROWS, Kind, Origin

__tracebackhide__ = True  # pytest shows the line of the test, none of here

Headers = Mapping[str, str] | None
InLoop = Callable[..., Any]
"""Calls a function in the emulator's own loop, and returns what it returns."""

_Bytes = bytes  # the word is a method of stubs
_LONGEST = 300  # characters of a body


class Wanted(TypedDict, total=False):
    """What calls must be like; what is left out does not matter."""

    query: Mapping[str, Any] | Exactly
    json: Any
    body: Any
    headers: Mapping[str, Any]
    by: str


def criteria_of(wanted: Wanted) -> Criteria:
    """Raises TypeError for what no call has."""
    known = [*Wanted.__annotations__]
    for name in wanted:
        if name not in known:
            advice = meant(name, known) or f"There are {', '.join(known)}."
            raise TypeError(f"A stub cannot want {name!r} of a call. {advice}")
    return Criteria(**wanted)


class Stub:
    """Answers for calls, in effect from the first reply on.

    Replies are given in their order, each once, and the last goes on; `times` makes it end. Of
    several stubs that match a call, the one that was declared last answers.
    """

    def __init__(self, stub: declared.Stub, stubs: declared.Stubs, in_loop: InLoop) -> None:
        self._stub = stub
        self._stubs = stubs
        self._in_loop = in_loop

    def __repr__(self) -> str:
        return f"<Stub {self._stub}>"

    def json(
        self, value: Any, status: int = 200, headers: Headers = None, delay: float = 0.0
    ) -> Self:
        """Answer with a value as JSON. `delay` is in seconds of real time, here and below."""
        return self._reply(StubReply.json(value, status, headers, delay))

    def listing(self, key: str, rows: Sequence[Any], total: int | None = None) -> Self:
        """Answer with a list as Appwrite has them: `{"total": 1, key: rows}`."""
        return self.json({"total": len(rows) if total is None else total, key: list(rows)})

    def documents(self, documents: Sequence[Mapping[str, Any]], total: int | None = None) -> Self:
        """Answer with a list of documents. Each is filled up with what Appwrite says of it, such as
        `$createdAt` and `$permissions`, for SDKs that take nothing less."""
        return self._rows(DOCUMENTS, documents, total)

    def rows(self, rows: Sequence[Mapping[str, Any]], total: int | None = None) -> Self:
        """Answer with a list of rows, filled up likewise."""
        return self._rows(ROWS, rows, total)

    def document(self, document: Mapping[str, Any], status: int | None = None) -> Self:
        """Answer with one document, filled up likewise; to POST with 201, unless `status` says."""
        return self._row(DOCUMENTS, document, status)

    def row(self, row: Mapping[str, Any], status: int | None = None) -> Self:
        """Answer with one row, as `document` does."""
        return self._row(ROWS, row, status)

    def text(
        self, text: str, status: int = 200, headers: Headers = None, delay: float = 0.0
    ) -> Self:
        """Answer with text."""
        return self._reply(StubReply.text(text, status, headers, delay))

    def bytes(
        self, body: _Bytes, status: int = 200, headers: Headers = None, delay: float = 0.0
    ) -> Self:
        """Answer with bytes; the header content-type can say what they are."""
        return self._reply(StubReply.bytes(body, status, headers, delay))

    def empty(self, status: int = 204, headers: Headers = None, delay: float = 0.0) -> Self:
        """Answer without a body, as what deletes does."""
        return self._reply(StubReply.empty(status, headers, delay))

    def error(
        self, type: str, message: str | None = None, status: int | None = None, delay: float = 0.0
    ) -> Self:
        """Answer with Appwrite's error of that type, such as `document_not_found`. Of a type that
        the emulator does not know, say message and status."""
        return self._reply(StubReply.error(type, message, status, delay))

    def answer(self, maker: Answer, delay: float = 0.0) -> Self:
        """Answer with what `maker` returns for each call, in a thread: a JSON value, text, bytes,
        None for an empty reply, or a `StubReply`. What it raises fails the test."""
        return self._reply(StubReply.answer(maker, delay))

    def times(self, count: int) -> Self:
        """Take so many calls in all; after them the stub matches none."""
        return self._change(self._stub.limited(count))

    @property
    def calls(self) -> list[StubCall]:
        """The calls it has answered, in the order of its replies; of all stubs together the last
        10,000 are kept."""
        return list(self._in_loop(self._stubs.calls, self._stub.project, self._stub.id))

    def assert_called(self, times: int | None = None, **wanted: Unpack[Wanted]) -> None:
        """Fail unless it has answered so many calls like this; without `times` one or more.

        What calls must be like is said as where a stub is declared. The error shows all calls.
        """
        if not self._stub.replies:
            raise StubRefused(f"{self._stub} has no reply yet: it answers no call. Give it one.")
        if times is not None and (type(times) is not int or times < 0):
            raise StubRefused(f"times is {times!r}, and must be a whole number from 0 on.")
        criteria = criteria_of(wanted)
        criteria.check()
        calls = self.calls
        found = [call for call in calls if next(criteria.differences(call), None) is None]
        if len(found) != times if times is not None else not found:
            expected = "at least 1" if times is None else times
            raise AssertionError(
                self._explained(f"{len(found)}, expected {expected}", criteria, calls)
            )

    def assert_not_called(self, **wanted: Unpack[Wanted]) -> None:
        """Fail when it has answered calls like this."""
        self.assert_called(0, **wanted)

    def _rows(self, kind: Kind, rows: Sequence[Mapping[str, Any]], total: int | None) -> Self:
        origin = self._origin(kind)
        whole = [origin.whole(row, number) for number, row in enumerate(rows, 1)]
        return self.listing(kind.plural, whole, total)

    def _row(self, kind: Kind, row: Mapping[str, Any], status: int | None) -> Self:
        usual = 201 if self._stub.method == "POST" else 200
        whole = self._origin(kind).whole(row, 1)
        return self.json(whole, usual if status is None else status)

    def _origin(self, kind: Kind) -> Origin:
        return Origin(kind, self._stub.path.text, self._in_loop(self._stubs.now))

    def _reply(self, reply: StubReply) -> Self:
        return self._change(self._stub.replying(reply))

    def _change(self, stub: declared.Stub) -> Self:
        self._stub = stub
        if stub.replies:
            self._in_loop(self._stubs.declare, stub)
        return self

    def _explained(self, counts: str, criteria: Criteria, calls: Sequence[StubCall]) -> str:
        """How often it was called and should have been, and all that was called."""
        wanted = ", ".join(
            f"{name}={value!r}" for name, value in criteria.to_json().items() if value
        )
        lines = [f"Calls of {self._stub}{f' with {wanted}' if wanted else ''}: {counts}."]
        lines += [f"  {_line(call, criteria)}" for call in calls] or ["  It has answered no call."]
        unmatched: list[Unmatched] = self._in_loop(self._stubs.unmatched, self._stub.project)
        lines += [f"  {line}" for each in unmatched for line in each.explain().splitlines()]
        return "\n".join(lines)


def _line(call: StubCall, criteria: Criteria) -> str:
    """One call, and how it differs from what is looked for."""
    body = call.text if call.json is None else repr(call.json)
    differing = "; ".join(criteria.differences(call))
    parts = [
        f"{call.method} {call.path} by {call.caller}: {call.reply_status}",
        f"query {dict(call.query)!r}" if call.query else "",
        f"body {cut(body, _LONGEST)}" if call.body else "",
        f"differs in {differing}" if differing else "",
    ]
    return ", ".join(part for part in parts if part)
