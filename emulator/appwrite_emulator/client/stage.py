"""The stage: what the parts of a handle share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar, overload

import anyio

from .. import models
from ..declared import ConfigError
from ..emulator import Emulator
from ..errors import ApiError
from ..events import EventRefused
from ..models import Caller, ExecutionStatus, Trigger
from ..near import meant
from ..project_file import ProjectFileError
from ..services.calendar import MomentOutOfRange
from ..services.changes import EntryRefused
from ..services.control import Snapshot
from ..services.projects import DeployFailed, NothingThere
from ..services.schedules import ScheduleUnknown
from ..services.stubs import Raised, Unmatched
from ..services.under_way import NotSettled, Work, WorkKind
from .api import Api, Refused
from .execution import Execution
from .judge import Judge
from .telling import pending_text

__tracebackhide__ = True  # pytest shows the line of the test, none of here

T = TypeVar("T")
_REFUSALS = (
    ConfigError, DeployFailed, EntryRefused, EventRefused, MomentOutOfRange, NothingThere,
    ProjectFileError, ScheduleUnknown,
)  # fmt: skip
"""What is wrong with what a test asks for: their texts say it all."""
_GRACE = 1.0  # seconds that what a test leaves under way gets to end


class NotDue(ValueError):
    """An execution cannot be waited for, because its moment is still to come."""

    def __init__(self, execution: models.Execution) -> None:
        super().__init__(
            f"Execution {execution.id} of {execution.function_id!r} begins at "
            f"{execution.scheduled_at}, which the clock has not reached. Move it, such as by "
            "appwrite.clock.advance(hours=1)."
        )


class HandleOver(RuntimeError):
    """A handle was used when its test had ended, and would have changed the one that runs now."""

    def __init__(self) -> None:
        super().__init__(
            "The test that this Appwrite was for has ended, and others have the emulator now. Take "
            "the fixture `appwrite` in each test; for what all tests share, `appwrite_server`. "
            "A thread of a test has to end with it."
        )


@dataclass(slots=True)
class Stage:
    """One emulator in one test. Raises HandleOver for whatever is done after that."""

    _emulator: Emulator
    _api: Api
    judge: Judge
    timeout: float  # seconds that waiting may take
    start: Snapshot | None = None  # what a reset goes back to; None: to nothing
    closing: ExitStack = field(default_factory=ExitStack)  # what ends with the test
    undeployed: Mapping[str, str] = field(default_factory=dict)  # why, by ids of functions
    is_over: bool = False

    @property
    def emulator(self) -> Emulator:
        self._require_test()
        return self._emulator

    @property
    def api(self) -> Api:
        self._require_test()
        return self._api

    @property
    def project(self) -> str:
        return self._api.project

    def end(self) -> None:
        """Do nothing from now on: the test is over."""
        self.is_over = True

    @property
    def caller(self) -> Caller:
        """Who may do everything."""
        return Caller(self.project, is_privileged=True)

    @overload
    def in_loop(self, act: Callable[..., Awaitable[T]], *args: Any) -> T: ...

    @overload
    def in_loop(self, act: Callable[..., T], *args: Any) -> T: ...

    def in_loop(self, act: Callable[..., Any], *args: Any) -> Any:
        """As `Emulator.in_loop`. Raises Refused for what services refuse."""
        return self.waited(lambda: self.emulator.in_loop(act, *args))

    def executions(
        self, function: str = "", *, status: str = "", trigger: str = "", user: str = ""
    ) -> list[Execution]:
        """Executions in the order of creation: all of the project, or those of one function, with a
        status, a trigger, by a user. Raises ValueError for a status or trigger that is none."""
        _require("status", status, ExecutionStatus)
        _require("trigger", trigger, Trigger)
        wanted = {"status": status, "trigger": trigger, "user": user}
        limits = [(name, value) for name, value in wanted.items() if value]
        found = self.in_loop(self._all, function)
        return [each for each in found if all(getattr(each, n) == v for n, v in limits)]

    def execution(self, function: str, id: str) -> Execution:
        """One execution. Raises Refused with type function_not_found, execution_not_found."""
        return self.in_loop(self._one, function, id)

    def ended(self, function: str, id: str) -> Execution:
        """One execution, as soon as it has ended.

        Raises NotDue, NotSettled when it takes too long, and what `execution` raises.
        """
        return self.waited(lambda: self.in_loop(self._ended, function, id))

    def waited(self, act: Callable[[], T]) -> T:
        """What `act` returns. What it refuses tells nothing of the emulator's own frames, and a
        NotSettled what was said by what is pending. Raises Refused for what services refuse."""
        try:
            return act()
        except ApiError as exc:
            raise Refused.of(exc, self.emulator.config.appwrite) from exc.with_traceback(None)
        except _REFUSALS as exc:
            raise exc.with_traceback(None) from None
        except NotSettled as exc:
            exc.add_note(pending_text(self.emulator, exc.pending))
            raise exc.with_traceback(None) from None

    def restore(self, snapshot: Snapshot) -> None:
        """Put back the rows of `snapshot`. Raises FunctionFailed for what has failed until now:
        nobody would see it any more."""
        self.require(self.failures())
        self.emulator.restore(snapshot)

    def snapshot(self) -> Snapshot:
        """Remember all rows until the test ends."""
        taken = self.emulator.snapshot()
        self.closing.callback(self._emulator.forget, taken)
        return taken

    def reset(self) -> None:
        """Put back what there was when the test began. Raises as `restore` does."""
        if self.start is not None:
            self.restore(self.start)
            return
        self.require(self.failures())
        self.emulator.reset(self.project)

    def require(self, executions: list[Execution]) -> None:
        """Raise FunctionFailed for those that failed unexpectedly, StubsFailed for calls that met
        no stub, or one that could not answer."""
        self.judge.require(executions, self.emulator.in_loop(self._unanswered))

    def settle(self, timeout: float | None = None) -> list[Work]:
        """Wait until all is quiet; what was waited for. Raises NotSettled."""
        limit = self.timeout if timeout is None else timeout
        return self.waited(lambda: self.emulator.settle(limit))

    def calm(self) -> None:
        """Wait a little until all is quiet, where failures matter."""
        if self.judge.is_strict:
            with suppress(NotSettled):
                self.emulator.settle(min(_GRACE, self.timeout))

    def seen(self) -> list[Execution]:
        """Those that have ended while the test went on, in that order, whoever called them."""
        sights = self.emulator.services.witness.sights
        return [Execution.seen(each) for each in self.emulator.in_loop(sights, self.project)]

    def failures(self) -> list[Execution]:
        """Those of them in which no function came to an answer."""
        failures = self.emulator.services.witness.failures
        return [Execution.seen(each) for each in self.emulator.in_loop(failures, self.project)]

    def _require_test(self) -> None:
        if self.is_over:
            raise HandleOver

    def _unanswered(self) -> list[Unmatched | Raised]:
        stubs = self.emulator.services.stubs
        return [*stubs.raised(self.project), *stubs.unmatched(self.project)]

    async def _all(self, function: str) -> list[Execution]:
        rows = self.emulator.services.executions.of(self.project, function)
        return [await self._told(row) for row in rows]

    async def _one(self, function: str, id: str) -> Execution:
        return await self._told(self._row(function, id))

    async def _ended(self, function: str, id: str) -> Execution:
        row = self._row(function, id)
        if row.status == ExecutionStatus.SCHEDULED:
            raise NotDue(row)
        with anyio.move_on_after(self.timeout) as waiting:
            await self.emulator.services.executions.finished(self.project, id)
        if waiting.cancelled_caught:
            work = Work(WorkKind.EXECUTION, self.project, function, id)
            raise NotSettled(self.timeout, [work])
        return await self._told(self._row(function, id))

    def _row(self, function: str, id: str) -> models.Execution:
        return self.emulator.services.executions.get(self.caller, function, id)

    async def _told(self, row: models.Execution) -> Execution:
        services = self.emulator.services
        texts = await services.executions.texts(row)
        return Execution.of(row, texts, services.witness.sight(row.id))


def _require(name: str, value: str, kind: type[StrEnum]) -> None:
    if value and value not in list(kind):
        advice = meant(value, kind) or f"There are {', '.join(kind)}."
        raise ValueError(f"{name} is {value!r}, which no execution has. {advice}")
