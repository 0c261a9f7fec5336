"""Usage of functions, counted from the rows of the moment: what was deleted no longer counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyio.lowlevel import checkpoint

from ..models import Deployment, DeploymentStatus, Execution, ExecutionStatus, Function, Row
from ..usage import RANGES, Sample, Series, Tally
from .functions import Functions
from .ground import Ground

Weights = Mapping[str, float]
"""MB times CPUs that a function has, by its id: what each of its seconds counts."""

_AT_ONCE = 1000  # rows that are counted while others wait
_FUNCTIONS = "functions"
_METRICS = (
    "deployments", "deploymentsStorage", "builds", "buildsSuccess", "buildsFailed",
    "buildsStorage", "buildsTime", "buildsMbSeconds", "executions", "executionsTime",
    "executionsMbSeconds",
)  # fmt: skip
_ENDED = frozenset(status for status in ExecutionStatus if status.is_final)
_RESULTS = {DeploymentStatus.READY: "buildsSuccess", DeploymentStatus.FAILED: "buildsFailed"}


@dataclass(frozen=True, slots=True)
class Usage:
    """What functions took: bytes of storage, milliseconds of time, MB seconds of memory."""

    ground: Ground
    functions: Functions

    async def of_function(self, project: str, id: str, span: str) -> dict[str, Series]:
        """The series of one function. Raises ApiError function_not_found."""
        function = self.functions.get(project, id)
        deployments = self._rows(Deployment.table, project=project, resourceId=id)
        executions = self._rows(Execution.table, project=project, functionId=id)
        tally = Tally(RANGES[span])
        await self._count(tally, [function], deployments, executions)
        return tally.series(_METRICS, self.ground.clock.now())

    async def of_project(self, project: str, span: str) -> dict[str, Series]:
        """The series of all functions together, and that of the functions themselves."""
        functions = list(map(Function.from_row, self._rows(Function.table, project=project)))
        deployments = self._rows(Deployment.table, project=project)
        executions = self._rows(Execution.table, project=project)
        tally = Tally(RANGES[span])
        tally.add((_FUNCTIONS, function.created_at, 1) for function in functions)
        await self._count(tally, functions, deployments, executions)
        return tally.series((_FUNCTIONS, *_METRICS), self.ground.clock.now())

    def _rows(self, table: str, **equal: Any) -> list[Row]:
        """The rows of this moment: a row that is written later is another."""
        return list(self.ground.state.table(table).rows(**equal))

    async def _count(
        self,
        tally: Tally,
        functions: Sequence[Function],
        deployments: Sequence[Row],
        executions: Sequence[Row],
    ) -> None:
        """Add all samples, letting others work in between: there may be many."""
        builds = self._weights(functions, "build_specification")
        runs = self._weights(functions, "runtime_specification")
        for part in _parts(deployments):
            tally.add(_of_deployments(part, builds))
            await checkpoint()
        for part in _parts(executions):
            tally.add(_of_executions(part, runs))
            await checkpoint()

    def _weights(self, functions: Iterable[Function], attribute: str) -> Weights:
        sizes = {
            each.slug: each.memory * each.cpus for each in self.ground.catalog.specifications()
        }
        return {each.id: sizes[getattr(each, attribute)] for each in functions}


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))


def _of_deployments(rows: Iterable[Row], weights: Weights) -> Iterator[Sample]:
    for row in rows:
        yield "deployments", row["$createdAt"], 1
        yield "deploymentsStorage", row["$createdAt"], row["sourceSize"]
        status = DeploymentStatus(row["status"])
        if not status.is_final:
            continue
        ended, seconds = row["buildEndedAt"], row["buildDuration"]
        yield "builds", ended, 1
        if status in _RESULTS:
            yield _RESULTS[status], ended, 1
        yield "buildsStorage", ended, row["buildSize"]
        yield "buildsTime", ended, seconds * 1000
        yield "buildsMbSeconds", ended, int(seconds * weights.get(row["resourceId"], 0))


def _of_executions(rows: Iterable[Row], weights: Weights) -> Iterator[Sample]:
    for row in rows:
        if row["status"] in _ENDED:
            began, seconds = row["$createdAt"], row["duration"]
            yield "executions", began, 1
            yield "executionsTime", began, int(seconds * 1000)
            yield "executionsMbSeconds", began, int(seconds * weights.get(row["functionId"], 0))
