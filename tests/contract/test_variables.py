"""Variables: ids, keys, values and secrets, by the rules of each era."""

from __future__ import annotations

import pytest

from .server import Json, Project, names

OLD, NEW = "1.6.0", "1.9.5"
TAKEN = (
    409,
    "variable_already_exists",
    "Variable with the same ID already exists in this project. Try again with a different ID.",
)
MISSING = (404, "variable_not_found", "Variable with the requested ID could not be found.")


@pytest.fixture
def owner(project: Project) -> Project:
    """A project with the functions `f` and `g`."""
    project.function("f")
    project.function("g")
    return project


def _add(caller: Project, id: str = "v", **given: Json) -> Json:
    body = {"variableId": id, "key": id.upper(), "value": "v", **given}
    return caller.post("/functions/f/variables", body).expect(201)


def test_a_variable_belongs_to_its_function(owner: Project) -> None:
    made = _add(owner, secret=False)
    assert (made["resourceType"], made["resourceId"]) == ("function", "f")
    assert owner.get("/functions/f/variables/v").expect(200) == made
    assert owner.get("/functions/g/variables/v").error == MISSING
    assert owner.put("/functions/g/variables/v", {"key": "X"}).error == MISSING
    assert owner.delete("/functions/g/variables/v").error == MISSING
    assert owner.get("/functions/f").json["vars"] == [made]


def test_a_key_is_taken_only_once_in_a_function(owner: Project) -> None:
    _add(owner)
    again = {"key": "V", "value": "w"}
    assert owner.post("/functions/f/variables", again).error == TAKEN
    assert owner.post("/functions/g/variables", again).expect(201)["key"] == "V"
    _add(owner, "w")
    assert owner.put("/functions/f/variables/w", {"key": "V"}).error == TAKEN
    assert owner.put("/functions/f/variables/w", {"key": "W", "value": "2"}).status == 200


def test_an_id_is_taken_only_once_in_a_project(owner: Project) -> None:
    _add(owner)
    other = {"variableId": "v", "key": "OTHER", "value": "w"}
    assert owner.post("/functions/g/variables", other).error == TAKEN
    elsewhere = owner.server.project()
    elsewhere.function()
    _add(elsewhere)


@pytest.mark.parametrize(
    ("format", "given", "secret"),
    [
        (NEW, {}, True),
        (None, {}, True),
        ("1.7.0", {}, True),
        (NEW, {"secret": False}, False),
        (OLD, {}, False),
        (OLD, {"secret": True}, False),
    ],
)
def test_secrecy_is_the_default_since_1_7(
    owner: Project, format: str | None, given: Json, secret: bool
) -> None:
    made = _add(owner.at(format), **given)
    assert made["value"] == ("" if secret else "v")
    assert owner.get("/functions/f/variables/v").json["secret"] is secret


def test_a_secret_value_is_never_shown(owner: Project) -> None:
    for format in (None, OLD, NEW, "2.5.0"):
        caller = owner.at(format)
        if format is None:
            assert _add(caller, secret=True)["value"] == ""
        changed = caller.put("/functions/f/variables/v", {"key": "K", "value": "deep"}).expect(200)
        listed = caller.get("/functions/f/variables").json["variables"]
        nested = caller.get("/functions/f").json["vars"]
        shown = [changed, caller.get("/functions/f/variables/v").json, *listed, *nested]
        assert [each["value"] for each in shown] == [""] * 4


def test_secrecy_can_be_set_but_not_taken_back(owner: Project) -> None:
    _add(owner, secret=False)
    assert owner.put("/functions/f/variables/v", {"secret": True}).expect(200)["value"] == ""
    assert owner.get("/functions/f/variables/v").json["value"] == ""
    assert owner.put("/functions/f/variables/v", {"secret": False}).error == (
        400,
        "variable_cannot_unset_secret",
        "Secret variables cannot be marked as non-secret. Please re-create the variable if this is "
        "your intention.",
    )


@pytest.mark.parametrize("body", [{}, {"key": None, "value": None, "secret": None}])
def test_an_update_must_change_something(owner: Project, body: Json) -> None:
    _add(owner)
    assert owner.put("/functions/f/variables/v", body).error[:2] == (
        400,
        "general_argument_invalid",
    )


@pytest.mark.parametrize(
    ("body", "key", "value"),
    [
        ({"value": "new"}, "V", "new"),
        ({"key": "NEW"}, "NEW", "v"),
        ({"key": "NEW", "value": ""}, "NEW", ""),
        ({"secret": False}, "V", "v"),
    ],
)
def test_an_update_keeps_what_is_not_given(
    owner: Project, body: Json, key: str, value: str
) -> None:
    _add(owner, secret=False)
    changed = owner.put("/functions/f/variables/v", body).expect(200)
    assert (changed["key"], changed["value"]) == (key, value)


