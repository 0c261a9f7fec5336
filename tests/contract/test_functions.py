"""Functions: what is accepted, what is stored, what a full update resets."""

from __future__ import annotations

import re

import pytest

from .server import Json, Project, names

PYTHON = "def main(context):\n    return context.res.text('done')\n"
VALID = {"functionId": "f", "name": "F", "runtime": "node-22"}


@pytest.mark.parametrize("name", ["functionId", "name", "runtime"])
@pytest.mark.parametrize("how", ["absent", "null"])
def test_create_needs_three_parameters(project: Project, name: str, how: str) -> None:
    body: Json = dict(VALID)
    body[name] = None
    if how == "absent":
        del body[name]
    error = project.post("/functions", body).error
    assert error == (400, "general_argument_invalid", f'Param "{name}" is not optional.')


def test_a_new_function_has_the_defaults_of_its_era(either: Project) -> None:
    made = either.post("/functions", VALID).expect(201)
    is_16 = either.server.emulator.config.appwrite == "1.6"
    defaults = {
        "execute": [], "enabled": True, "live": True, "logging": True, "scopes": [], "vars": [],
        "events": [], "schedule": "", "timeout": 15, "entrypoint": "", "commands": "",
        "version": "v4" if is_16 else "v5", "installationId": "", "providerSilentMode": False,
    }  # fmt: skip
    assert {name: made[name] for name in defaults} == defaults
    if is_16:
        assert (made["deployment"], made["specification"]) == ("", "s-1vcpu-512mb")
    else:
        assert made["runtimeSpecification"] == made["buildSpecification"] == "s-8vcpu-8gb"
        assert made["deploymentId"] == made["latestDeploymentStatus"] == ""


def test_unique_makes_an_id_of_twenty_hex_digits(project: Project) -> None:
    made = project.post("/functions", {**VALID, "functionId": "unique()"}).expect(201)
    assert re.fullmatch("[0-9a-f]{20}", made["$id"])


def test_projects_are_name_spaces(project: Project) -> None:
    project.function()
    other = project.server.project()
    assert other.get("/functions/f").error[1] == "function_not_found"
    other.function()
    other.delete("/functions/f").expect(204)
    assert project.get("/functions/f").status == 200


def test_one_specification_sets_both(project: Project) -> None:
    old = project.at("1.8.0")
    made = old.post("/functions", {**VALID, "specification": "s-2vcpu-2gb"}).expect(201)
    assert made["specification"] == "s-2vcpu-2gb"
    seen = project.get("/functions/f").expect(200)
    assert (seen["buildSpecification"], seen["runtimeSpecification"]) == ("s-2vcpu-2gb",) * 2


def test_clients_from_before_1_4_are_told_when_a_function_runs(project: Project) -> None:
    project.function(schedule="0 0 1 1 *")
    seen = project.at("1.3.0").get("/functions/f").expect(200)
    year = project.server.emulator.services.ground.clock.now().year
    assert seen["schedulePrevious"] == f"{year}-01-01T00:00:00.000+00:00"
    assert seen["scheduleNext"] == f"{year + 1}-01-01T00:00:00.000+00:00"


def test_update_resets_what_is_not_given(project: Project) -> None:
    project.post(
        "/functions",
        {
            **VALID, "execute": ["any"], "events": ["users.*"], "schedule": "0 0 * * *",
            "timeout": 60, "enabled": False, "logging": False, "entrypoint": "a.js",
            "commands": "npm i", "scopes": ["users.read"], "deploymentRetention": 7,
            "runtimeSpecification": "s-1vcpu-1gb", "buildSpecification": "s-2vcpu-2gb",
            "providerBranches": ["main"], "providerPaths": ["src/**"],
        },
    ).expect(201)  # fmt: skip
    changed = project.put("/functions/f", {"name": "F"}).expect(200)
    expected = {
        "execute": [], "events": [], "schedule": "", "timeout": 15, "enabled": True,
        "logging": True, "commands": "", "scopes": [], "deploymentRetention": 0,
        "runtime": "node-22", "entrypoint": "a.js", "providerBranches": ["main"],
        "providerPaths": ["src/**"], "runtimeSpecification": "s-1vcpu-1gb",
        "buildSpecification": "s-2vcpu-2gb",
    }  # fmt: skip
    assert {name: changed[name] for name in expected} == expected
    assert project.get("/functions/f").expect(200) == changed


