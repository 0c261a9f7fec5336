"""Near misses: the stubs that a call has almost met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Any, NamedTuple

from ...printable import cut
from .call import StubCall
from .paths import ROOT
from .stub import METHODS, Stub

_MOST = 3  # stubs, and differences of each, that are told
_ALIKE = 0.7  # how much the path of a near one has in common with that of the call
_LONGEST = 500  # characters of a body


class _Near(NamedTuple):
    likeness: float
    differing: int  # how much of it, beside the path
    text: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A call that neither a stub nor the emulator answered, and the stubs that it almost met."""

    call: StubCall
    near: tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        """The stubs that are near, in one sentence; empty without any."""
        if not self.near:
            return ""
        count = "1 stub is near" if len(self.near) == 1 else f"{len(self.near)} stubs are near"
        return f"{count}: {'; '.join(self.near)}."

    @property
    def advice(self) -> str:
        """How a test lets it be answered."""
        call = self.call
        method = call.method.lower() if call.method in METHODS else "any"
        path = call.path.removeprefix(ROOT)
        return (
            f'Declare one: appwrite.stub.{method}("{path}").json({{...}}). A test with '
            "@pytest.mark.appwrite(strict=False) goes on without; check=False is about how a "
            "function ends, not about what it calls."
        )

    def explain(self) -> str:
        """Who asked for what, and what differs from the stubs that are near, in some lines."""
        return "\n".join(self._lines())

    def __str__(self) -> str:
        return self.explain()

    def to_json(self) -> dict[str, Any]:
        """The call for programs, and what it almost met."""
        return {**self.call.to_json(), "near": list(self.near)}

    def _lines(self) -> Iterator[str]:
        call = self.call
        yield f"{call.method} {call.path} met no stub."
        execution = f" in execution {call.execution}" if call.execution else ""
        yield f"  called by: {call.caller}{execution}"
        if call.query:
            yield f"  query: {cut(repr(dict(call.query)), _LONGEST)}"
        if call.body:
            body = call.text if call.json is None else repr(call.json)
            yield f"  body: {cut(body, _LONGEST)}"
        yield from (f"  near: {text}" for text in self.near)
        if not self.near:
            yield "  no stub is near it"


def nearest(stubs: Iterable[tuple[Stub, bool]], call: StubCall) -> tuple[str, ...]:
    """What is near `call`, the nearest first, with what differs; of each stub it is said whether
    it has been given as often as it may."""
    found = [near for stub, is_spent in stubs if (near := _near(stub, call, is_spent=is_spent))]
    found.sort(key=lambda near: (-near.likeness, near.differing))
    return tuple(near.text for near in found[:_MOST])


def _near(stub: Stub, call: StubCall, *, is_spent: bool) -> _Near | None:
    likeness = _likeness(stub, call.path)
    if likeness < _ALIKE:
        return None
    differences = list(stub.differences(call))
    if not differences and is_spent:
        return _Near(likeness, 0, f"{stub} has answered {stub.times} times, as often as it may")
    told = ", ".join(islice(differences, _MOST))
    more = f" and {len(differences) - _MOST} more" if len(differences) > _MOST else ""
    is_other = stub.method not in (call.method, "ANY")
    differing = len(differences) + _MOST * is_other
    return _Near(likeness, differing, f"{stub} differs in {told}{more}")


def _likeness(stub: Stub, path: str) -> float:
    """How much paths have in common, from 0 to 1."""
    if stub.path.takes(path):
        return 1.0
    return SequenceMatcher(None, stub.path.text, path, autojunk=False).ratio()
