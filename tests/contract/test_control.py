"""The control API: what only an emulator has, below /_emulator."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appwrite_emulator import __version__
from appwrite_emulator.config import Key

from .forms import tar_gz
from .gate import Gate
from .server import Json, Project, Reply, Server, serving

GOOD = "def main(context):\n    return context.res.text('built')\n"
COUNT = """
calls = 0
def main(context):
    global calls
    calls += 1
    return context.res.text(f"call {calls}")
"""


NOTHING: dict[str, list[str]] = {
    key: [] for key in ("lines", "works", "scheduled", "functions", "lateCalls")
}


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that tests may reset and restore."""
    with serving(memory=True) as running:
        yield running


@pytest.fixture
def home(own: Server) -> Project:
    """A project on it."""
    return own.project()


def _control(
    server: Server,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    return server.call(method, f"/_emulator{path}", headers, body)


def _post(server: Server, path: str, **values: Json) -> Json:
    return _control(server, "POST", path, json.dumps(values).encode()).json


def _snapshot(server: Server) -> str:
    return str(_post(server, "/snapshot")["snapshot"])


def _works(reply: Json) -> list[tuple[str, str]]:
    return [(each["kind"], each["id"]) for each in reply]


def _begin_build(project: Project, gate: Gate) -> str:
    fields = {"activate": "true", "commands": gate.commands}
    return str(project.upload("f", tar_gz({"main.py": GOOD}), fields=fields).expect(202)["$id"])


def test_the_status_tells_what_there_is_and_what_it_does(home: Project, gate: Gate) -> None:
    home.function()
    home.deploy("f", {"main.py": gate.main})
    id = home.post("/functions/f/executions", {"async": True}).expect(202)["$id"]
    with gate.reached():
        status = _control(home.server, "GET", "/status").expect(200)
    home.executed("f", id)
    assert status["version"] == __version__
    assert (status["appwrite"], status["endpoint"]) == ("1.9", "http://127.0.0.1:9080/v1")
    assert (status["project"], status["pid"]) == ("demo", os.getpid())
    assert status["uptime"] > 0
    assert status["functions"] >= 1
    assert status["deployments"]["ready"] >= 1
    assert status["executions"]["processing"] == 1
    assert status["workers"]["busy"] == 1
    assert status["pending"] == [
        {"kind": "execution", "project": home.id, "functionId": "f", "id": id}
    ]
    assert status["sandbox"]["rung"] in ("limits", "off")
    assert (status["state"]["file"], status["state"]["size"]) == (None, 0)
    assert status["state"]["epoch"] >= 1


def test_the_status_names_the_state_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with serving(state=path) as server:
        server.project().function()
        state = _control(server, "GET", "/status").expect(200)["state"]
        assert state["file"] == str(path)
        assert state["size"] == path.with_name("state.json.journal").stat().st_size > 0


def test_settling_waits_for_builds_and_executions(home: Project, gate: Gate) -> None:
    assert _post(home.server, "/settle") == {"waitedFor": []}
    home.function()
    home.deploy("f", {"main.py": gate.main})
    waiting = Gate(gate.path.with_name("building"))
    build = _begin_build(home, waiting)
    execution = home.post("/functions/f/executions", {"async": True}).expect(202)["$id"]
    with ThreadPoolExecutor() as pool:
        with gate.reached(), waiting.reached():
            settled = pool.submit(_post, home.server, "/settle", timeout=15)
            error = _control(home.server, "POST", "/settle?timeout=0").error
        assert error[:2] == (408, "emulator_not_settled")
        assert f"build {build} of function f in project {home.id}" in error[2]
        assert f"execution {execution}" in error[2]
        waited = _works(settled.result()["waitedFor"])
    assert ("execution", execution) in waited
    assert home.get(f"/functions/f/executions/{execution}").json["status"] == "completed"
    assert home.get(f"/functions/f/deployments/{build}").json["status"] == "ready"


def test_a_restore_brings_back_rows_and_running_code_at_once(home: Project) -> None:
    home.function()
    deployment = home.deploy("f", {"main.py": COUNT})["$id"]
    assert home.execute("f")["responseBody"] == "call 1"
    snapshot = _snapshot(home.server)
    home.function("later")
    home.put("/functions/f", {"name": "Changed"}).expect(200)
    second = home.deploy("f", {"main.py": GOOD})["$id"]
    assert home.execute("f")["responseBody"] == "built"

    for called in ("call 2", "call 3"):  # in the worker of before, which has stayed warm
        restored = _post(home.server, "/restore", snapshot=snapshot)
        assert restored == {"snapshot": snapshot, "ended": [], "leftovers": NOTHING}
        assert [each["$id"] for each in home.get("/functions").json["functions"]] == ["f"]
        function = home.get("/functions/f").json
        assert (function["name"], function["deploymentId"]) == ("f", deployment)
        assert home.get(f"/functions/f/deployments/{second}").status == 404
        assert home.get("/functions/f/executions").json["total"] == 1
        assert home.execute("f")["responseBody"] == called


def test_what_was_deleted_executes_after_a_restore_without_a_build(home: Project) -> None:
    home.function()
    home.deploy("f", {"main.py": GOOD})
    snapshot = _snapshot(home.server)
    home.delete("/functions/f").expect(204)
    _post(home.server, "/reset")
    assert home.post("/functions/f/executions", {}).status == 404
    _post(home.server, "/restore", snapshot=snapshot)
    assert home.execute("f")["responseBody"] == "built"


def test_a_synchronous_execution_in_flight_gets_a_clear_error(home: Project, gate: Gate) -> None:
    home.function()
    home.deploy("f", {"main.py": gate.main})
    snapshot = _snapshot(home.server)
    with ThreadPoolExecutor() as pool:
        call = pool.submit(home.post, "/functions/f/executions", {})
        with gate.reached():
            ended = _post(home.server, "/restore", snapshot=snapshot)["ended"]
        status, type, message = call.result().error
    assert (status, type) == (409, "emulator_restored")
    assert [("execution", message.split()[6])] == _works(ended)
    assert home.get("/functions/f/executions").json["total"] == 0
    assert _control(home.server, "GET", "/status").json["workers"]["busy"] == 0


def test_work_in_the_background_writes_nothing_after_a_restore(home: Project, gate: Gate) -> None:
    home.function()
    active = home.deploy("f", {"main.py": gate.main})["$id"]
    snapshot = _snapshot(home.server)
    waiting = Gate(gate.path.with_name("building"))
    build = _begin_build(home, waiting)
    execution = home.post("/functions/f/executions", {"async": True}).expect(202)["$id"]
    with gate.reached(), waiting.reached():
        ended = _works(_post(home.server, "/restore", snapshot=snapshot)["ended"])
    assert sorted(ended) == [("build", build), ("execution", execution)]
    assert _post(home.server, "/settle") == {"waitedFor": []}
    assert home.get("/functions/f").json["deploymentId"] == active
    assert home.get("/functions/f/deployments").json["total"] == 1
    assert home.get("/functions/f/executions").json["total"] == 0


def test_what_was_unfinished_in_a_snapshot_is_ended_or_goes_on(home: Project, gate: Gate) -> None:
    home.function()
    home.deploy("f", {"main.py": gate.main})
    execution = home.post("/functions/f/executions", {"async": True}).expect(202)["$id"]
    waiting = [Gate(gate.path.with_name(f"building{n}")) for n in range(2)]
    building = [_begin_build(home, each) for each in waiting]
    with gate.reached(), waiting[0].reached(), waiting[1].reached():
        third = home.upload("f", tar_gz({"main.py": GOOD})).expect(202)["$id"]
        snapshot = _snapshot(home.server)
        _post(home.server, "/restore", snapshot=snapshot)
    assert _post(home.server, "/settle")["waitedFor"] in ([], [
        {"kind": "build", "project": home.id, "functionId": "f", "id": third}
    ])  # fmt: skip
    found = home.get(f"/functions/f/executions/{execution}").json
    assert (found["status"], "The state was restored" in found["errors"]) == ("failed", True)
    for id in building:
        found = home.get(f"/functions/f/deployments/{id}").json
        assert (found["status"], "The state was restored" in found["buildLogs"]) == ("failed", True)
    assert home.get(f"/functions/f/deployments/{third}").json["status"] == "ready"


def test_a_reset_of_one_project_leaves_the_others_running(own: Server, gate: Gate) -> None:
    one, other = own.project(), own.project()
    for project in (one, other):
        project.function()
        project.deploy("f", {"main.py": gate.main})
    second = Gate(gate.path.with_name("second"))
    one.deploy("f", {"main.py": second.main})
    with ThreadPoolExecutor() as pool:
        lost = pool.submit(one.post, "/functions/f/executions", {})
        kept = pool.submit(other.post, "/functions/f/executions", {})
        with gate.reached() as out, second.reached():
            reply = _post(own, "/reset", project=one.id)
            out.write("alive")
        assert lost.result().error[:2] == (409, "emulator_restored")
        assert kept.result().expect(201)["responseBody"] == "alive"
    assert reply["project"] == one.id
    assert len(reply["ended"]) == 1
    assert one.get("/functions").json["total"] == 0
    assert other.get("/functions").json["total"] == 1
    one.function()
    one.deploy("f", {"main.py": GOOD})
    assert one.execute("f")["responseBody"] == "built"


def test_a_reset_leaves_no_row_and_keys_of_functions_stay_valid(tmp_path: Path) -> None:
    with serving(state=tmp_path / "state.json") as server:
        for project in (server.project("a"), server.project("b")):
            project.function(scopes=["functions.read"])
        reply = _post(server, "/reset")
        assert reply == {"project": None, "ended": [], "leftovers": NOTHING}
        assert server.project("a").get("/functions").json["total"] == 0
        assert server.project("b").get("/functions").json["total"] == 0
        server.project("a").function()
    rows = json.loads((tmp_path / "state.json").read_text())
    assert list(rows["functions"]) == ["a/f"]
    assert rows["settings"], "the secret that signs keys"


def test_builds_are_collected_when_neither_row_nor_snapshot_needs_them(tmp_path: Path) -> None:
    with serving(state=tmp_path / "state.json") as server:
        services = server.emulator.services
        folder = services.ground.files.build("x").parent

        def builds() -> int:
            return sum(path.is_dir() for path in folder.iterdir())

        project = server.project("p")
        project.function()
        project.deploy("f", {"main.py": GOOD})
        first = _snapshot(server)
        project.deploy("f", {"main.py": GOOD + "# 2"})
        second = _snapshot(server)
        assert builds() == 2
        _post(server, "/restore", snapshot=first)
        assert builds() == 2
        _control(server, "DELETE", f"/snapshots/{second}").expect(200)
        assert builds() == 1
        _post(server, "/reset")
        assert builds() == 1
        _post(server, "/restore", snapshot=first)
        assert project.execute("f")["responseBody"] == "built"


def test_snapshots_are_listed_until_they_are_deleted(own: Server) -> None:
    snapshot = _snapshot(own)
    listed = _control(own, "GET", "/status").json["snapshots"]
    assert snapshot in [each["snapshot"] for each in listed]
    assert _control(own, "DELETE", f"/snapshots/{snapshot}").expect(200) == {"snapshot": snapshot}
    for reply in (
        _control(own, "DELETE", f"/snapshots/{snapshot}"),
        _control(own, "POST", "/restore", f'{{"snapshot": "{snapshot}"}}'.encode()),
    ):
        assert reply.error[:2] == (404, "emulator_snapshot_not_found")
        assert f"There is no snapshot '{snapshot}'" in reply.error[2]


def test_snapshot_and_restore_of_a_state_of_test_size_take_under_a_millisecond(own: Server) -> None:
    project = own.project()
    for number in range(200):
        project.function(f"f{number}")
    state, took = own.emulator.services.ground.state, []

    def measure() -> None:
        for _ in range(20):
            began = time.perf_counter()
            snapshot = state.snapshot()
            took.append(time.perf_counter() - began)
            for number in range(20):
                state.table("functions").patch(f"{project.id}/f{number}", {"name": "changed"})
            began = time.perf_counter()
            state.restore(snapshot)
            took[-1] += time.perf_counter() - began

    own.run(measure)
    assert statistics.median(took) < 0.001


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        (
            "/settle",
            b'{"timeout": "soon"}',
            "Value must be a number of seconds between 0 and 3,600",
        ),
        ("/settle", b'{"timeout": true}', "Value must be a number of seconds between 0 and 3,600"),
        ("/settle", b'{"timeout": NaN}', "Value must be a number of seconds between 0 and 3,600"),
        ("/settle?timeout=-1", b"", "Value must be a number of seconds between 0 and 3,600"),
        ("/settle", b'{"timeout":', "The body is not JSON: "),
        ("/settle", b"[1]", "The body must be a JSON object."),
        ("/settle", b'{"time": 1}', 'Unknown param "time". It takes timeout.'),
        ("/snapshot", b'{"id": 1}', 'Unknown param "id". It takes none.'),
        ("/restore", b"", 'Param "snapshot" is not optional.'),
        ("/restore", b'{"snapshot": 5}', "Invalid `snapshot` param: Value must be a valid string"),
        ("/reset?project=a%20b", b"", "Invalid `project` param: UID must contain"),
        ("/reset?projcet=a", b"", 'Unknown param "projcet". It takes project.'),
    ],
)
def test_bad_input_is_refused_by_name(own: Server, path: str, body: bytes, text: str) -> None:
    status, type, message = _control(own, "POST", path, body).error
    assert (status, type) == (400, "general_argument_invalid")
    assert text in message


