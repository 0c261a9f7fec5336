"""What is removed when its time is over, by a clock that the test moves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from appwrite_emulator import Emulator, ManualClock
from appwrite_emulator.clock import stamp
from appwrite_emulator.models import Execution, ExecutionStatus
from appwrite_emulator.people import Session, Token
from appwrite_emulator.services.records import Records

from .behind import errands
from .gate import Gate
from .hearing import hearing
from .server import Json, Project, Server, names, serving

START = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
KEPT = timedelta(seconds=1_209_600)
CODE = "def main(context):\n    context.log('y' * 7000)\n    context.log('y' * 7000)\n"
LONG = f"{CODE}    context.log('z' * 7000)\n    return context.res.text('long')\n"
NOTHING = {"executions": 0, "deployments": 0, "sessions": 0, "tokens": 0}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def server(clock: ManualClock) -> Iterator[Server]:
    with serving(memory=True, clock=clock) as running:
        yield running


@pytest.fixture
def project(server: Server) -> Project:
    """Its function answers, or waits until told."""
    made = server.project()
    made.function()
    made.deploy("f", {"main.py": LONG})
    return made


def pass_time(server: Server, clock: ManualClock, step: timedelta) -> None:
    """Set the clock's hands; what is due begins then."""
    server.run(clock.advance, step)


def live_through(server: Server, step: timedelta) -> None:
    """Let the time pass, with all that happens daily."""
    server.run(server.emulator.services.calendar.advance, step)


def maintain(server: Server, **expected: int) -> None:
    """Maintain on demand, which must remove just this."""
    reply = server.call("POST", "/_emulator/maintenance").expect(200)
    assert reply == {"removed": NOTHING | expected}


def executions(project: Project) -> list[str]:
    return names(project.get("/functions/f/executions").json["executions"])


def deployments(project: Project) -> list[str]:
    return names(project.get("/functions/f/deployments").json["deployments"])


def scheduled(at: datetime) -> Json:
    return {"async": True, "scheduledAt": f"{at:%Y-%m-%dT%H:%M}:00.000+00:00"}


def test_executions_are_kept_for_two_weeks(
    server: Server, clock: ManualClock, project: Project
) -> None:
    first = project.execute("f")["$id"]
    pass_time(server, clock, SECOND)
    second = project.execute("f")["$id"]
    for _ in range(13):
        pass_time(server, clock, DAY)
    pass_time(server, clock, DAY - SECOND)  # the next daily turn is a second away
    maintain(server)
    assert executions(project) == [first, second]
    pass_time(server, clock, SECOND / 2)
    maintain(server, executions=1)
    assert executions(project) == [second]
    assert project.get(f"/functions/f/executions/{first}").error[1] == "execution_not_found"


def test_what_runs_or_is_still_to_come_stays(
    server: Server, clock: ManualClock, project: Project, gate: Gate
) -> None:
    project.deploy("f", {"main.py": gate.main})
    late = scheduled(START + KEPT * 2)
    coming = project.post("/functions/f/executions", late).expect(202)["$id"]
    running = project.post("/functions/f/executions", {"async": True}).expect(202)["$id"]
    with gate.reached():
        pass_time(server, clock, KEPT + SECOND)
        server.call("POST", "/_emulator/maintenance").expect(200)
        assert executions(project) == [coming, running]
        assert errands(project) == 1
    project.executed("f", running)
    maintain(server, executions=1)
    assert executions(project) == [coming]


def test_what_a_jump_makes_due_runs_however_old_it_is(clock: ManualClock) -> None:
    with serving(memory=True, workers=2, clock=clock) as server:
        project = server.project()
        project.function()
        project.deploy("f", {"main.py": LONG})
        due = scheduled(START + KEPT * 2)
        path = "/functions/f/executions"
        ids = [project.post(path, due).expect(202)["$id"] for _ in range(5)]
        with hearing(project) as ear:
            server.run(server.emulator.services.calendar.set, START + KEPT * 2)
        ended = [each.event.payload for each in ear.heard]
        assert [(each["$id"], each["status"]) for each in ended] == [
            (id, "completed") for id in ids
        ]
        assert executions(project) == ids, "who jumped there sees what came of it"


