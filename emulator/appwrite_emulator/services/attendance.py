"""Attendance: inspected functions wait under their debugger before anybody calls them."""

from __future__ import annotations

from collections.abc import Iterator

import anyio

from ..catalog import InterpreterMissing
from ..errors import ApiError
from ..execution.executor import Executor
from ..execution.failures import LoadFailed, SpawnFailed, TimedOut, WorkerDied
from ..models import Function
from ..near import meant
from .functions import Functions
from .ground import Ground
from .inspections import Inspection, Inspections
from .plans import Plans
from .runs import Runs

_PATIENCE = 10.0  # seconds that a start waits for code that is slow to load, or stops to think
_BUSY = "the call at the debugger has to end before the new code is loaded"


class Attendance:
    """Starts the workers of inspected functions as soon as they have code, and after each change.

    With that a debugger can attach before the first call, and again after a save.
    """

    def __init__(
        self,
        ground: Ground,
        functions: Functions,
        plans: Plans,
        runs: Runs,
        executor: Executor,
        inspections: Inspections,
    ) -> None:
        self._ground = ground
        self._functions = functions
        self._plans = plans
        self._runs = runs
        self._executor = executor
        self._inspections = inspections

    def on_active(self, function: Function) -> None:
        """Another deployment answers the function's calls from now on."""
        if self._inspections.is_wanted(function):
            self._ground.start(self._attend, function.project, function.id)

    async def begin(self, project: str) -> list[Inspection]:
        """Have all inspected functions of `project` wait, and tell how they stand.

        What takes too long to load goes on loading.
        """
        wanted = [
            each for each in self._functions.every(project) if self._inspections.is_wanted(each)
        ]
        with anyio.move_on_after(_PATIENCE):
            for over in [self._begin(function) for function in wanted]:
                await over.wait()
        self._inspections.is_told = True
        return [s for s in self._inspections.states() if s.function.project == project]

    def _begin(self, function: Function) -> anyio.Event:
        over = anyio.Event()

        async def attend() -> None:
            await self._attend(function.project, function.id)
            over.set()

        self._ground.start(attend)
        return over

    async def _attend(self, project: str, id: str) -> None:
        try:
            function = self._functions.get(project, id)
            plan = await self._plans.get(function, self._runs.active(function))
        except (ApiError, InterpreterMissing):
            return  # nothing to run: calls say why
        inspect = plan.target.inspect
        if inspect is None:
            return
        if self._executor.is_debugged(inspect.name):
            self._inspections.note(function, _BUSY, {"waits": True})
        try:
            await self._executor.attend(plan.target)
        except (LoadFailed, SpawnFailed, WorkerDied, TimedOut) as exc:
            self._inspections.note(function, str(exc), {"error": str(exc)})

    def strangers(self, project: str) -> Iterator[str]:
        """A sentence for each id that is to be inspected and that no function of `project` has."""
        known = [function.id for function in self._functions.every(project)]
        for each in self._ground.config.inspect:
            if each.function not in known:
                text = f"--inspect {each.function}: there is no such function yet."
                yield f"{text} {meant(each.function, known)}".rstrip()
