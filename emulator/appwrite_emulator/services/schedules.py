"""Schedules: functions that run by themselves, and executions whose moment is still to come."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from ..clock import stamp
from ..cron import Schedule
from ..models import Execution, Function, Trigger
from .executions import Executions
from .functions import Functions
from .ground import Ground
from .runs import Cause, ExecutionRequest

logger = logging.getLogger(__name__)

_STALE = timedelta(minutes=1)
_INVALID = "its schedule is no cron expression that ever runs"
_UNDEPLOYED = "it has no active deployment"


class ScheduleUnknown(LookupError):
    """There is no such function, or it has no schedule; the text says which, and what to do."""


class Outlook(NamedTuple):
    """When a function with a schedule runs by itself. Dates are texts as rows have them."""

    function: Function
    next: str | None  # None while it does not
    previous: str | None  # when it was called last, by its schedule or by hand

    @property
    def obstacle(self) -> str:
        """Why it does not run by itself; empty when it does."""
        if self.next is not None:
            return ""
        return _UNDEPLOYED if Schedule.parse(self.function.schedule) else _INVALID

    def to_json(self) -> dict[str, str | bool | None]:
        return {
            "project": self.function.project,
            "functionId": self.function.id,
            "name": self.function.name,
            "schedule": self.function.schedule,
            "active": self.next is not None,
            "obstacle": self.obstacle or None,
            "next": self.next,
            "previous": self.previous,
        }


class Schedules:
    """Keeps a timer for each function that runs by itself and each execution that is scheduled.

    Which functions do is settled when they change, not when their active deployment is deleted:
    they go on and fail. Disabled ones run too. Source: Appwrite 1.6.2 and 1.9.6.
    """

    def __init__(
        self, ground: Ground, functions: Functions, executions: Executions, project: str
    ) -> None:
        self._ground = ground
        self._functions = functions
        self._executions = executions
        self._project = project
        self._running: dict[str, str] = {}  # expressions of the functions that run by themselves

    def refresh(self, function: Function) -> None:
        """Let the function run by itself from now on if it can, or no more."""
        key = _function_key(function.project, function.id)
        if not (function.schedule and function.deployment_id):
            self.forget(function)
        elif self._running.get(key) != function.schedule:
            self._expect(function, self._ground.clock.now())

    def forget(self, function: Function) -> None:
        """Let the function run by itself no more."""
        key = _function_key(function.project, function.id)
        self._running.pop(key, None)
        self._ground.timers.cancel(key)

    def expect(self, execution: Execution) -> None:
        """Let a scheduled execution begin when its moment has come, at once if that has passed."""
        assert execution.scheduled_at, "only what is scheduled has a moment"
        project, id = execution.project, execution.id
        self._ground.timers.set(
            _execution_key(project, id),
            datetime.fromisoformat(execution.scheduled_at),
            partial(self._executions.begin_scheduled, project, id),
        )

    def cancel(self, execution: Execution) -> None:
        """Never begin a scheduled execution."""
        self._ground.timers.cancel(_execution_key(execution.project, execution.id))

    def rearm(self, project: str = "") -> None:
        """Set the timers of `project`, or all, anew from the rows. Missed runs are not made up."""
        self._disarm(project)
        for function in self._functions.scheduled(project):
            self.refresh(function)
        for execution in self._executions.scheduled():
            if not project or execution.project == project:
                self.expect(execution)

    @contextmanager
    def paused(self, project: str = "") -> Iterator[None]:
        """Let nothing of `project`, or of any, run by itself while its rows are replaced."""
        self._disarm(project)
        try:
            yield
        finally:
            self.rearm(project)

    def trigger(self, function_id: str, project: str = "") -> Execution:
        """Run a function as its schedule does, now; without `project` one of the emulator's own.

        Raises ScheduleUnknown.
        """
        project = project or self._project
        function = self._functions.find(project, function_id)
        if function is None:
            raise ScheduleUnknown(self._functions.unknown(project, function_id))
        if not function.schedule:
            raise ScheduleUnknown(
                f"Function {function_id!r} of project {project!r} has no schedule. Give it one, a "
                "cron expression such as */15 * * * *, or execute it instead."
            )
        return self._call(function)

    def outlooks(self, project: str = "") -> list[Outlook]:
        """All functions of `project`, or of any, that have a schedule, in creation order."""
        return [
            self._outlook(function)
            for function in self._functions.every(project)
            if function.schedule
        ]

    def _outlook(self, function: Function) -> Outlook:
        is_running = _function_key(function.project, function.id) in self._running
        schedule = Schedule.parse(function.schedule) if is_running else None
        moment = schedule.next_after(self._ground.clock.now()) if schedule else None
        last = self._executions.last_tick(function)
        return Outlook(
            function,
            next=stamp(moment) if moment else None,
            previous=last.created_at if last else None,
        )

    def _expect(self, function: Function, after: datetime) -> None:
        """Set the timer of the function's first run after a moment."""
        key = _function_key(function.project, function.id)
        schedule = Schedule.parse(function.schedule)
        moment = schedule.next_after(after) if schedule else None
        if moment is None:  # only somebody who edits the state file can do that
            self.forget(function)
            return
        self._running[key] = function.schedule
        act = partial(self._run, function.project, function.id, moment)
        self._ground.timers.set(key, moment, act)

    def _run(self, project: str, id: str, moment: datetime) -> bool:
        """Do what was due at `moment`, unless that is long past: the machine slept, or the clock
        was set. Whether it was done."""
        expected = self._running.pop(_function_key(project, id), "")
        function = self._functions.find(project, id)
        if function is None or not function.schedule:
            return False
        now = self._ground.clock.now()
        is_stale = now - moment > _STALE
        self._expect(function, now if is_stale else moment)
        if function.schedule == expected and not is_stale:
            self._call(function)
            return True
        logger.info(
            "function %s did not run at %s", id, stamp(moment),
            extra={"action": "skip_schedule", "function_id": id},
        )  # fmt: skip
        return False

    def _call(self, function: Function) -> Execution:
        return self._executions.enqueue(function, ExecutionRequest(), Cause(Trigger.SCHEDULE))

    def _disarm(self, project: str) -> None:
        starts = (_function_key(project, ""), _execution_key(project, ""))
        for timer in self._ground.timers.all():
            if timer.key.startswith(starts):
                self._ground.timers.cancel(timer.key)
                self._running.pop(timer.key, None)


def _function_key(project: str, id: str) -> str:
    """The key of a timer, or what those of a project, or of all, begin with."""
    return f"schedule:{project}/{id}" if project else "schedule:"


def _execution_key(project: str, id: str) -> str:
    return f"execution:{project}/{id}" if project else "execution:"
