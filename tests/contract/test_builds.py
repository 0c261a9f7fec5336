"""Builds: what is seen while they run, which one wins, how they are canceled and repeated."""

from __future__ import annotations

import re

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


@pytest.mark.parametrize(
    ("format", "way", "status"),
    [("1.6.0", "{}/build", 204), ("1.6.0", "{}/builds/b", 204), ("1.6.0", "duplicate", 202),
     ("1.7.0", "{}/build", 202), (None, "{}/builds/b", 202), (None, "duplicate", 202)],
)  # fmt: skip
def test_a_rebuild_is_a_new_deployment_with_the_settings_of_now(
    owner: Project, format: str | None, way: str, status: int
) -> None:
    first = owner.deploy("f", {"main.py": PYTHON.format("a"), "b.py": PYTHON.format("b")})
    changed = {"name": "f", "execute": ["any"], "entrypoint": "b.py", "commands": "echo again"}
    owner.put("/functions/f", changed).expect(200)
    path = "/functions/f/deployments"
    body = {"deploymentId": first["$id"], "buildId": "ignored"}
    sent = owner.at(format).post(f"{path}/{way.format(first['$id'])}", body).expect(status)
    id = names(owner.get(path).expect(200)["deployments"])[-1]
    assert sent is None or sent["$id"] == id
    copy = owner.built("f", id)
    assert id != first["$id"]
    assert (copy["entrypoint"], copy["type"], copy["activate"]) == ("b.py", "manual", True)
    assert copy["sourceSize"] == first["sourceSize"]
    assert "again\n" in copy["buildLogs"]
    assert owner.execute("f")["responseBody"] == "b"


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


def test_a_rebuild_does_not_know_an_entrypoint_that_only_the_deployment_had(
    project: Project,
) -> None:
    project.function(entrypoint="")
    first = project.deploy("f", _answer("own"), entrypoint="main.py")
    assert project.execute("f")["responseBody"] == "own"
    body = {"deploymentId": first["$id"]}
    sent = project.post("/functions/f/deployments/duplicate", body).expect(202)
    assert (sent["entrypoint"], project.built("f", sent["$id"])["status"]) == ("", "ready")
    assert project.execute("f")["status"] == "failed"


@pytest.mark.parametrize("commands", ["", "echo in between"])
def test_the_log_of_a_build_is_framed_in_the_words_of_its_era(
    either: Project, commands: str
) -> None:
    either.function()
    logs = either.deploy("f", _answer("x"), commands=commands)["buildLogs"]
    if either.server.emulator.config.appwrite == "1.6":
        said = ["in between"] if commands else []
        frame = ["Preparing for build ...", "Building ...", *said, "Packing build ..."]
        assert logs.splitlines() == [*frame, "Build finished."]
        return
    plain = re.sub(r"\x1b\[\d+m", "", logs).splitlines()
    texts = [re.sub(r"^\[\d\d:\d\d:\d\d\] ", "", line).rstrip() for line in plain]
    commanded = [
        "[open-runtimes] Build command execution started.", "in between",
        "[open-runtimes] Build command execution finished.",
    ]  # fmt: skip
    assert texts == [
        "[open-runtimes] Environment preparation started.",
        "[open-runtimes] Environment preparation finished.",
        *(commanded if commands else []),
        "[open-runtimes] Build packaging started.",
        "[open-runtimes] Build packaging finished.",
        "[open-runtimes] Build finished.",
        "[appwrite] Deployment finished.",
    ]
