"""Moving time over HTTP and from Python, and what follows it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from appwrite_emulator import Emulator, ManualClock
from appwrite_emulator.services.calendar import ClockFixed, MomentOutOfRange, Stopped
from appwrite_emulator.services.housekeeping import Housekeeping
from appwrite_emulator.services.retention import Removed

from .gate import Gate
from .server import Json, Project, Reply, Server, names, serving

START = datetime(2030, 1, 31, tzinfo=UTC)
GOOD = "def main(context):\n    return context.res.text('done')\n"


@pytest.fixture
def server() -> Iterator[Server]:
    """Its clock stands still."""
    with serving(memory=True, clock=ManualClock(START), execution_retention=0) as running:
        yield running


@pytest.fixture
def project(server: Server) -> Project:
    made = server.project()
    made.function()
    return made


def clock(server: Server, action: str = "", **values: Json) -> Reply:
    """Ask for the time, or change it."""
    if not action:
        return server.call("GET", "/_emulator/clock")
    body = json.dumps(values).encode()
    return server.call("POST", f"/_emulator/clock/{action}", body=body)


def executions(project: Project) -> list[str]:
    return names(project.get("/functions/f/executions").expect(200)["executions"])


def test_the_clock_is_told_with_what_is_due_next(server: Server) -> None:
    told = clock(server).expect(200)
    assert told["offset"] > 0
    del told["offset"]
    assert told == {
        "now": "2030-01-31T00:00:00.000+00:00",
        "frozen": True,
        "timers": {
            "total": 1,
            "next": [{"timer": "maintenance", "at": "2030-02-01T00:00:00.000+00:00"}],
        },
    }


def test_by_default_it_is_the_machines(project: Project) -> None:
    with serving(memory=True) as server:
        told = clock(server).expect(200)
        assert (told["frozen"], told["offset"]) == (False, 0)
        between = datetime.now(UTC) - datetime.fromisoformat(told["now"])
        assert timedelta() <= between < timedelta(seconds=20)


def test_advancing_lets_the_days_pass_with_what_is_due(server: Server) -> None:
    journey = clock(server, "advance", days=1, hours=23, minutes=59, seconds="59.5").expect(200)
    assert journey == {
        "from": "2030-01-31T00:00:00.000+00:00",
        "to": "2030-02-01T23:59:59.500+00:00",
        "wakes": 1,
        "timers": {"maintenance": 1},
        "leftOut": {},
        "works": {"maintenance": 1},
    }
    assert clock(server, "advance", seconds=0.5).expect(200)["timers"] == {"maintenance": 1}


def test_rows_are_dated_by_it(server: Server, project: Project) -> None:
    clock(server, "advance", hours=1).expect(200)
    made = project.function("g")
    assert made["$createdAt"] == "2030-01-31T01:00:00.000+00:00"


def test_setting_jumps_forward_and_back(server: Server, project: Project) -> None:
    project.deploy("f", {"main.py": GOOD})
    for moment in ("2031-05-01T12:00+02:00", "2029-12-31T23:59", "1999-01-01"):
        told = clock(server, "set", time=moment).expect(200)
        assert project.execute("f")["$createdAt"] == told["to"]
    assert told["to"] == "1999-01-01T00:00:00.000+00:00"
    (timer,) = clock(server).expect(200)["timers"]["next"]
    assert timer == {"timer": "maintenance", "at": "1999-01-02T00:00:00.000+00:00"}
    assert clock(server, "advance", days=1).expect(200)["timers"] == {"maintenance": 1}


def test_a_running_clock_is_frozen_and_resumed() -> None:
    with serving(memory=True) as server:
        told = clock(server, "freeze", time="2030-01-01T00:00Z").expect(200)
        assert (told["now"], told["frozen"]) == ("2030-01-01T00:00:00.000+00:00", True)
        assert clock(server).expect(200)["now"] == told["now"]
        told = clock(server, "resume").expect(200)
        assert told["frozen"] is False
        assert told["now"][:16] == "2030-01-01T00:00"
        assert server.emulator.clock.now() > datetime.fromisoformat(told["now"])
        frozen = clock(server, "freeze").expect(200)
        assert frozen["frozen"]
        assert clock(server).expect(200)["now"] == frozen["now"] >= told["now"]


def test_what_runs_in_the_background_goes_on_while_it_stands_still(project: Project) -> None:
    project.deploy("f", {"main.py": GOOD})
    id = project.post("/functions/f/executions", {"async": True}).expect(202)["$id"]
    execution = project.executed("f", id)
    assert execution["status"] == "completed"
    assert execution["$updatedAt"] == execution["$createdAt"] == "2030-01-31T00:00:00.000+00:00"


def test_what_does_not_end_in_time_is_named(server: Server, project: Project, gate: Gate) -> None:
    project.deploy("f", {"main.py": gate.main})
    id = project.post("/functions/f/executions", {"async": True}).expect(202)["$id"]
    with gate.reached():
        for action, values in (("advance", {"days": 1}), ("set", {"time": "2031-01-01"})):
            error = clock(server, action, **values, timeout=0).error
            assert error[:2] == (408, "emulator_not_settled")
            assert error[2].startswith("The clock stopped at 2030-01-31T00:00:00.000+00:00. Still")
            assert f"execution {id} of function f" in error[2]
        assert clock(server).expect(200)["now"] == "2030-01-31T00:00:00.000+00:00"
    journey = clock(server, "advance", days=1).expect(200)
    assert journey["to"] == "2030-02-01T00:00:00.000+00:00"


@pytest.mark.parametrize(
    ("action", "values"),
    [("advance", {"days": 1}), ("set", {"time": "2031-01-01"}), ("freeze", {"time": "2031-01-01"})],
)
def test_the_clock_stays_where_it_is_when_who_moves_it_goes_away(
    server: Server, project: Project, gate: Gate, action: str, values: Json
) -> None:
    project.deploy("f", {"main.py": gate.main})
    project.post("/functions/f/executions", {"async": True}).expect(202)
    with gate.reached():
        server.leave("POST", f"/_emulator/clock/{action}", json.dumps(values).encode())
    server.call("POST", "/_emulator/settle").expect(200)
    assert clock(server).expect(200)["now"] == "2030-01-31T00:00:00.000+00:00"


def test_a_restore_on_the_way_ends_what_is_waited_for(
    server: Server, project: Project, gate: Gate
) -> None:
    project.deploy("f", {"main.py": gate.main})
    snapshot = server.call("POST", "/_emulator/snapshot").expect(201)["snapshot"]
    project.post("/functions/f/executions", {"async": True}).expect(202)
    with ThreadPoolExecutor() as pool, gate.reached():
        advanced = pool.submit(clock, server, "advance", days=3)
        server.call("POST", f"/_emulator/restore?snapshot={snapshot}").expect(200)
        assert advanced.result().expect(200)["to"] == "2030-02-03T00:00:00.000+00:00"
    assert executions(project) == []


def test_a_restore_leaves_the_clock_where_it_is(server: Server) -> None:
    snapshot = server.call("POST", "/_emulator/snapshot").expect(201)["snapshot"]
    clock(server, "advance", days=2).expect(200)
    server.call("POST", f"/_emulator/restore?snapshot={snapshot}").expect(200)
    told = clock(server).expect(200)
    assert told["now"] == "2030-02-02T00:00:00.000+00:00"
    assert told["timers"]["next"][0]["at"] == "2030-02-03T00:00:00.000+00:00"


def test_a_restore_does_not_wait_for_maintenance_that_waits_for_it(server: Server) -> None:
    snapshot = server.call("POST", "/_emulator/snapshot").expect(201)["snapshot"]
    restore = f"/_emulator/restore?snapshot={snapshot}"
    advance = "/_emulator/clock/advance?days=5"
    targets = [restore, advance, restore, advance, restore]
    for reply in server.call_together([("POST", target, {}, b"") for target in targets]):
        reply.expect(200)
    assert clock(server).expect(200)["now"] == "2030-02-10T00:00:00.000+00:00"


def test_two_advances_at_once_are_added_up(server: Server) -> None:
    advances = [("POST", "/_emulator/clock/advance?days=1", dict[str, str](), b"")] * 2
    journeys = [reply.expect(200) for reply in server.call_together(advances)]
    assert [journey["to"][:10] for journey in journeys] == ["2030-02-01", "2030-02-02"]


def dates(project: Project) -> list[str]:
    found = project.get("/functions/f/executions").expect(200)["executions"]
    return [date[:16] for date in names(found, "$createdAt")]


def scheduled(project: Project, schedule: str, code: str = GOOD) -> None:
    project.deploy("f", {"main.py": code})
    project.put("/functions/f", {"name": "f", "schedule": schedule}).expect(200)


def test_a_schedule_runs_at_each_of_its_moments(server: Server, project: Project) -> None:
    scheduled(project, "*/20 * * * *")
    journey = clock(server, "advance", hours=1).expect(200)
    assert (journey["wakes"], journey["timers"]) == (3, {"schedule": 3})
    assert journey["works"] == {"execution": 3}
    hour = "2030-01-31T00"
    assert dates(project) == [f"{hour}:20", f"{hour}:40", "2030-01-31T01:00"]


def test_a_run_begins_when_the_one_before_has_ended(
    server: Server, project: Project, gate: Gate
) -> None:
    scheduled(project, "*/5 * * * *", gate.main)
    with ThreadPoolExecutor() as pool:
        advanced = pool.submit(clock, server, "advance", minutes=10)
        for minute in ("05", "10"):
            with gate.reached():
                assert clock(server).expect(200)["now"][:16] == f"2030-01-31T00:{minute}"
                assert dates(project)[-1] == f"2030-01-31T00:{minute}"
                run = executions(project)[-1]
            project.executed("f", run)  # who was at the gate is gone
        assert advanced.result().expect(200)["works"] == {"execution": 2}


def test_a_jump_leaves_out_the_runs_between_and_a_jump_back_brings_them_again(
    server: Server, project: Project
) -> None:
    scheduled(project, "0 * * * *")
    journey = clock(server, "set", time="2030-02-10T12:30Z").expect(200)
    assert dates(project) == []
    assert journey["leftOut"]["schedule"] == 1
    clock(server, "set", time="2030-01-31T00:59:59Z").expect(200)
    for moment in ("2030-01-31T00:59:59Z", "2030-01-31T00:59:30Z"):
        clock(server, "advance", minutes=1).expect(200)
        clock(server, "set", time=moment).expect(200)
    clock(server, "advance", minutes=1).expect(200)
    assert dates(project) == ["2030-01-31T01:00"] * 3


def test_what_is_scheduled_for_a_moment_begins_then_and_once(
    server: Server, project: Project
) -> None:
    project.deploy("f", {"main.py": GOOD})
    at = "2030-01-31T12:00:00.000+00:00"
    body = {"async": True, "scheduledAt": at}
    id = project.post("/functions/f/executions", body).expect(202)["$id"]
    assert clock(server, "advance", hours=11.5).expect(200)["works"] == {}
    assert clock(server, "advance", hours=1).expect(200)["works"] == {"execution": 1}
    execution = project.get(f"/functions/f/executions/{id}").expect(200)
    assert (execution["status"], execution["$updatedAt"]) == ("completed", at)
    clock(server, "set", time="2030-01-31").expect(200)
    assert clock(server, "advance", hours=13).expect(200)["works"] == {}


@pytest.mark.parametrize(
    ("action", "body", "text"),
    [
        ("advance", b"", "Say how far the clock is to advance: days, hours, minutes or seconds"),
        ("advance", b'{"days": null}', "Say how far the clock is to advance"),
        ("advance", b'{"days": -1}', "Invalid `days` param: Value must be a number of days betwee"),
        ("advance", b'{"hours": "x"}', "Value must be a number of hours between 0 and 10,000,000"),
        ("advance", b'{"minutes": true}', "Value must be a number of minutes between 0 and"),
        ("advance", b'{"seconds": NaN}', "Value must be a number of seconds between 0 and"),
        ("advance", b'{"seconds": 1e400}', "Value must be a number of seconds between 0 and"),
        ("advance", b'{"days": 9999999999}', "The clock goes from 1970-01-01T00:00:00.000+00:00"),
        ("advance", b'{"days": 9000000}', "to 9000-01-01T00:00:00.000+00:00, not to 9000000 days"),
        ("advance", b'{"day": 1}', 'Unknown param "day". It takes days, hours, minutes, seconds'),
        ("advance", b'{"days": 1, "timeout": -1}', "Invalid `timeout` param: Value must be a numb"),
        ("set", b"", 'Param "time" is not optional.'),
        ("set", b'{"time": "soon"}', "Invalid `time` param: Value must be a date and time like 20"),
        ("set", b'{"time": 20300101}', "Value must be a date and time like 2026-03-01T12:00Z"),
        ("set", b'{"time": "9999-12-31"}', "The clock goes from 1970-01-01T00:00:00.000+00:00"),
        ("set", b'{"time": "0001-01-01T00:00+23:00"}', "Value must be a date and time like"),
        ("set", b'{"time": "1969-12-31T23:59Z"}', "not to 1969-12-31T23:59:00+00:00."),
        ("freeze", b'{"time": "now"}', "Invalid `time` param: Value must be a date and time like"),
        ("freeze?at=1", b"", 'Unknown param "at". It takes time, timeout.'),
        ("resume", b'{"time": "2030-01-01"}', 'Unknown param "time". It takes none.'),
    ],
)
def test_bad_input_is_refused_by_name(server: Server, action: str, body: bytes, text: str) -> None:
    status, type, message = server.call("POST", f"/_emulator/clock/{action}", body=body).error
    assert (status, type) == (400, "general_argument_invalid")
    assert text in message
    assert clock(server).expect(200)["now"] == "2030-01-31T00:00:00.000+00:00"


class Fixed:
    """A clock of somebody's own that can only be read."""

    def now(self) -> datetime:
        return START

    async def sleep_until(self, moment: datetime) -> None:
        await anyio.sleep_forever()