def test_json_is_read_whatever_the_content_type_says(own: Server) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b'{"timeout": 1}', b"timeout=1"):
        assert own.call("POST", "/_emulator/settle", form, body).status == 200
    assert own.call("POST", "/_emulator/settle", form, b'{"timeout": "x"}').status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/"), ("GET", "/stats"), ("GET", "/settle"), ("DELETE", "/snapshots/")],
)
def test_an_unknown_route_names_those_there_are(own: Server, method: str, path: str) -> None:
    status, type, message = _control(own, method, path).error
    assert (status, type) == (404, "emulator_route_not_found")
    assert message.startswith(f"There is no {method} /_emulator{path}. There are: ")
    for known in ("GET /_emulator/status", "DELETE /_emulator/snapshots/{id}"):
        assert known in message


def test_a_name_that_only_begins_like_it_is_appwrites(own: Server) -> None:
    assert own.call("GET", "/_emulators").error[:2] == (404, "general_route_not_found")


@pytest.mark.parametrize(
    ("headers", "type"),
    [
        ({"host": "evil.test"}, "general_access_forbidden"),
        ({"origin": "https://evil.test"}, "general_unknown_origin"),
        ({"origin": "null"}, "general_unknown_origin"),
    ],
)
def test_pages_from_elsewhere_cannot_call_it(
    own: Server, headers: dict[str, str], type: str
) -> None:
    project = own.project()
    project.function()
    for method, path in (("POST", "/reset"), ("GET", "/status"), ("GET", "/logs")):
        reply = _control(own, method, path, headers=headers)
        assert reply.error[1] == type
        assert reply.header("access-control-allow-origin") is None
    assert project.get("/functions").json["total"] == 1


