"""What events tell of calls whose outcome is not simply their reply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .echo import PYTHON
from .forms import tar_gz
from .hearing import Ear, hearing
from .people import developer, new_user
from .server import Project, Server
from .site import site

EXECUTED = "functions.[functionId].executions.[executionId].create"


@pytest.fixture
def ear(own: Project) -> Iterator[Ear]:
    """What is heard in the project of `own`, after its deployment."""
    with hearing(own) as ear:
        yield ear


def told(ear: Ear, pattern: str) -> list[Any]:
    return [each.event.payload for each in ear.taken() if each.pattern == pattern]


def test_a_payload_has_the_servers_format_and_not_the_clients(own: Project, ear: Ear) -> None:
    own.at("1.4.0").put("/functions/f", {"name": "G"}).expect(200)
    (function,) = told(ear, "functions.[functionId].update")
    assert function["name"] == "G"
    assert "deploymentId" in function
    assert "deployment" not in function


def test_a_background_execution_is_told_of_as_waiting(own: Project, ear: Ear) -> None:
    sent = own.post("/functions/f/executions", {"async": True}).expect(202)
    (execution,) = told(ear, EXECUTED)
    assert (execution["$id"], execution["status"]) == (sent["$id"], "waiting")
    own.executed("f", sent["$id"])


def test_a_scheduled_execution_is_told_of_as_scheduled(own: Project, ear: Ear) -> None:
    given = {"async": True, "scheduledAt": "2999-01-01T00:00:00.000+00:00"}
    own.post("/functions/f/executions", given).expect(202)
    (execution,) = told(ear, EXECUTED)
    assert (execution["status"], execution["trigger"]) == ("scheduled", "schedule")


def test_a_users_own_execution_is_told_of_without_logs(own: Project) -> None:
    ann = new_user(own, "ann")
    with hearing(own) as ear:
        ann.execute("f", path="/a")
        own.execute("f", path="/b")
        anns, keys = ear.taken()
    assert anns.event.user_id == "ann"
    assert (anns.event.payload["logs"], anns.event.payload["errors"]) == ("", "")
    assert anns.event.payload["$permissions"] == ('read("user:ann")',)
    assert "logged /b" in keys.event.payload["logs"]


def test_an_answer_of_bytes_is_told_of_as_text(own: Project, ear: Ear) -> None:
    headers = {"accept": "multipart/form-data", "content-type": "application/json"}
    body = b'{"path": "/bytes"}'
    reply = own.call("POST", "/functions/f/executions", body=body, headers=headers)
    assert b"\x00\x0a\xff" in reply.body
    (execution,) = told(ear, EXECUTED)
    assert execution["responseBody"] == "\x00\n\N{REPLACEMENT CHARACTER}"


def test_an_answer_that_cannot_be_replied_is_not_told_of(own: Project, ear: Ear) -> None:
    assert own.post("/functions/f/executions", {"path": "/bytes"}).status == 400
    assert ear.taken() == []


def test_an_execution_that_is_too_slow_for_its_caller_is_not_told_of(hasty: Server) -> None:
    project = hasty.project()
    project.function()
    project.deploy("f", {"main.py": "import time\ndef main(context):\n    time.sleep(20)\n"})
    with hearing(project) as ear:
        assert project.post("/functions/f/executions", {}).status == 408
        assert ear.taken() == []


def test_a_deleted_execution_is_told_of_with_its_long_logs(own: Project) -> None:
    lines = "def main(context):\n    for _ in range(5):\n        context.log('x' * 7_000)\n"
    own.deploy("f", {"main.py": lines + "    return context.res.empty()\n"})
    made = own.execute("f")
    with hearing(own) as ear:
        own.delete(f"/functions/f/executions/{made['$id']}").expect(204)
        (heard,) = ear.taken()
    assert heard.event.payload["logs"].count("x") == 35_000


def test_a_visit_of_a_domain_is_not_told_of(project: Project) -> None:
    place = site(project)
    with hearing(project) as ear:
        place.told("GET", "/")
        assert ear.taken() == []


def test_a_build_tells_of_its_start(own: Project, ear: Ear) -> None:
    sent = own.upload("f", tar_gz({"main.py": PYTHON})).expect(202)
    heard = own.server.run(ear.until, lambda each: each.is_of_background)
    own.built("f", sent["$id"])
    assert heard.event.names[0] == f"functions.f.deployments.{sent['$id']}.update"
    assert heard.event.payload["$id"] == sent["$id"]
    assert heard.event.payload["status"] == "building"


def test_a_canceled_build_is_not_told_of(own: Project) -> None:
    waiting = own.upload("f", b"x", headers={"content-range": "bytes 0-0/9"}).expect(202)
    with hearing(own) as ear:
        own.patch(f"/functions/f/deployments/{waiting['$id']}/status").expect(200)
        assert ear.taken() == []


@pytest.mark.parametrize(("commands", "end"), [("", "ready"), ("exit 1", "failed")])
def test_of_a_build_nothing_is_told_but_its_start(either: Project, commands: str, end: str) -> None:
    either.function(commands=commands)
    with hearing(either) as ear:
        id = either.upload("f", tar_gz({"main.py": PYTHON})).expect(202)["$id"]
        assert either.built("f", id)["status"] == end
        story = [(each.event.names[0], each.event.payload["status"]) for each in ear.heard]
    one = f"functions.f.deployments.{id}"
    assert story == [(f"{one}.create", story[0][1]), (f"{one}.update", "building")]
    assert ear.heard[1].event.user_id == ""
    assert list(ear.heard[0].event.payload) == list(ear.heard[1].event.payload)


def test_a_build_that_is_canceled_on_its_way_is_told_of_no_more(either: Project) -> None:
    either.function(commands="sleep 60")
    with hearing(either) as ear:
        id = either.upload("f", tar_gz({"main.py": PYTHON})).expect(202)["$id"]
        either.server.run(ear.until, lambda each: each.is_of_background)
        ear.heard.clear()
        path = f"/functions/f/deployments/{id}"
        old = either.server.emulator.config.appwrite == "1.6"
        either.patch(f"{path}/build" if old else f"{path}/status").expect(200)
        either.built("f", id)
        assert ear.heard == []


def test_an_upload_in_chunks_is_told_of_once_when_it_is_whole(either: Project) -> None:
    either.function()
    archive = tar_gz({"main.py": PYTHON})
    half, size = len(archive) // 2, len(archive)
    first = {"content-range": f"bytes 0-{half - 1}/{size}", "x-appwrite-id": "d"}
    last = {"content-range": f"bytes {half}-{size - 1}/{size}", "x-appwrite-id": "d"}
    with hearing(either) as ear:
        either.upload("f", archive[:half], headers=first).expect(202)
        assert ear.taken() == []
        either.upload("f", archive[half:], headers=last).expect(202)
        (heard,) = ear.taken()
        either.upload("f", archive[half:], headers=last).expect(202)
        assert ear.taken() == []
    assert heard.event.names[0] == "functions.f.deployments.d.create"
    either.built("f", "d")


def test_names_of_memberships_come_in_upstreams_order(project: Project) -> None:
    new_user(project, "ann")
    project.post("/teams", {"teamId": "t", "name": "T"}).expect(201)
    with hearing(project) as ear:
        path = "/teams/t/memberships"
        made = project.post(path, {"userId": "ann", "roles": []}).expect(201)["$id"]
        project.delete(f"{path}/{made}").expect(204)
        created, deleted = ear.taken()
    one = f"teams.t.memberships.{made}"
    any_team, any_member = f"teams.*.memberships.{made}", "teams.t.memberships.*"
    assert created.event.names[2:5] == (f"{any_team}.create", f"{any_member}.create", one)
    assert deleted.event.names[2:5] == (f"{any_member}.delete", f"{any_team}.delete", one)


def test_a_sign_out_by_token_tells_of_the_newest_session(project: Project) -> None:
    ann = new_user(project, "ann")
    session = ann.get("/account/sessions/current").expect(200)["$id"]
    jwt = project.post("/users/ann/jwts", {}).expect(201)["jwt"]
    by_token = project.guest.having(x_appwrite_jwt=jwt)
    with hearing(project) as ear:
        by_token.delete("/account/sessions").expect(204)
        (heard,) = ear.taken()
        assert heard.event.names[0] == f"users.ann.sessions.{session}.delete"
        assert heard.event.payload["current"] is False
        by_token.delete("/account/sessions")
        assert ear.taken() == []


def test_a_developer_acts_in_the_project_and_is_named(project: Project) -> None:
    caller = developer(project)
    with hearing(project) as ear:
        caller.post("/teams", {"teamId": "t", "name": "T"}).expect(201)
        (heard,) = ear.taken()
    assert heard.event.project == project.id
    assert heard.event.user_id
