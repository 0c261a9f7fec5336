"""The witness: what was run while a test went on, with what it was asked and what it answered."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from ..execution.executor import Outcome, Result
from ..models import Execution, ExecutionStatus
from .epochs import Epochs
from .live_logs import LiveLogs, LogEntry, Wanted
from .runs import Run, Runs

REFUSED = "refused"
"""How those ended that were not run, beside the outcomes of those that were."""

_KEPT_LINES = 50  # of something that is still under way


class Sight(NamedTuple):
    """One run that has ended, before anything of it was left out or cut."""

    run: Run
    result: Result

    @property
    def is_failure(self) -> bool:
        """Whether user code did not come to an answer."""
        return self.result.outcome is not Outcome.ANSWERED

    @property
    def execution(self) -> Execution:
        """Its record, without logs, as it would be if nobody had deleted it."""
        run, result = self
        is_good = result.status < 500
        return Execution(
            id=run.id,
            project=run.function.project,
            created_at=run.began,
            updated_at=run.began,
            function_id=run.function.id,
            deployment_id=run.deployment.id,
            trigger=run.origin.trigger,
            status=ExecutionStatus.COMPLETED if is_good else ExecutionStatus.FAILED,
            request_method=run.request.method,
            request_path=run.request.path,
            response_status_code=result.status,
            duration=result.duration,
        )


class Refusal(NamedTuple):
    """One execution that has failed without being run; its errors say why."""

    execution: Execution
    event: str
    user_id: str

    @property
    def is_failure(self) -> bool:
        return True


_Seen = dict[str, Sight | Refusal]
_Said = dict[str, deque[LogEntry]]


class Witness:
    """Remembers runs while it watches. Rows keep neither bodies nor most headers; this does."""

    is_request = False

    def __init__(self, runs: Runs, live_logs: LiveLogs, epochs: Epochs) -> None:
        self._runs = runs
        self._live_logs = live_logs
        self._epochs = epochs
        self._seen: _Seen = {}
        self._said: _Said = {}
        self._put_by: list[tuple[_Seen, _Said]] = []
        self.wanted = Wanted()

    def watch(self) -> None:
        """Begin to remember, with nothing. What is remembered already is put by until `leave`:
        a test may go on within another."""
        if not self._put_by:
            self._runs.on_end = self._saw
            self._runs.on_refusal = self._saw_refusal
            self._live_logs.add(self)
        self._put_by.append((self._seen, self._said))
        self.forget()

    def forget(self) -> None:
        """Go on with nothing."""
        self._seen, self._said = {}, {}

    def leave(self) -> None:
        """Forget what was seen since the last `watch`; look no more, if it was the first."""
        self._seen, self._said = self._put_by.pop()
        if not self._put_by:
            self._runs.on_end = self._runs.on_refusal = None
            self._live_logs.remove(self)

    def sight(self, id: str) -> Sight | Refusal | None:
        """What was seen of the execution `id`."""
        return self._seen.get(id)

    def sights(self, project: str) -> list[Sight | Refusal]:
        """All that was seen in a project, in the order in which it ended."""
        return [each for each in self._seen.values() if _project(each) == project]

    def failures(self, project: str) -> list[Sight | Refusal]:
        """Those of them in which no function came to an answer."""
        return [each for each in self.sights(project) if each.is_failure]

    def said(self, id: str) -> list[LogEntry]:
        """The last that was said by what is still under way: an execution, or a build."""
        return list(self._said.get(id, ()))

    def hear(self, entry: LogEntry) -> None:
        """Keep a line of output until the end of what it is of."""
        if entry.work.id not in self._said:
            self._said[entry.work.id] = deque(maxlen=_KEPT_LINES)
        self._said[entry.work.id].append(entry)

    def close(self) -> None:
        """Nothing more will be said: the emulator stops."""

    def _saw(self, run: Run, result: Result) -> None:
        self._said.pop(run.id, None)
        if run.epoch == self._epochs.of(run.function.project):  # else a restore has ended it
            self._seen[run.id] = Sight(run, result)

    def _saw_refusal(self, execution: Execution, event: str, user_id: str) -> None:
        self._said.pop(execution.id, None)
        self._seen[execution.id] = Refusal(execution, event, user_id)


def _project(seen: Sight | Refusal) -> str:
    return seen.run.function.project if isinstance(seen, Sight) else seen.execution.project