def test_a_clock_that_can_only_be_read_is_said_to_be_one() -> None:
    with serving(memory=True, clock=Fixed()) as server:
        assert clock(server).expect(200)["frozen"] is False
        for action, values in (
            ("advance", {"days": 1}),
            ("set", {"time": "2030-01-01"}),
            ("freeze", {}),
            ("resume", {}),
        ):
            error = clock(server, action, **values).error
            assert error[:2] == (409, "emulator_clock_fixed")
            assert "a Fixed, cannot be moved" in error[2]


def test_rows_dated_in_the_future_break_nothing_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    ann = {"userId": "ann", "email": "ann@example.org", "password": "correct horse"}
    with serving(state=state) as server:
        project = server.project("p")
        project.function(deploymentRetention=1)
        clock(server, "advance", days=400).expect(200)
        project.deploy("f", {"main.py": GOOD})
        project.post("/users", ann).expect(201)
        session = project.post("/users/ann/sessions").expect(201)
        late = project.execute("f")["$id"]
        assert clock(server).expect(200)["offset"] > 399 * 86_400
    with serving(state=state) as server:
        assert clock(server).expect(200)["offset"] == 0
        project = server.project("p")
        now = project.execute("f")["$id"]
        assert executions(project) == [late, now]
        query = {"method": "orderDesc", "attribute": "$createdAt"}
        page = project.get("/functions/f/executions", query).expect(200)
        assert names(page["executions"]) == [late, now]
        assert project.get(f"/functions/f/executions/{late}").expect(200)["status"] == "completed"
        server.call("POST", "/_emulator/maintenance").expect(200)
        account = project.guest.having(x_appwrite_session=session["secret"]).get("/account")
        assert account.expect(200)["$id"] == "ann"
        assert clock(server, "advance", days=415).expect(200)["wakes"] == 415
        assert executions(project) == []
        usage = project.get("/functions/f/usage", range="30d")
        assert usage.expect(200)["executionsTotal"] == 0


