"""What is kept of executions, who may see it, how it is listed and deleted."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from appwrite_emulator.clock import ManualClock

from .echo import PYTHON
from .gate import Gate
from .server import Json, Project, Server, names, serving

MISSING = (404, "execution_not_found", "Execution with the requested ID could not be found.")
PATH = "/functions/f/executions"


def _headers(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["name"]: pair["value"] for pair in pairs}


def test_only_few_headers_are_kept(echo: Project) -> None:
    given = {"Content-Type": "text/x", "X-Own": "1", "Host": "example.org", "agent": "a"}
    made = echo.execute("f", path="/status?code=200", headers=given, body="a")
    kept = {
        "Content-Type": "text/x",
        "Host": "example.org",
        "agent": "a",
        "x-appwrite-client-ip": "127.0.0.1",
    }
    assert _headers(made["requestHeaders"]) == kept
    answered = _headers(made["responseHeaders"])
    assert answered["x-own"] == "1"
    assert answered["x-appwrite-execution-id"] == made["$id"]
    stored = echo.get(f"{PATH}/{made['$id']}").expect(200)
    assert _headers(stored["requestHeaders"]) == kept
    assert set(_headers(stored["responseHeaders"])) <= {"content-type", "content-length"}
    assert _headers(stored["responseHeaders"])["content-type"] == "text/plain; charset=utf-8"


def test_the_1_6_server_does_not_keep_the_address(server_16: Server) -> None:
    project = server_16.project()
    project.function()
    project.deploy("f", {"main.py": PYTHON})
    made = project.execute("f", path="/headers")
    assert made["requestHeaders"] == []
    assert json.loads(made["responseBody"])["x-appwrite-key"].startswith("dynamic_")


@pytest.mark.parametrize(
    ("code", "status"), [(200, "completed"), (404, "completed"), (499, "completed"),
                         (500, "failed"), (503, "failed")],
)  # fmt: skip
def test_a_status_from_500_on_is_a_failure(echo: Project, code: int, status: str) -> None:
    made = echo.execute("f", path=f"/status?code={code}")
    assert (made["responseStatusCode"], made["status"]) == (code, status)
    assert made["responseBody"] == "as wished"


def test_the_body_is_for_the_creator_only(echo: Project) -> None:
    made = echo.execute("f", path="/x")
    assert made["responseBody"]
    assert echo.get(f"{PATH}/{made['$id']}").expect(200)["responseBody"] == ""
    newest = echo.get(PATH, {"method": "orderDesc"}, {"method": "limit", "values": [1]}).json
    assert newest["executions"][0]["$id"] == made["$id"]
    assert newest["executions"][0]["responseBody"] == ""


def test_logs_are_for_keys_only(echo: Project) -> None:
    made = echo.execute("f", path="/x")
    assert (made["logs"], made["errors"]) == ("logged /x\n", "erred\n")
    stored = echo.get(f"{PATH}/{made['$id']}").expect(200)
    assert (stored["logs"], stored["errors"]) == ("logged /x\n", "erred\n")
    seen = echo.guest.execute("f", path="/x")
    assert (seen["logs"], seen["errors"]) == ("", "")
    assert seen["responseBody"]
    assert echo.get(f"{PATH}/{seen['$id']}").expect(200)["logs"] == "logged /x\n"


def test_nothing_is_logged_when_logging_is_off(own: Project) -> None:
    own.put("/functions/f", {"name": "f", "execute": ["any"], "logging": False}).expect(200)
    made = own.execute("f")
    assert (made["logs"], made["errors"], made["status"]) == ("", "", "completed")
    sent = own.post(PATH, {"async": True}).expect(202)
    ended = own.executed("f", sent["$id"])
    assert (ended["logs"], ended["errors"]) == ("", "")


def test_an_asynchronous_execution_ends_later(echo: Project) -> None:
    sent = echo.post(PATH, {"async": True, "path": "/headers"}).expect(202)
    assert (sent["status"], sent["responseBody"], sent["duration"]) == ("waiting", "", 0.0)
    ended = echo.executed("f", sent["$id"])
    assert (ended["status"], ended["responseStatusCode"]) == ("completed", 200)
    assert (ended["responseBody"], ended["logs"]) == ("", "logged /headers\n")
    assert ended["duration"] > 0


def test_an_execution_under_way_can_be_seen_but_not_deleted(own: Project, gate: Gate) -> None:
    own.deploy("f", {"main.py": gate.main})
    sent = own.post(PATH, {"async": True}).expect(202)
    with gate.reached():
        seen = own.get(f"{PATH}/{sent['$id']}").expect(200)
        assert seen["status"] == "processing"
        assert own.delete(f"{PATH}/{sent['$id']}").error == (
            400,
            "execution_in_progress",
            "Can't delete ongoing execution. Please wait for execution to finish before deleting "
            "it.",
        )
    assert own.executed("f", sent["$id"])["status"] == "completed"
    reply = own.delete(f"{PATH}/{sent['$id']}")
    assert (reply.status, reply.body) == (204, b"")
    assert own.get(f"{PATH}/{sent['$id']}").error == MISSING
    assert own.delete(f"{PATH}/{sent['$id']}").error == MISSING


@pytest.mark.parametrize("is_async", [True, False])
def test_a_function_can_be_deleted_while_it_runs(own: Project, gate: Gate, is_async: bool) -> None:
    own.deploy("f", {"main.py": gate.main})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(own.post, PATH, {"async": is_async})
        with gate.reached():
            own.delete("/functions/f").expect(204)
            own.function()
        assert running.result().status == (202 if is_async else 201)
    if is_async:
        services = own.server.emulator.services
        own.server.run(services.executions.finished, own.id, running.result().json["$id"])
    assert own.get(PATH).json == {"total": 0, "executions": []}
    own.deploy("f", {"main.py": PYTHON})
    assert own.execute("f")["status"] == "completed"


def test_a_newer_deployment_answers_while_the_older_finishes(own: Project, gate: Gate) -> None:
    own.deploy("f", {"main.py": gate.main})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(own.execute, "f")
        with gate.reached() as out:
            own.deploy("f", {"main.py": PYTHON})
            assert own.execute("f")["status"] == "completed"
            out.write("late")
        assert running.result()["responseBody"] == "late"


def test_pages_have_every_execution_once_in_whatever_order_they_end(
    own: Project, gate: Gate
) -> None:
    own.deploy("f", {"main.py": gate.main})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(own.execute, "f")
        with gate.reached():
            own.deploy("f", {"main.py": PYTHON})
            others = [own.execute("f")["$id"] for _ in range(3)]
        slow = running.result()["$id"]
    for direction in ("orderAsc", "orderDesc"):
        seen, queries = [], [{"method": direction}, {"method": "limit", "values": [1]}]
        page = own.get(PATH, *queries).json["executions"]
        while page:
            seen += names(page)
            after = {"method": "cursorAfter", "values": [page[0]["$id"]]}
            page = own.get(PATH, *queries, after).json["executions"]
        assert sorted(seen) == sorted([slow, *others])


def test_guests_may_create_and_nothing_else(own: Project) -> None:
    id = own.guest.execute("f")["$id"]
    assert own.guest.get(PATH).error[:2] == (401, "general_unauthorized_scope")
    assert own.guest.get(f"{PATH}/{id}").error[:2] == (401, "general_unauthorized_scope")
    assert own.guest.delete(f"{PATH}/{id}").error == MISSING
    assert own.get(f"{PATH}/{id}").status == 200


def test_executions_belong_to_their_function(own: Project) -> None:
    own.function("g")
    id = own.execute("f")["$id"]
    assert own.get(f"/functions/g/executions/{id}").error == MISSING
    assert own.delete(f"/functions/g/executions/{id}").error == MISSING
    assert own.get("/functions/g/executions").json["total"] == 0


def test_a_list_can_be_asked_for_its_head(own: Project) -> None:
    own.execute("f")
    reply = own.call("HEAD", PATH)
    assert (reply.status, reply.body) == (200, b"")
    assert reply.header("content-type") == "application/json; charset=UTF-8"


def test_executions_are_found_by_their_fields(own: Project) -> None:
    good = own.execute("f", path="/a", method="GET")["$id"]
    bad = own.execute("f", path="/status?code=500")["$id"]

    def found(method: str, attribute: str, *values: Json) -> list[str]:
        query = {"method": method, "attribute": attribute, "values": list(values)}
        return names(own.get(PATH, query).expect(200)["executions"])

    assert found("equal", "status", "failed") == [bad]
    assert found("equal", "responseStatusCode", 200) == [good]
    assert found("equal", "requestMethod", "GET") == [good]
    assert found("startsWith", "requestPath", "/status") == [bad]
    assert found("greaterThan", "duration", 0.0) == [good, bad]
    assert found("equal", "trigger", "http") == [good, bad]
    assert names(own.get(PATH, search=good).json["executions"]) == [good]


def test_the_oldest_executions_make_room_for_new_ones() -> None:
    with serving(memory=True, keep_executions=20) as server:
        project = server.project()
        project.function()
        project.deploy("f", {"main.py": PYTHON})
        made = [project.execute("f")["$id"] for _ in range(25)]
        kept = names(project.get(PATH, {"method": "limit", "values": [99]}).json["executions"])
    assert len(kept) in (20, 21)
    assert kept == made[-len(kept) :]


@pytest.mark.parametrize("era", ["1.9", "1.6"])
def test_1_9_says_of_what_takes_too_long_that_it_failed(era: str, gate: Gate) -> None:
    clock = ManualClock(datetime(2026, 1, 31, 9, 30, tzinfo=UTC))
    with serving(memory=True, appwrite=era, clock=clock) as server:
        project = server.project()
        project.function(timeout=30)
        project.deploy("f", {"main.py": gate.main})
        id = project.post(PATH, {"async": True}).expect(202)["$id"]
        with gate.reached():
            assert _statuses(project, id) == ("processing", ["processing"], [], ["processing"])
            server.run(clock.advance, timedelta(seconds=30))
            if era == "1.6":
                assert _statuses(project, id)[0] == "processing"
                assert project.delete(f"{PATH}/{id}").error[1] == "execution_in_progress"
            else:
                assert _statuses(project, id) == ("failed", ["failed"], ["failed"], ["processing"])
                assert project.delete(f"{PATH}/{id}").status == 204
        server.run(server.emulator.services.executions.finished, project.id, id)
        assert project.get(PATH).json["total"] == (1 if era == "1.6" else 0)


def _statuses(project: Project, id: str) -> tuple[str, list[str], list[str], list[str]]:
    """How an execution looks: got, listed, listed among the failed, and among those that run."""

    def listed(*statuses: str) -> list[str]:
        queries = [{"method": "equal", "attribute": "status", "values": list(statuses)}]
        found = project.get(PATH, *queries if statuses else ()).expect(200)
        assert found["total"] == len(found["executions"])
        return names(found["executions"], "status")

    got = project.get(f"{PATH}/{id}").expect(200)["status"]
    return got, listed(), listed("failed"), listed("processing")