def test_what_was_scheduled_is_kept_for_two_weeks_after_its_moment(
    server: Server, project: Project
) -> None:
    due = scheduled(START + KEPT * 2)
    late = project.post("/functions/f/executions", due).expect(202)["$id"]
    live_through(server, KEPT * 3 - DAY)
    assert executions(project) == [late]
    live_through(server, DAY * 2)
    assert executions(project) == []


def test_deployments_are_kept_as_long_as_their_function_says(
    server: Server, clock: ManualClock, project: Project
) -> None:
    project.put("/functions/f", {"name": "f", "deploymentRetention": 3}).expect(200)
    other = project.server.project()
    other.function()
    kept = [other.deploy("f", {"main.py": LONG})["$id"] for _ in range(2)]
    old, active = deployments(project)[0], project.deploy("f", {"main.py": LONG})["$id"]
    failed = project.deploy("f", {"main.py": LONG}, commands="false")["$id"]
    assert project.get("/functions/f").json["latestDeploymentId"] == failed
    pass_time(server, clock, DAY)
    pass_time(server, clock, DAY * 2)
    maintain(server)
    assert deployments(project) == [old, active, failed]
    pass_time(server, clock, SECOND)
    maintain(server, deployments=2)
    assert deployments(project) == [active]
    function = project.get("/functions/f").json
    assert (function["deploymentId"], function["latestDeploymentId"]) == (active, active)
    assert function["latestDeploymentStatus"] == "ready"
    assert project.execute("f")["status"] == "completed"
    assert deployments(other) == kept


def test_an_older_deployment_that_is_active_stays(
    server: Server, clock: ManualClock, project: Project
) -> None:
    (active,) = deployments(project)
    project.put("/functions/f", {"name": "f", "deploymentRetention": 1}).expect(200)
    pass_time(server, clock, DAY * 2)
    newer = project.deploy("f", {"main.py": LONG}, activate="false")["$id"]
    maintain(server)
    assert deployments(project) == [active, newer]


def test_it_happens_once_a_day_by_itself(server: Server, project: Project) -> None:
    first = project.execute("f")["$id"]
    live_through(server, KEPT - DAY / 2)
    second = project.execute("f")["$id"]
    maintain(server)
    live_through(server, DAY)
    assert executions(project) == [first, second]  # the last turn came when the first was no older
    live_through(server, DAY / 2)
    assert executions(project) == [second]
    maintain(server)


def test_it_happens_at_the_start(tmp_path: Path, clock: ManualClock) -> None:
    state = tmp_path / "state.json"
    with serving(state=state, clock=clock) as server:
        project = server.project("p")
        project.function(deploymentRetention=2)
        gone = project.deploy("f", {"main.py": LONG})["$id"]
        project.execute("f")
        kept = project.deploy("f", {"main.py": LONG + "# new\n"})["$id"]
        assert len(_files(tmp_path, "sources")) == 2
        assert len(_files(tmp_path, "logs")) == 1
    with serving(state=state, clock=ManualClock(START + KEPT + SECOND)) as server:
        project = server.project("p")
        assert executions(project) == []
        assert deployments(project) == [kept] != [gone]
        assert len(_files(tmp_path, "sources")) == 1
        assert _files(tmp_path, "logs") == []
        assert project.execute("f")["responseBody"] == "long"


def _files(folder: Path, kind: str) -> list[Path]:
    return [path for path in (folder / kind).iterdir() if path.name != ".gitignore"]


@contextmanager
def _aged(paths: list[Path]) -> Iterator[None]:
    """As if these files had come an hour ago."""
    for path in paths:
        os.utime(path, (time.time() - 3600,) * 2)
    yield


def test_files_go_with_what_named_them_but_for_those_that_came_just_now(
    tmp_path: Path, clock: ManualClock
) -> None:
    with serving(state=tmp_path / "state.json", clock=clock) as server:
        builds = server.emulator.services.ground.files.build("x").parent
        project = server.project("p")
        project.function(deploymentRetention=1)
        project.deploy("f", {"main.py": LONG})
        project.execute("f")
        project.deploy("f", {"main.py": LONG + "# new\n"})
        sources, logs = _files(tmp_path, "sources"), _files(tmp_path, "logs")
        with _aged(sources):
            live_through(server, DAY * 2)  # the second daily turn removes it
        assert len(_files(tmp_path, "sources")) == 1
        assert len([path for path in builds.iterdir() if path.is_dir()]) == 1
        live_through(server, KEPT)
        assert executions(project) == []
        assert _files(tmp_path, "logs") == logs


