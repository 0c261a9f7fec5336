"""Deployments: checks in order, builds from waiting to their end, activation, deletion."""

from __future__ import annotations

import pytest

from .forms import form, multipart_type, tar_gz
from .server import Json, Project, Server, names

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


def test_then_the_function_the_entrypoint_the_file_and_its_name(hasty: Server) -> None:
    project = hasty.project()
    path, fields = "/functions/f/deployments", {"activate": "true"}
    headers = {"content-type": multipart_type(), "content-range": "nonsense"}

    def send(files: dict[str, tuple[str, bytes]], **changed: str) -> tuple[int, str, str]:
        body = form(fields, files)
        return project.call("POST", path, body=body, headers={**headers, **changed}).error

    assert send({})[1] == "function_not_found"
    project.post("/functions", {"functionId": "f", "name": "F", "runtime": "python-3.12"})
    assert send({}) == (
        404,
        "function_entrypoint_missing",
        "Entrypoint for your Appwrite Function is missing. Please specify it when making "
        'deployment or update the entrypoint under your function\'s "Settings" > '
        '"Configuration" > "Entrypoint".',
    )
    fields["entrypoint"] = "main.py"
    assert send({}) == (400, "storage_file_empty", "No file sent")
    wrong = (400, "storage_file_type_unsupported", "The given file extension is not supported.")
    for name in ("code.zip", "code", "gz.tar", ""):
        assert send({"code": (name, b"x" * 200_000)}) == wrong
    big = {"code": ("code.tar.GZ", b"x" * 100_001)}
    for text in ("nonsense", "bytes 5-4/9", "bytes 0-10/9", "bytes 0-1", "bytes a-b/c"):
        assert send(big, **{"content-range": text}) == (
            400,
            "storage_invalid_content_range",
            "The content range is invalid. Please check the value of the Content-Range header.",
        )
    too_big = (
        400,
        "storage_invalid_file_size",
        "The file size is either not valid or exceeds the maximum allowed size. Please check the "
        "file or the value of the _APP_STORAGE_LIMIT environment variable.",
    )
    assert send(big, **{"content-range": ""}) == too_big
    assert send({"code": ("c.gz", b"ab")}, **{"content-range": "bytes 0-1/100001"}) == too_big
    assert project.get(path).json["total"] == 0


