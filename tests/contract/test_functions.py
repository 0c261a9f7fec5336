"""Functions: what is accepted, what is stored, what a full update resets."""

from __future__ import annotations

import re

import pytest

from .server import Json, Project, names

PYTHON = "def main(context):\n    return context.res.text('done')\n"
SPECIFICATIONS = (
    "Specification must be one of: s-0.5vcpu-512mb, s-1vcpu-512mb, s-1vcpu-1gb, s-2vcpu-2gb, "
    "s-2vcpu-4gb, s-4vcpu-4gb, s-4vcpu-8gb, s-8vcpu-4gb, s-8vcpu-8gb"
)
CUSTOM_ID = (
    "Parameter must contain at most 36 chars. Valid chars are a-z, A-Z, 0-9, period, hyphen, and "
    "underscore. Can't start with a special char"
)
ROLE_LIST = "any, guests, users, user, team, member, label"
VALID = {"functionId": "f", "name": "F", "runtime": "node-22"}


def _text(least: int, most: int) -> str:
    at_least = f" and at least {least} chars" if least else ""
    return f"Value must be a valid string{at_least} and no longer than {most} chars"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("functionId", "", CUSTOM_ID),
        ("functionId", "_f", CUSTOM_ID),
        ("functionId", "a" * 37, CUSTOM_ID),
        ("functionId", "a/b", CUSTOM_ID),
        ("functionId", "a\n", CUSTOM_ID),
        ("functionId", 5, CUSTOM_ID),
        ("name", "", _text(1, 128)),
        ("name", "n" * 129, _text(1, 128)),
        ("name", ["n"], _text(1, 128)),
        ("runtime", "", "Value must be one of (node-14.5,"),
        ("runtime", "Node-22", "Value must be one of (node-14.5,"),
        ("execute", "any", "Roles must be an array of strings."),
        ("execute", ["any"] * 101, "You can only provide up to 100 roles."),
        ("execute", [1], "Every role must be of type string."),
        (
            "execute",
            ["*"],
            'Wildcard role "*" has been replaced. Use "any" instead.',
        ),
        ("execute", ["all"], f'Role "all" is not allowed. Must be one of: {ROLE_LIST}.'),
        ("execute", ["user"], 'Role "user" must have an ID value.'),
        ("execute", ["any:x"], 'Role "any" can not have an ID value.'),
        ("execute", ["guests/x"], 'Role "guests" can not have a dimension value.'),
        (
            "execute",
            ["users/x"],
            'Role "users" dimension value is invalid. Must be one of: verified, unverified.',
        ),
        ("execute", ["users/"], "Dimension must not be empty"),
        ("execute", ["team:a/b/c"], "Only one dimension can be provided"),
        ("events", "users.*", "Value must a valid array no longer than 100 items and Event is not"),
        (
            "events",
            ["nothing"],
            "Value must a valid array no longer than 100 items and Event is not valid.",
        ),
        (
            "events",
            ["functions.*.create"],
            "Value must a valid array no longer than 100 items and Triggering a function on a "
            "function event is not allowed.",
        ),
        ("schedule", "* * * *", "String must be a valid cron expression"),
        ("schedule", "61 * * * *", "String must be a valid cron expression"),
        ("schedule", "0 0 31 2 *", "String must be a valid cron expression"),
        ("timeout", 0, "Value must be a valid range between 1 and 900"),
        ("timeout", 901, "Value must be a valid range between 1 and 900"),
        ("timeout", 1.5, "Value must be a valid range between 1 and 900"),
        ("timeout", "ten", "Value must be a valid range between 1 and 900"),
        ("enabled", "true", "Value must be a valid boolean"),
        ("enabled", 1, "Value must be a valid boolean"),
        ("logging", "no", "Value must be a valid boolean"),
        ("entrypoint", "e" * 1029, _text(0, 1028)),
        ("commands", "c" * 8193, _text(0, 8192)),
        (
            "scopes",
            ["nothing.read"],
            "Value must a valid array no longer than 100 items and Value must be one of (",
        ),
        ("scopes", {"a": 1}, "Value must a valid array no longer than 100 items and"),
        ("installationId", "i" * 129, _text(0, 128)),
        ("providerRootDirectory", 1, _text(0, 128)),
        ("providerSilentMode", "yes", "Value must be a valid boolean"),
        ("providerBranches", [""], f"Value must a valid array no longer than 100 items and "
         f"{_text(1, 128)}"),
        ("specification", "", SPECIFICATIONS),
        ("specification", "s-9vcpu-9gb", SPECIFICATIONS),
        ("buildSpecification", "huge", SPECIFICATIONS),
        ("runtimeSpecification", "huge", SPECIFICATIONS),
        ("deploymentRetention", -1, "Value must be a valid range between 0 and 36,500"),
        ("deploymentRetention", 36501, "Value must be a valid range between 0 and 36,500"),
    ],
)  # fmt: skip
def test_create_refuses_what_is_invalid(
    project: Project, name: str, value: Json, text: str
) -> None:
    status, type, message = project.post("/functions", {**VALID, name: value}).error
    assert (status, type) == (400, "general_argument_invalid")
    assert message.startswith(f"Invalid `{name}` param: {text}")
    assert project.get("/functions").json["total"] == 0