def test_long_bodies_go_when_nothing_is_to_be_called_with_them_any_more(
    tmp_path: Path, clock: ManualClock
) -> None:
    with serving(state=tmp_path / "state.json", clock=clock) as server:
        project = server.project("p")
        project.function()
        project.deploy("f", {"main.py": "def main(c):\n    return c.res.empty()\n"})
        body = {"async": True, "body": "x" * 20_000}
        project.executed("f", project.post("/functions/f/executions", body).expect(202)["$id"])
        late = scheduled(START + DAY) | {"body": "y" * 20_000}
        project.post("/functions/f/executions", late).expect(202)
        with _aged(_files(tmp_path, "logs")):
            maintain(server)
        assert [path.read_text()[0] for path in _files(tmp_path, "logs")] == ["y"]


def test_a_snapshot_keeps_the_files_it_needs(tmp_path: Path, clock: ManualClock) -> None:
    with serving(state=tmp_path / "state.json", clock=clock) as server:
        project = server.project("p")
        project.function(deploymentRetention=1)
        old = project.deploy("f", {"main.py": LONG})["$id"]
        made = project.execute("f")["$id"]
        project.deploy("f", {"main.py": LONG + "# new\n"})
        server.call("POST", "/_emulator/snapshot").expect(201)
        snapshot = server.call("GET", "/_emulator/status").json["snapshots"][0]["snapshot"]
        with _aged(_files(tmp_path, "sources") + _files(tmp_path, "logs")):
            live_through(server, KEPT + DAY)
        assert executions(project) == []
        server.call("POST", f"/_emulator/restore?snapshot={snapshot}").expect(200)
        logs = project.get(f"/functions/f/executions/{made}").expect(200)["logs"]
        assert len(logs) > 16_000
        assert project.get(f"/functions/f/deployments/{old}/download").status == 200
        project.patch("/functions/f/deployment", {"deploymentId": old}).expect(200)
        assert project.execute("f")["responseBody"] == "long"


def test_sessions_and_tokens_that_expired_go(server: Server, clock: ManualClock) -> None:
    ground = server.emulator.services.ground

    def sign_in() -> None:
        sessions, tokens = Records(ground, Session), Records(ground, Token)
        at = [stamp(START + timedelta(hours=hours)) for hours in range(4)]
        for hours in (1, 3):
            born = sessions.born("p")
            row = Session(id=f"s{hours}", **born, user_id="u", secret="x", expire=at[hours])
            sessions.add(row)
        tokens.add(Token(id="t", **tokens.born("p"), user_id="u", secret="x", expire=at[2]))

    server.run(sign_in)
    maintain(server)
    pass_time(server, clock, timedelta(hours=2, seconds=1))
    maintain(server, sessions=1, tokens=1)
    assert [each.id for each in server.run(Records(ground, Session).all)] == ["s3"]


def test_others_work_while_many_executions_go(server: Server) -> None:
    services = server.emulator.services
    done: list[int | str] = []

    async def remove() -> None:
        done.append((await services.retention.apply()).executions)

    async def pass_by() -> None:
        done.append("other")

    async def both() -> None:
        records = Records(services.ground, Execution, owner="functionId")
        for number in range(2500):
            born = records.born("p") | {"created_at": stamp(START - KEPT - SECOND)}
            ended = ExecutionStatus.COMPLETED
            records.add(Execution(id=f"e{number}", **born, function_id="f", status=ended))
        async with anyio.create_task_group() as group:
            group.start_soon(remove)
            group.start_soon(pass_by)

    server.run(both)
    assert done == ["other", 2500]


def test_parameters_are_refused(server: Server) -> None:
    error = server.call("POST", "/_emulator/maintenance", body=b'{"days": 1}').error
    assert error[1:] == ("general_argument_invalid", 'Unknown param "days". It takes none.')


def test_python_programs_maintain_too(clock: ManualClock) -> None:
    with Emulator(port=0, memory=True, clock=clock) as emulator:
        assert emulator.maintain().to_json() == NOTHING