def test_executions_are_kept_for_the_days_of_the_option() -> None:
    with serving(memory=True, clock=ManualClock(START), execution_retention=2) as server:
        project = server.project()
        project.function()
        project.deploy("f", {"main.py": GOOD})
        kept = project.execute("f")["$id"]
        clock(server, "advance", days=2).expect(200)
        assert executions(project) == [kept]
        clock(server, "advance", days=1).expect(200)
        assert executions(project) == []


def test_executions_are_kept_for_ever_when_the_option_is_0(
    server: Server, project: Project
) -> None:
    project.deploy("f", {"main.py": GOOD})
    kept = project.execute("f")["$id"]
    clock(server, "advance", days=1000).expect(200)
    assert executions(project) == [kept]


def test_a_day_on_which_maintenance_fails_is_followed_by_the_next(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async def maintain() -> Removed:
        raise ZeroDivisionError

    services = server.emulator.services
    with caplog.at_level(logging.ERROR):
        server.run(Housekeeping(services.ground, maintain).arm)
        assert clock(server, "advance", days=2).expect(200)["works"] == {"maintenance": 2}
    assert [record.getMessage() for record in caplog.records] == ["maintenance failed"] * 2
    assert server.call("POST", "/_emulator/settle").expect(200) == {"waitedFor": []}


def test_python_programs_move_time_by_plain_calls() -> None:
    with Emulator(port=0, memory=True) as emulator:
        emulator.freeze("2030-01-01T00:00Z")
        assert emulator.clock.now() == datetime(2030, 1, 1, tzinfo=UTC)
        journey = emulator.advance(days=1, hours=1.5, minutes=2, seconds=3)
        assert journey.end == datetime(2030, 1, 2, 1, 32, 3, tzinfo=UTC)
        assert journey.acted["maintenance"] >= 1
        assert emulator.set_time(datetime(2031, 1, 1)).end == datetime(2031, 1, 1, tzinfo=UTC)
        emulator.resume()
        assert emulator.clock.now() > datetime(2031, 1, 1, tzinfo=UTC)
        with pytest.raises(ValueError, match=r"'soon' is no date and time like 2026-03-01T12:00Z"):
            emulator.set_time("soon")
        with pytest.raises(ValueError, match="Set it instead"):
            emulator.advance(hours=-1)
        with pytest.raises(MomentOutOfRange):
            emulator.advance(days=3_000_000)


def test_a_clock_of_the_programs_own_is_not_moved() -> None:
    with (
        Emulator(port=0, memory=True, clock=Fixed()) as emulator,
        pytest.raises(ClockFixed, match="Give a ManualClock, or none"),
    ):
        emulator.advance(days=1)


async def test_in_a_loop_the_calendar_is_awaited(gate: Gate) -> None:
    async with Emulator(port=0, memory=True, clock=ManualClock(START)) as emulator:
        calendar = emulator.services.calendar
        timer = calendar.next()
        assert timer
        assert (await calendar.advance(timedelta(days=1))).end == timer.moment == calendar.now()


def test_a_stop_says_in_python_where_the_clock_stands(
    server: Server, project: Project, gate: Gate
) -> None:
    project.deploy("f", {"main.py": gate.main})
    project.post("/functions/f/executions", {"async": True}).expect(202)
    calendar = server.emulator.services.calendar
    with gate.reached(), pytest.raises(Stopped) as caught:
        server.run(calendar.advance, timedelta(days=1), 0)
    assert (caught.value.at, len(caught.value.pending)) == (START, 1)


def test_a_step_beyond_all_dates_is_refused_as_one_beyond_the_last() -> None:
    with Emulator(port=0, memory=True) as emulator, pytest.raises(MomentOutOfRange):
        emulator.advance(hours=1e30)


def test_who_moves_time_where_nothing_runs_is_told_what_to_do() -> None:
    with pytest.raises(AssertionError, match="call this within `with Emulator"):
        Emulator(port=0, memory=True).advance(hours=1)