def test_pages_of_this_machine_can(own: Server) -> None:
    origin = "http://localhost:3000"
    reply = _control(own, "GET", "/status", headers={"origin": origin})
    assert (reply.status, reply.header("access-control-allow-origin")) == (200, origin)
    assert _control(own, "OPTIONS", "/settle", headers={"origin": origin}).status == 204


def test_where_keys_are_held_to_their_word_a_full_one_is_required() -> None:
    keys = (
        Key("reader", ("functions.read",)),
        Key("elsewhere", (), "home"),
        Key("full"),
    )
    with serving(memory=True, strict=True, keys=keys) as server:
        for secret in ("", "unknown", "reader", "elsewhere"):
            for method, path in (("GET", "/status"), ("POST", "/reset"), ("GET", "/none")):
                reply = _control(server, method, path, headers={"x-appwrite-key": secret})
                assert reply.error[:2] == (401, "emulator_key_required")
        full = {"x-appwrite-key": "full"}
        assert _control(server, "GET", "/status", headers=full).status == 200
        assert _control(server, "POST", "/reset", headers=full).status == 200


def test_every_reply_says_its_type_and_a_head_has_no_body(own: Server) -> None:
    reply = _control(own, "HEAD", "/status")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.header("content-type") == "application/json; charset=UTF-8"
    assert _control(own, "HEAD", "/logs").header("content-type") == "text/plain; charset=UTF-8"
