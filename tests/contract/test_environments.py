"""`/_emulator/variables`: what a function gets, and where each variable comes from."""

from __future__ import annotations

from pathlib import Path

from appwrite_emulator.project_file import Entry

from .server import Json, Project

CODE = {"main.py": "def main(c):\n    return c.res.empty()\n"}


def _told(project: Project, **params: str) -> Json:
    query = "&".join(f"{name}={value}" for name, value in params.items())
    target = f"/_emulator/variables?project={project.id}&{query}"
    return project.server.call("GET", target).json


def _row(told: Json, key: str) -> Json:
    (row,) = [row for row in told["variables"] if row["key"] == key]
    return row


def _set(project: Project, key: str, value: str, **more: Json) -> None:
    given = {"key": key, "value": value, "secret": False, **more}
    project.post("/functions/f/variables", given).expect(201)


def test_all_variables_of_a_function_are_told_with_their_source(project: Project) -> None:
    project.function()
    _set(project, "COLOUR", "red")
    _set(project, "APPWRITE_FUNCTION_NAME", "mine")
    _set(project, "OPEN_RUNTIMES_ENV", "development")
    id = project.deploy("f", CODE)["$id"]
    told = _told(project, function="f")
    assert (told["project"], told["functionId"], told["deploymentId"]) == (project.id, "f", id)
    assert told["total"] == len(told["variables"])
    assert _row(told, "COLOUR") == {
        "key": "COLOUR", "value": "red", "secret": False, "source": "stored", "hides": [],
    }  # fmt: skip
    name = _row(told, "APPWRITE_FUNCTION_NAME")
    assert (name["value"], name["source"], name["hides"]) == ("f", "appwrite", ["stored"])
    assert _row(told, "OPEN_RUNTIMES_ENV")["source"] == "stored"
    assert _row(told, "APPWRITE_FUNCTION_DEPLOYMENT")["value"] == id


def test_a_variable_of_the_project_file_says_so(project: Project, tmp_path: Path) -> None:
    project.function()
    _set(project, "COLOUR", "red")
    _set(project, "SIZE", "big")
    entry = Entry(
        id="f", name="f", runtime="python-3.12", folder=tmp_path,
        variables=(("COLOUR", "red"), ("SIZE", "small")),
    )  # fmt: skip
    environments = project.server.emulator.services.environments
    before, environments.entry_of = environments.entry_of, lambda project, id: entry
    told = _told(project, function="f")
    environments.entry_of = before
    assert (_row(told, "COLOUR")["source"], _row(told, "SIZE")["source"]) == (
        "project file", "stored",
    )  # fmt: skip


def test_without_a_deployment_only_its_own_are_told(project: Project) -> None:
    project.function()
    _set(project, "COLOUR", "red")
    told = _told(project, function="f")
    assert (told["deploymentId"], [row["key"] for row in told["variables"]]) == ("", ["COLOUR"])


def test_secrets_are_told_only_when_asked_for(project: Project) -> None:
    project.function()
    _set(project, "HIDDEN", "a", secret=True)
    _set(project, "STRIPE_API_KEY", "b")
    project.deploy("f", CODE)
    told = _told(project, function="f")
    for key in ("HIDDEN", "STRIPE_API_KEY", "OPEN_RUNTIMES_SECRET"):
        assert _row(told, key) | {"source": "", "hides": []} == {
            "key": key, "value": None, "secret": True, "source": "", "hides": [],
        }  # fmt: skip
    shown = _told(project, function="f", values="true")
    assert (_row(shown, "HIDDEN")["value"], _row(shown, "STRIPE_API_KEY")["value"]) == ("a", "b")


def test_a_function_that_is_not_there_is_named_with_near_ones(project: Project) -> None:
    assert _told(project, function="f")["message"].endswith(
        ": it has none. Create it, or name another project."
    )
    project.function("postcard")
    told = _told(project, function="postcrad")
    assert (told["type"], told["code"]) == ("function_not_found", 404)
    assert told["message"].endswith("Did you mean postcard?")
    assert _told(project, function="zzz")["message"].endswith("There are: postcard.")