def test_a_1_6_update_with_the_key_alone_keeps_the_value(owner: Project) -> None:
    old = owner.at(OLD)
    _add(old)
    changed = old.put("/functions/f/variables/v", {"key": "NEW"}).expect(200)
    assert (changed["key"], changed["value"]) == ("NEW", "v")


def test_the_1_6_server_needs_no_header_for_its_rules(either: Project) -> None:
    either.function()
    is_16 = either.server.emulator.config.appwrite == "1.6"
    made = _add(either)
    assert made["value"] == ("v" if is_16 else "")
    assert either.put("/functions/f/variables/v", {"value": "w"}).status == (400 if is_16 else 200)


def test_a_deleted_variable_is_gone(owner: Project) -> None:
    _add(owner)
    reply = owner.delete("/functions/f/variables/v")
    assert (reply.status, reply.body) == (204, b"")
    assert owner.get("/functions/f/variables").json == {"total": 0, "variables": []}
    for reply in (
        owner.get("/functions/f/variables/v"),
        owner.put("/functions/f/variables/v", {"key": "K"}),
        owner.delete("/functions/f/variables/v"),
    ):
        assert reply.error == MISSING


def test_every_change_makes_the_function_stale(owner: Project) -> None:
    def is_live() -> bool:
        live = owner.get("/functions/f").json["live"]
        owner.put("/functions/f", {"name": "f", "entrypoint": "main.py"}).expect(200)
        return bool(live)

    _add(owner)
    assert not is_live()
    owner.put("/functions/f/variables/v", {"value": "w"}).expect(200)
    assert not is_live()
    owner.delete("/functions/f/variables/v").expect(204)
    assert not is_live()


def test_a_list_has_25_and_1_6_clients_get_all(owner: Project) -> None:
    for number in range(30):
        _add(owner, f"v{number:02}")
    everything = [f"v{number:02}" for number in range(30)]
    listed = owner.get("/functions/f/variables").expect(200)
    assert (listed["total"], names(listed["variables"])) == (30, everything[:25])
    assert names(owner.at(OLD).get("/functions/f/variables").json["variables"]) == everything


def test_a_list_can_be_paged_filtered_and_left_uncounted(owner: Project) -> None:
    _add(owner, "a", secret=False)
    _add(owner, "b")
    _add(owner, "c")
    path = "/functions/f/variables"
    uncounted = owner.get(path, total="false").expect(200)
    assert (uncounted["total"], len(uncounted["variables"])) == (0, 3)
    first = owner.get(path, {"method": "limit", "values": [1]}).json["variables"]
    after = {"method": "cursorAfter", "values": [first[0]["$id"]]}
    page = owner.get(path, {"method": "limit", "values": [1]}, after).json
    assert names(page["variables"]) == ["b"]
    by_key = {"method": "equal", "attribute": "key", "values": ["C"]}
    assert names(owner.get(path, by_key).json["variables"]) == ["c"]
    secret = {"method": "equal", "attribute": "secret", "values": [True]}
    assert names(owner.get(path, secret).json["variables"]) == ["b", "c"]
    unknown = {"method": "cursorAfter", "values": ["nothing"]}
    assert owner.get(path, unknown).error == (
        400,
        "general_cursor_not_found",
        "Variable 'nothing' for the 'cursor' value not found.",
    )


def test_functions_see_secrets_and_what_is_changed(owner: Project) -> None:
    code = "import os\ndef main(c):\n    return c.res.text(os.environ.get('V', 'none'))\n"
    _add(owner, value="deep", secret=True)
    owner.deploy("f", {"main.py": code})
    assert owner.execute("f")["responseBody"] == "deep"
    owner.put("/functions/f/variables/v", {"value": "deeper"}).expect(200)
    assert owner.execute("f")["responseBody"] == "deeper"
    owner.delete("/functions/f/variables/v").expect(204)
    assert owner.execute("f")["responseBody"] == "none"


def test_the_names_of_the_platform_are_accepted_but_do_not_win(owner: Project) -> None:
    code = "import os\ndef main(c):\n    return c.res.text(os.environ['APPWRITE_FUNCTION_ID'])\n"
    _add(owner, key="APPWRITE_FUNCTION_ID", value="mine", secret=False)
    owner.deploy("f", {"main.py": code})
    assert owner.execute("f")["responseBody"] == "f"