@pytest.mark.parametrize(
    ("text", "activate"), [("true", True), ("1", True), ("false", False), ("0", False)]
)
def test_a_deployment_starts_out_waiting(owner: Project, text: str, activate: bool) -> None:
    archive = tar_gz(_answer("hi"))
    fields = {"activate": text, "commands": "true"}
    made = owner.upload("f", archive, fields=fields).expect(202)
    expected = {
        "type": "manual", "resourceId": "f", "resourceType": "functions", "entrypoint": "main.py",
        "sourceSize": len(archive), "totalSize": len(archive), "buildSize": 0,
        "activate": activate, "status": "waiting", "buildLogs": "", "buildDuration": 0,
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    assert "chunksTotal" not in made
    built = owner.built("f", made["$id"])
    assert built["status"] == "ready"
    assert built["buildSize"] > 0
    assert built["totalSize"] == built["sourceSize"] + built["buildSize"]
    assert built["buildId"] == ""
    old = owner.at("1.6.0").get(f"/functions/f/deployments/{made['$id']}").expect(200)
    assert (len(old["buildId"]), old["size"]) == (20, len(archive))


def test_the_type_tells_the_command_line_from_others(owner: Project) -> None:
    sent = owner.upload("f", tar_gz(_answer("hi")), headers={"x-sdk-language": "cli"}).expect(202)
    assert sent["type"] == "cli"
    owner.built("f", sent["$id"])


def test_the_first_file_is_the_code_when_none_is_called_so(owner: Project) -> None:
    files = {"upload": ("x.tar.gz", tar_gz(_answer("first"))), "other": ("y.zip", b"")}
    headers = {"content-type": multipart_type()}
    body = form({"activate": "true"}, files)
    sent = owner.call("POST", "/functions/f/deployments", body=body, headers=headers).expect(202)
    assert owner.built("f", sent["$id"])["status"] == "ready"
    assert owner.execute("f")["responseBody"] == "first"


def test_a_ready_deployment_that_asked_for_it_is_active(owner: Project) -> None:
    kept = owner.deploy("f", _answer("first"), activate="false")
    function = owner.get("/functions/f").json
    assert (function["deploymentId"], function["latestDeploymentId"]) == ("", kept["$id"])
    assert owner.post("/functions/f/executions", {}).error == NOT_DEPLOYED
    active = owner.deploy("f", _answer("second"))
    function = owner.get("/functions/f").json
    assert function["deploymentId"] == function["latestDeploymentId"] == active["$id"]
    assert function["deploymentCreatedAt"] == active["$createdAt"]
    assert function["latestDeploymentStatus"] == "ready"
    assert owner.execute("f")["responseBody"] == "second"


def test_activation_makes_a_function_live(owner: Project) -> None:
    owner.post("/functions/f/variables", {"key": "K", "value": "v"}).expect(201)
    owner.deploy("f", _answer("hi"))
    assert owner.get("/functions/f").json["live"] is True


def test_activation_by_hand_does_not_make_a_function_live(owner: Project) -> None:
    id = owner.deploy("f", _answer("hi"))["$id"]
    owner.post("/functions/f/variables", {"key": "K", "value": "v"}).expect(201)
    assert owner.patch("/functions/f/deployment", {"deploymentId": id}).expect(200)["live"] is False


def test_only_the_last_one_that_asked_keeps_asking(owner: Project) -> None:
    first = owner.deploy("f", _answer("first"))
    second = owner.deploy("f", _answer("second"))
    flags = {
        each["$id"]: each["activate"]
        for each in owner.get("/functions/f/deployments").json["deployments"]
    }
    assert flags == {first["$id"]: False, second["$id"]: True}


@pytest.mark.parametrize("old_way", [True, False])
def test_any_ready_deployment_can_be_activated(owner: Project, old_way: bool) -> None:
    first = owner.deploy("f", _answer("first"))["$id"]
    owner.deploy("f", _answer("second"))
    if old_way:
        reply = owner.patch(f"/functions/f/deployments/{first}", {})
    else:
        reply = owner.patch("/functions/f/deployment", {"deploymentId": first})
    assert reply.expect(200)["deploymentId"] == first
    assert owner.execute("f")["responseBody"] == "first"


def test_deleting_the_active_deployment_leaves_the_function_without(owner: Project) -> None:
    first = owner.deploy("f", _answer("first"))["$id"]
    second = owner.deploy("f", _answer("second"))["$id"]
    reply = owner.delete(f"/functions/f/deployments/{second}")
    assert (reply.status, reply.body) == (204, b"")
    function = owner.get("/functions/f").json
    assert function["deploymentId"] == function["deploymentCreatedAt"] == ""
    assert (function["latestDeploymentId"], function["latestDeploymentStatus"]) == (first, "ready")
    assert owner.post("/functions/f/executions", {}).error == NOT_DEPLOYED
    assert owner.get(f"/functions/f/deployments/{second}").error == MISSING
    assert owner.delete(f"/functions/f/deployments/{second}").error == MISSING
    owner.delete(f"/functions/f/deployments/{first}").expect(204)
    assert owner.get("/functions/f").json["latestDeploymentId"] == ""


def test_deleting_another_deployment_leaves_the_active_one(owner: Project) -> None:
    first = owner.deploy("f", _answer("first"))["$id"]
    second = owner.deploy("f", _answer("second"))["$id"]
    owner.delete(f"/functions/f/deployments/{first}").expect(204)
    assert owner.get("/functions/f").json["deploymentId"] == second
    assert owner.execute("f")["responseBody"] == "second"


def test_deployments_are_found_by_their_fields(owner: Project) -> None:
    first = owner.deploy("f", _answer("first"))["$id"]
    second = owner.deploy("f", {}, activate="false")["$id"]
    path = "/functions/f/deployments"

    def found(query: Json) -> list[str]:
        return names(owner.get(path, query).expect(200)["deployments"])

    assert found({"method": "equal", "attribute": "status", "values": ["ready"]}) == [first]
    assert found({"method": "equal", "attribute": "activate", "values": [False]}) == [second]
    assert found({"method": "greaterThan", "attribute": "size", "values": [1]}) == [first, second]
    assert found({"method": "orderDesc"}) == [second, first]
    assert names(owner.get(path, search=second).json["deployments"]) == [second]
    assert names(owner.get(path, search="main.py").json["deployments"]) == [first, second]
    assert names(owner.get(path, search="nothing").json["deployments"]) == []
    assert owner.get(path, total="false").json["total"] == 0


@pytest.mark.parametrize("path", ["duplicate", "d/build"])
def test_a_build_that_is_named_has_an_id_of_at_most_36_characters(own: Project, path: str) -> None:
    deployment = own.get("/functions/f/deployments").expect(200)["deployments"][0]["$id"]
    path = f"/functions/f/deployments/{path}".replace("d/build", f"{deployment}/build")
    for id in ("", "b", "x" * 36):
        own.post(path, {"deploymentId": deployment, "buildId": id}).expect(202)
    for wrong in ("x" * 37, "ä" * 37):
        error = own.post(path, {"deploymentId": deployment, "buildId": wrong}).error
        assert error[2].startswith("Invalid `buildId` param: Value must be a valid string")
