"""Builds: what is seen while they run, which one wins, how they are canceled and repeated."""

from __future__ import annotations

import pytest

from .forms import tar_gz
from .gate import Gate
from .server import Project, Server, names

PYTHON = "def main(context):\n    return context.res.text('{}')\n"
MISSING = (404, "deployment_not_found", "Deployment with the requested ID could not be found.")
NOT_DEPLOYED = (
    404,
    "deployment_not_found",
    "Deployment not found. Create a deployment before trying to execute a function",
)
DONE = (
    400,
    "build_already_completed",
    "Build with the requested ID is already completed and cannot be canceled.",
)


@pytest.fixture
def owner(project: Project) -> Project:
    """A project with the function `f`."""
    project.function()
    return project


def _answer(text: str) -> dict[str, str]:
    return {"main.py": PYTHON.format(text)}


def _begin(owner: Project, gate: Gate) -> str:
    """The id of a deployment whose build will wait at the gate."""
    fields = {"activate": "true", "commands": gate.commands}
    return str(owner.upload("f", tar_gz(_answer("slow")), fields=fields).expect(202)["$id"])


@pytest.mark.parametrize(("era", "active"), [("1.9", "newer"), ("1.6", "slow")])
def test_an_older_build_takes_over_from_a_newer_one_in_1_6_only(
    request: pytest.FixtureRequest, gate: Gate, era: str, active: str
) -> None:
    server: Server = request.getfixturevalue("server" if era == "1.9" else "server_16")
    owner = server.project()
    owner.function()
    older = _begin(owner, gate)
    with gate.reached():
        newer = owner.deploy("f", _answer("newer"), activate="false")["$id"]
        owner.patch("/functions/f/deployment", {"deploymentId": newer}).expect(200)
    assert owner.built("f", older)["status"] == "ready"
    assert owner.execute("f")["responseBody"] == active


def test_a_newer_upload_takes_the_wish_to_be_activated_from_the_older(
    owner: Project, gate: Gate
) -> None:
    older = _begin(owner, gate)
    with gate.reached():
        newer = owner.deploy("f", _answer("newer"))["$id"]
        owner.delete(f"/functions/f/deployments/{newer}").expect(204)
    built = owner.built("f", older)
    assert (built["status"], built["activate"]) == ("ready", False)
    assert owner.get("/functions/f").json["deploymentId"] == ""


def test_a_build_shows_its_state_and_its_log_while_it_runs(owner: Project, gate: Gate) -> None:
    id = _begin(owner, gate)
    with gate.reached():
        seen = owner.get(f"/functions/f/deployments/{id}").expect(200)
        assert seen["status"] == "building"
        assert owner.get("/functions/f").json["latestDeploymentStatus"] == "building"
        assert owner.post("/functions/f/executions", {}).error == NOT_DEPLOYED
    built = owner.built("f", id)
    assert built["status"] == "ready"
    assert "at the gate\n" in built["buildLogs"]
    assert owner.get("/functions/f").json["latestDeploymentStatus"] == "ready"


def test_the_active_deployment_serves_while_another_builds(owner: Project, gate: Gate) -> None:
    owner.deploy("f", _answer("first"))
    id = _begin(owner, gate)
    with gate.reached():
        assert owner.execute("f")["responseBody"] == "first"
    owner.built("f", id)
    assert owner.execute("f")["responseBody"] == "slow"


@pytest.mark.parametrize("route", ["status", "build"])
def test_a_build_can_be_canceled(owner: Project, gate: Gate, route: str) -> None:
    id = _begin(owner, gate)
    with gate.reached():
        canceled = owner.patch(f"/functions/f/deployments/{id}/{route}", {}).expect(200)
        assert canceled["status"] == "canceled"
    owner.built("f", id)
    after = owner.get(f"/functions/f/deployments/{id}").expect(200)
    assert after == canceled
    assert after["buildLogs"].endswith("\x1b[33m Build has been canceled. \x1b[0m\n")
    assert owner.get("/functions/f").json["latestDeploymentStatus"] == "canceled"
    assert owner.post("/functions/f/executions", {}).error == NOT_DEPLOYED
    again = owner.patch(f"/functions/f/deployments/{id}/{route}", {}).expect(200)
    assert again["status"] == "canceled"


def test_the_log_of_1_6_does_not_mention_the_cancel(server_16: Server, gate: Gate) -> None:
    owner = server_16.project()
    owner.function()
    id = _begin(owner, gate)
    with gate.reached():
        canceled = owner.patch(f"/functions/f/deployments/{id}/build", {}).expect(200)
    assert canceled["status"] == "canceled"
    assert canceled["endTime"]
    assert "canceled" not in canceled["buildLogs"]


@pytest.mark.parametrize("old_way", [True, False])
def test_a_rebuild_is_a_new_deployment_with_the_settings_of_now(
    owner: Project, old_way: bool
) -> None:
    first = owner.deploy("f", {"main.py": PYTHON.format("a"), "b.py": PYTHON.format("b")})
    changed = {"name": "f", "execute": ["any"], "entrypoint": "b.py", "commands": "echo again"}
    owner.put("/functions/f", changed).expect(200)
    path = "/functions/f/deployments"
    if old_way:
        assert owner.at("1.6.0").post(f"{path}/{first['$id']}/build", {}).status == 204
    else:
        body = {"deploymentId": first["$id"], "buildId": "ignored"}
        owner.post(f"{path}/duplicate", body).expect(202)
    id = names(owner.get(path).expect(200)["deployments"])[-1]
    copy = owner.built("f", id)
    assert id != first["$id"]
    assert (copy["entrypoint"], copy["type"], copy["activate"]) == ("b.py", "manual", True)
    assert copy["sourceSize"] == first["sourceSize"]
    assert "again\n" in copy["buildLogs"]
    assert owner.execute("f")["responseBody"] == "b"


def test_only_what_was_uploaded_can_be_rebuilt(owner: Project) -> None:
    owner.function("g")
    foreign = owner.deploy("g", _answer("g"))["$id"]
    part = owner.upload("f", b"x", headers={"content-range": "bytes 0-0/9"}).expect(202)["$id"]
    for id in ("nothing", foreign, part):
        body = {"deploymentId": id}
        assert owner.post("/functions/f/deployments/duplicate", body).error == MISSING
        assert owner.post(f"/functions/f/deployments/{id}/build", {}).error == MISSING


def test_a_build_can_be_deleted_while_it_runs(owner: Project, gate: Gate) -> None:
    id = _begin(owner, gate)
    with gate.reached():
        owner.delete(f"/functions/f/deployments/{id}").expect(204)
    assert owner.get(f"/functions/f/deployments/{id}").error == MISSING
    assert owner.deploy("f", _answer("next"))["status"] == "ready"


def test_a_function_can_be_deleted_while_it_builds(owner: Project, gate: Gate) -> None:
    _begin(owner, gate)
    with gate.reached():
        owner.delete("/functions/f").expect(204)
    owner.function()
    assert owner.get("/functions/f/deployments").json["total"] == 0
    assert owner.deploy("f", _answer("next"))["status"] == "ready"
