"""Usage is counted from what was built and executed, hour by hour or day by day."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import anyio
import pytest

from appwrite_emulator.clock import ManualClock
from appwrite_emulator.models import Execution, ExecutionStatus
from appwrite_emulator.services.records import Records
from appwrite_emulator.usage import Series

from .forms import tar_gz
from .server import Json, Project, Server, serving
from .test_models import fields_of

PYTHON = "def main(context):\n    return context.res.text('done')\n"
START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
TODAY, TOMORROW = "2026-01-31T00:00:00.000+00:00", "2026-02-01T00:00:00.000+00:00"
RESULTS = {"buildsSuccessTotal", "buildsFailedTotal", "buildsSuccess", "buildsFailed"}


class Worked(NamedTuple):
    """A project in which functions were built and executed on two days."""

    project: Project
    deployments: list[Json]
    executions: list[Json]


@pytest.fixture(scope="module")
def worked() -> Iterator[Worked]:
    """One function: a build that succeeds, one that fails; two executions, and one a day later."""
    clock = ManualClock(START)
    with serving(memory=True, clock=clock) as server:
        project = server.project()
        project.function(specification="s-2vcpu-2gb")
        project.deploy("f", {"main.py": PYTHON})
        project.deploy("f", {"main.py": PYTHON}, commands="exit 3", activate="false")
        project.execute("f")
        project.execute("f")
        server.run(clock.advance, timedelta(hours=26))
        project.execute("f")
        yield Worked(
            project,
            project.get("/functions/f/deployments").expect(200)["deployments"],
            project.get("/functions/f/executions").expect(200)["executions"],
        )


def _points(usage: Json, name: str) -> dict[str, int]:
    """The points of a series that are not 0."""
    return {point["date"]: point["value"] for point in usage[name] if point["value"]}


def test_builds_are_counted_by_their_results(worked: Worked) -> None:
    usage = worked.project.get("/functions/f/usage").expect(200)
    seconds = sum(deployment["buildDuration"] for deployment in worked.deployments)
    assert usage["range"] == "30d"
    assert usage["deploymentsTotal"] == usage["buildsTotal"] == 2
    assert (usage["buildsSuccessTotal"], usage["buildsFailedTotal"]) == (1, 1)
    assert usage["deploymentsStorageTotal"] == sum(d["sourceSize"] for d in worked.deployments) > 0
    assert usage["buildsStorageTotal"] == sum(d["buildSize"] for d in worked.deployments) > 0
    assert usage["buildsTimeTotal"] == seconds * 1000 > 0
    assert usage["buildsTimeAverage"] == seconds * 1000 // 2
    assert usage["buildsMbSecondsTotal"] == seconds * 2048 * 2
    for name in ("deployments", "deploymentsStorage", "builds", "buildsStorage", "buildsTime"):
        assert _points(usage, name) == {TODAY: usage[f"{name}Total"]}
    assert _points(usage, "buildsSuccess") == _points(usage, "buildsFailed") == {TODAY: 1}


def test_executions_are_counted_with_their_times(worked: Worked) -> None:
    usage = worked.project.get("/functions/f/usage").expect(200)
    durations = [execution["duration"] for execution in worked.executions]
    assert usage["executionsTotal"] == len(durations) == 3
    assert _points(usage, "executions") == {TODAY: 2, TOMORROW: 1}
    assert usage["executionsTimeTotal"] == sum(int(each * 1000) for each in durations)
    assert usage["executionsMbSecondsTotal"] == sum(int(each * 2048 * 2) for each in durations)


@pytest.mark.parametrize(("span", "count"), [("24h", 24), ("30d", 30), ("90d", 90)])
def test_every_range_has_its_points(worked: Worked, span: str, count: int) -> None:
    for path in ("/functions/usage", "/functions/f/usage"):
        usage = worked.project.get(path, range=span).expect(200)
        assert usage["range"] == span
        for points in usage.values():
            if isinstance(points, list):
                assert len(points) == count
                assert [list(point) for point in points] == [["value", "date"]] * count


def test_hours_are_those_of_the_last_day(worked: Worked) -> None:
    usage = worked.project.get("/functions/f/usage", range="24h").expect(200)
    assert usage["executions"][0]["date"] == "2026-01-31T12:00:00.000+00:00"
    assert _points(usage, "executions") == {"2026-02-01T11:00:00.000+00:00": 1}
    assert usage["executionsTotal"] == 3


def test_a_project_has_the_sum_of_its_functions(worked: Worked) -> None:
    usage = worked.project.get("/functions/usage").expect(200)
    single = worked.project.get("/functions/f/usage").expect(200)
    assert usage["functionsTotal"] == 1
    assert _points(usage, "functions") == {TODAY: 1}
    assert {name: usage[name] for name in single if name in usage} == {
        name: value for name, value in single.items() if name != "buildsTimeAverage"
    }


@pytest.mark.parametrize("format", ["1.6.0", "1.7.0", "1.9.5"])
def test_models_have_the_fields_of_the_format(worked: Worked, format: str) -> None:
    caller = worked.project.at(format)
    one = caller.get("/functions/f/usage").expect(200)
    all = caller.get("/functions/usage").expect(200)
    assert list(one) == fields_of("usageFunction", format)
    assert list(all) == fields_of("usageFunctions", format)
    assert bool(RESULTS & set(one)) is bool(RESULTS & set(all)) is (format != "1.6.0")


def test_the_1_6_server_has_its_own_models(server_16: Server) -> None:
    project = server_16.project()
    project.function()
    usage = project.get("/functions/f/usage").expect(200)
    assert list(usage) == fields_of("usageFunction", "1.6.0")
    assert list(project.get("/functions/usage").expect(200)) == fields_of("usageFunctions", "1.6.0")


def test_what_is_not_over_does_not_count(project: Project) -> None:
    project.function()
    headers = {"content-range": "bytes 0-0/99"}
    project.upload("f", tar_gz({"main.py": PYTHON})[:1], headers=headers).expect(202)
    usage = project.get("/functions/f/usage").expect(200)
    assert (usage["deploymentsTotal"], usage["buildsTotal"]) == (1, 0)
    assert usage["buildsTimeAverage"] == 0


def test_a_project_counts_its_own_rows_only(project: Project, server: Server) -> None:
    project.function()
    other = server.project().get("/functions/usage").expect(200)
    assert (other["functionsTotal"], other["deploymentsTotal"]) == (0, 0)
    project.delete("/functions/f").expect(204)
    assert project.get("/functions/usage").expect(200)["functionsTotal"] == 0


def test_others_work_while_much_is_counted(project: Project) -> None:
    """Who comes later, with little to do, is done sooner."""
    project.function()
    services = project.server.emulator.services
    usage = services.usage
    done: list[int | str] = []

    def execute(count: int) -> None:
        records = Records(services.ground, Execution, owner="functionId")
        for number in range(count):
            ended = ExecutionStatus.COMPLETED
            born = records.born(project.id)
            records.add(Execution(id=f"e{number}", **born, function_id="f", status=ended))

    async def count(counting: Awaitable[dict[str, Series]]) -> None:
        done.append((await counting)["executions"].total)

    async def pass_by() -> None:
        done.append("other")

    async def both(counting: Awaitable[dict[str, Series]]) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(count, counting)
            group.start_soon(pass_by)

    project.server.run(execute, 2500)
    project.server.run(both, usage.of_project(project.id, "30d"))
    project.server.run(both, usage.of_function(project.id, "f", "30d"))
    assert done == ["other", 2500] * 2


@pytest.mark.parametrize("path", ["/functions/usage", "/functions/f/usage"])
def test_other_ranges_are_refused(either: Project, path: str) -> None:
    assert either.get(path, range="7d").error == (
        400,
        "general_argument_invalid",
        "Invalid `range` param: Value must be one of (24h, 30d, 90d)",
    )
