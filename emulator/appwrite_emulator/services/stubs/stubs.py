"""Stubs as a service: which answers which call, and what was called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import anyio

from ...errors import ApiError, resolve
from ...models import Caller
from ..ground import Ground
from ..under_way import WorkKind
from .call import StubCall
from .ledger import Ledger
from .near import Unmatched, nearest
from .reply import StubReply
from .stub import Stub


class StubUnknown(LookupError):
    """There is no such stub; a restore and a reset remove them."""


class Taken(NamedTuple):
    """A call that a stub answers: this time with this reply."""

    call: StubCall
    stub: Stub
    reply: StubReply


class Raised(NamedTuple):
    """A call for which the code that a test gave as answer has raised an error."""

    call: StubCall
    error: Exception

    def explain(self) -> str:
        """Whose call it was, and what was raised."""
        call = self.call
        return f"The answer to {call.method} {call.path} by {call.caller} raised {self.error!r}."


@dataclass(slots=True)
class _Standing:
    """A stub, and how many calls it has taken."""

    stub: Stub
    taken: int = 0

    @property
    def is_spent(self) -> bool:
        return self.stub.times is not None and self.taken >= self.stub.times

    def next(self) -> StubReply:
        self.taken += 1
        return self.stub.replies[min(self.taken, len(self.stub.replies)) - 1]


class Stubs:
    """The declared stubs of all projects. Call it in the emulator's own loop."""

    def __init__(self, ground: Ground, project: str) -> None:
        self._ground = ground
        self.project = project  # that of stubs which name none
        self.is_used = False
        """Whether there is any stub: what every request asks."""
        self._standings: dict[tuple[str, str], _Standing] = {}  # in the order of declaration
        self._calls = Ledger[StubCall](lambda call: call)
        self._unmatched = Ledger[Unmatched](lambda unmatched: unmatched.call)
        self._raised = Ledger[Raised](lambda raised: raised.call)
        self._turned = anyio.Event()  # set when replies must wait no longer
        self._is_closed = False

    def declare(self, stub: Stub) -> None:
        """Let `stub` answer from now on, before those declared earlier. One that was declared with
        the same id keeps its place, and the calls it has taken count on."""
        assert stub.replies, "a stub without replies answers nothing"
        standing = self._standings.get((stub.project, stub.id))
        if standing:
            standing.stub = stub
        else:
            self._standings[stub.project, stub.id] = _Standing(stub)
            self.is_used = True

    def now(self) -> str:
        """The time, as calls and rows have it."""
        return self._ground.now()

    def may_take(self, method: str, path: str) -> bool:
        """Whether some stub is for this method and path, of whatever project."""
        return any(each.stub.takes(method, path) for each in self._standings.values())

    def call(self, caller: Caller, method: str, path: str, query: Mapping[str, object]) -> StubCall:
        """A call that has come now, without headers and body."""
        project, function = caller.project, caller.function_id
        return StubCall(
            project=project,
            method=method,
            path=path,
            query=query,
            headers={},
            function=function,
            execution=self._execution_of(project, function) if function else "",
            user=caller.user_id,
            is_server=caller.is_privileged and not caller.user_id and not function,
            moment=self._ground.now(),
            epoch=self._ground.epochs.of(project),
        )

    def take(self, call: StubCall) -> Taken | None:
        """What answers the call: the stub that was declared last of those that match."""
        for standing in reversed(self._standings.values()):
            stub = standing.stub
            if stub.project != call.project or standing.is_spent:
                continue
            if next(stub.differences(call), None) is None:
                return Taken(replace(call, stub=stub.id), stub, standing.next())
        return None

    def answered(self, call: StubCall, status: int) -> None:
        """Keep a call that a stub has answered. Raises ApiError emulator_restored when the state
        was restored meanwhile."""
        self._check(call)
        self._calls.add(replace(call, reply_status=status))

    async def pause(self, call: StubCall, seconds: float) -> None:
        """Let real time pass before a reply, less when the emulator stops. Raises ApiError
        emulator_restored, at once, when the state is restored meanwhile."""
        with anyio.move_on_after(seconds):
            while self._is_current(call) and not self._is_closed:
                await self._turned.wait()
        self._check(call)

    def failed(self, call: StubCall, error: Exception) -> None:
        """Keep that the code which should answer has raised `error`. Raises as `answered`."""
        self.answered(call, resolve(ApiError("emulator_stub_failed"), "1.9").code)
        self._raised.add(Raised(call, error))

    def missed(self, call: StubCall) -> Unmatched:
        """Keep a call that nothing answers. Raises ApiError emulator_restored."""
        self._check(call)
        own = [each for each in self._standings.values() if each.stub.project == call.project]
        near = nearest([(each.stub, each.is_spent) for each in reversed(own)], call)
        unmatched = Unmatched(call, near)
        self._unmatched.add(unmatched)
        return unmatched

    def all(self, project: str = "") -> list[Stub]:
        """The stubs of `project`, or all, in the order in which they were declared."""
        stubs = [each.stub for each in self._standings.values()]
        return [stub for stub in stubs if not project or stub.project == project]

    def calls(self, project: str = "", stub: str = "") -> list[StubCall]:
        """The calls that stubs answered, or one of them did, in the order of their replies."""
        return [call for call in self._calls.of(project) if not stub or call.stub == stub]

    def unmatched(self, project: str = "") -> list[Unmatched]:
        """The calls that nothing answered, the oldest first."""
        return self._unmatched.of(project)

    def raised(self, project: str = "") -> list[Raised]:
        """The errors of code that should have answered, the oldest first."""
        return self._raised.of(project)

    def remove(self, id: str, project: str = "") -> None:
        """Remove one stub; what was called stays known. Raises StubUnknown."""
        project = project or self.project
        if self._standings.pop((project, id), None) is None:
            known = ", ".join(stub.id for stub in self.all(project)) or "none"
            raise StubUnknown(
                f"There is no stub {id!r} in project {project!r}. A restore and a reset remove "
                f"stubs; there are: {known}."
            )
        self.is_used = bool(self._standings)

    def clear(self, project: str = "") -> None:
        """Remove the stubs of `project`, or all, and forget what was called."""
        for stub in self.all(project):
            del self._standings[stub.project, stub.id]
        self.is_used = bool(self._standings)
        for ledger in (self._calls, self._unmatched, self._raised):
            ledger.clear(project)
        self._turn()

    def close(self) -> None:
        """Let no reply wait any longer: the emulator stops."""
        self._is_closed = True
        self._turn()

    def _turn(self) -> None:
        self._turned.set()
        self._turned = anyio.Event()

    def _is_current(self, call: StubCall) -> bool:
        return call.epoch == self._ground.epochs.of(call.project)

    def _check(self, call: StubCall) -> None:
        """What was called before a restore belongs to nobody who is still there."""
        if not self._is_current(call):
            raise ApiError("emulator_restored")

    def _execution_of(self, project: str, function: str) -> str:
        """The execution that calls, if only one of the function is under way."""
        ids = [
            work.id
            for work in self._ground.under_way.of(project)
            if work.function_id == function and work.kind is WorkKind.EXECUTION
        ]
        return ids[0] if len(ids) == 1 else ""