@pytest.mark.parametrize(
    ("changes", "live"),
    [
        ({}, True),
        ({"timeout": 30}, True),
        ({"execute": ["users"]}, True),
        ({"specification": "s-2vcpu-2gb"}, True),
        ({"scopes": ["users.read"], "events": ["users.*"], "schedule": "0 0 * * *"}, True),
        ({"enabled": False, "logging": False}, True),
        ({"name": "Other"}, False),
        ({"entrypoint": "b.py"}, False),
        ({"entrypoint": ""}, True),
        ({"commands": "true"}, False),
        ({"providerRootDirectory": "x"}, False),
        ({"runtime": "node-22"}, False),
    ],
)
def test_live_tells_whether_settings_differ_from_the_deployment(
    project: Project, changes: Json, live: bool
) -> None:
    project.function(name="F")
    same = {"name": "F"}
    assert project.put("/functions/f", {**same, **changes}).expect(200)["live"] is live


def test_an_update_without_differences_makes_live_true_again(project: Project) -> None:
    project.function(name="F")
    project.post("/functions/f/variables", {"key": "K", "value": "v"}).expect(201)
    assert project.get("/functions/f").json["live"] is False
    assert project.put("/functions/f", {"name": "F"}).expect(200)["live"] is True


def test_delete_takes_everything_along(project: Project) -> None:
    project.function()
    project.post("/functions/f/variables", {"variableId": "v", "key": "K", "value": "v"})
    deployment = project.deploy("f", {"main.py": PYTHON})["$id"]
    execution = project.execute("f")["$id"]
    reply = project.delete("/functions/f")
    assert (reply.status, reply.body) == (204, b"")
    children = ("variables/v", f"deployments/{deployment}", f"executions/{execution}")
    for path in ("", *(f"/{child}" for child in children)):
        assert project.get(f"/functions/f{path}").error[1] == "function_not_found"
    project.function()
    for kind in ("variables", "deployments", "executions"):
        assert project.get(f"/functions/f/{kind}").json == {"total": 0, kind: []}
    for child in children:
        assert project.get(f"/functions/f/{child}").status == 404
    assert project.delete("/functions/g").error[1] == "function_not_found"


def test_functions_are_listed_in_the_order_of_their_creation(project: Project) -> None:
    for id in ("c", "a", "b"):
        project.function(id)
    listed = project.get("/functions").expect(200)
    assert (listed["total"], names(listed["functions"])) == (3, ["c", "a", "b"])


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("first", ["first"]),
        ("Alpha", ["first"]),
        ("alp", ["first"]),
        ("php-8.0", ["second"]),
        ("alpha beta", ["first", "second"]),
        ('"Beta Two"', ["second"]),
        ("lpha", []),
        ("@+-*", []),
    ],
)
def test_search_finds_words_of_id_name_and_runtime(
    project: Project, term: str, found: list[str]
) -> None:
    project.function("first", name="Alpha One")
    project.function("second", name="Beta Two", runtime="php-8.0")
    listed = project.get("/functions", search=term).expect(200)
    assert names(listed["functions"]) == found
    assert listed["total"] == len(found)


@pytest.mark.parametrize(
    ("text", "total"),
    [("false", 0), ("0", 0), ("true", 2), ("1", 2)],
)
def test_counting_can_be_left_out(project: Project, text: str, total: int) -> None:
    project.function("a")
    project.function("b")
    listed = project.get("/functions", total=text).expect(200)
    assert (listed["total"], len(listed["functions"])) == (total, 2)


def test_runtimes_and_specifications_are_those_of_the_era(either: Project) -> None:
    runtimes = either.get("/functions/runtimes").expect(200)
    is_16 = either.server.emulator.config.appwrite == "1.6"
    assert runtimes["total"] == len(runtimes["runtimes"]) == (59 if is_16 else 94)
    node = next(each for each in runtimes["runtimes"] if each["$id"] == "node-22")
    assert node["image"].startswith("openruntimes/node:v4-" if is_16 else "openruntimes/node:v5-")
    assert either.get("/functions/specifications").expect(200)["total"] == 9
    assert either.guest.get("/functions/runtimes").status == 200
    assert either.guest.get("/functions/specifications").status == 401