@pytest.mark.parametrize("name", ["functionId", "name", "runtime"])
@pytest.mark.parametrize("how", ["absent", "null"])
def test_create_needs_three_parameters(project: Project, name: str, how: str) -> None:
    body: Json = dict(VALID)
    body[name] = None
    if how == "absent":
        del body[name]
    error = project.post("/functions", body).error
    assert error == (400, "general_argument_invalid", f'Param "{name}" is not optional.')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "n" * 128),
        ("runtime", "python-3.12"),
        ("runtime", "swift-5.9"),
        (
            "execute",
            ["any", "users/verified", "user:u", "team:t/owner", "label:x", "any"],
        ),
        ("events", ["users.*", "users.*.create", "buckets.*.files.*.delete"]),
        ("schedule", "*/5 * * * *"),
        ("timeout", 900),
        ("enabled", False),
        ("logging", False),
        ("entrypoint", "src/main.js"),
        ("commands", "npm ci && npm test"),
        ("scopes", ["users.read", "executions.write", "execution.write"]),
        ("providerBranches", ["main", "release/*"]),
        ("buildSpecification", "s-4vcpu-4gb"),
        ("runtimeSpecification", "s-0.5vcpu-512mb"),
        ("deploymentRetention", 30),
    ],
)
def test_create_stores_what_is_given(project: Project, name: str, value: Json) -> None:
    made = project.post("/functions", {**VALID, name: value}).expect(201)
    assert made[name] == value
    assert project.get("/functions/f").expect(200) == made


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


@pytest.mark.parametrize(
    ("format", "type"),
    [("1.9.0", "function_already_exists"), (None, "function_already_exists"),
     ("1.6.0", "document_already_exists")],
)  # fmt: skip
def test_an_id_is_taken_only_once(project: Project, format: str | None, type: str) -> None:
    project.function()
    assert project.at(format).post("/functions", VALID).error[:2] == (409, type)


def test_projects_are_name_spaces(project: Project) -> None:
    project.function()
    other = project.server.project()
    assert other.get("/functions/f").error[1] == "function_not_found"
    other.function()
    other.delete("/functions/f").expect(204)
    assert project.get("/functions/f").status == 200


def test_a_repository_needs_its_installation(project: Project) -> None:
    error = project.post("/functions", {**VALID, "providerRepositoryId": "r"}).error
    assert error == (
        400,
        "general_argument_invalid",
        'When connecting to VCS (Version Control System), you need to provide "installationId" and '
        '"providerBranch".',
    )
    unknown = {**VALID, "installationId": "i", "providerRepositoryId": "r", "providerBranch": "b"}
    assert project.post("/functions", unknown).error[:2] == (404, "installation_not_found")


def test_one_specification_sets_both(project: Project) -> None:
    old = project.at("1.8.0")
    made = old.post("/functions", {**VALID, "specification": "s-2vcpu-2gb"}).expect(201)
    assert made["specification"] == "s-2vcpu-2gb"
    seen = project.get("/functions/f").expect(200)
    assert (seen["buildSpecification"], seen["runtimeSpecification"]) == ("s-2vcpu-2gb",) * 2


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


def test_update_checks_like_create_but_needs_the_name_only(project: Project) -> None:
    project.function()
    message = 'Param "name" is not optional.'
    assert project.put("/functions/f", {}).error[2] == message
    error = project.put("/functions/f", {"name": "F", "runtime": ""}).error
    assert error[2].startswith("Invalid `runtime` param: Value must be one of (")
    error = project.put("/functions/f", {"name": "F", "timeout": 0}).error
    assert error[2].startswith("Invalid `timeout` param: ")
    assert project.put("/functions/nothing", {"name": "F"}).error[1] == "function_not_found"


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


@pytest.mark.parametrize("term", ["", "s" * 257])
def test_search_needs_a_text(project: Project, term: str) -> None:
    assert project.get("/functions", search=term).error == (
        400,
        "general_argument_invalid",
        "Invalid `search` param: Value must be a valid string and at least 1 chars and no longer "
        "than 256 chars",
    )


@pytest.mark.parametrize(
    ("text", "total"),
    [("false", 0), ("0", 0), ("true", 2), ("1", 2)],
)
def test_counting_can_be_left_out(project: Project, text: str, total: int) -> None:
    project.function("a")
    project.function("b")
    listed = project.get("/functions", total=text).expect(200)
    assert (listed["total"], len(listed["functions"])) == (total, 2)


@pytest.mark.parametrize("text", ["no", "True", ""])
def test_counting_is_a_boolean(project: Project, text: str) -> None:
    error = project.get("/functions", total=text).error
    assert error[2] == "Invalid `total` param: Value must be a valid boolean"


def test_runtimes_and_specifications_are_those_of_the_era(either: Project) -> None:
    runtimes = either.get("/functions/runtimes").expect(200)
    is_16 = either.server.emulator.config.appwrite == "1.6"
    assert runtimes["total"] == len(runtimes["runtimes"]) == (59 if is_16 else 94)
    node = next(each for each in runtimes["runtimes"] if each["$id"] == "node-22")
    assert node["image"].startswith("openruntimes/node:v4-" if is_16 else "openruntimes/node:v5-")
    assert either.get("/functions/specifications").expect(200)["total"] == 9
    assert either.guest.get("/functions/runtimes").status == 200
    assert either.guest.get("/functions/specifications").status == 401
