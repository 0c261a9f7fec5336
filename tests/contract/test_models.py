"""Replies have exactly the fields of the wanted format, in Appwrite's order."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .server import Project, Server

FORMATS = (
    None, "1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.6.2", "1.7.0", "1.8.0", "1.8.1", "1.9.0", "1.9.5",
    "1.9.6", "2.0.0", "2.4.9", "2.5.0", "9.0.0",
)  # fmt: skip
MODELS = json.loads((Path(__file__).parent / "models.json").read_text(encoding="utf-8"))
PYTHON = "def main(context):\n    return context.res.text('done')\n"


def fields_of(model: str, format: str) -> list[str]:
    """The fields of a model, since the last format that changed them."""
    since = max(
        (version for version in MODELS[model] if _numbers(version) <= _numbers(format)),
        key=_numbers,
    )
    return str(MODELS[model][since]).split()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@pytest.fixture(scope="module", params=["1.9", "1.6"])
def furnished(request: pytest.FixtureRequest) -> Project:
    """A project with one of everything, on the server of each era."""
    name = "server" if request.param == "1.9" else "server_16"
    running: Server = request.getfixturevalue(name)
    project = running.project()
    project.function(scopes=["users.read"])
    project.post("/functions/f/variables", {"key": "K", "value": "v", "secret": False}).expect(201)
    project.deploy("f", {"main.py": PYTHON})
    project.execute("f")
    return project


def effective(project: Project, format: str | None) -> str:
    own = {"1.9": "1.9.6", "1.6": "1.6.2"}[project.server.emulator.config.appwrite]
    return format or own


@pytest.mark.parametrize("format", FORMATS)
def test_models_have_the_fields_of_the_format(furnished: Project, format: str | None) -> None:
    caller, wanted = furnished.at(format), effective(furnished, format)
    listed = {
        kind: furnished.get(f"/functions/f/{kind}").expect(200)[kind][0]["$id"]
        for kind in ("deployments", "variables", "executions")
    }
    for path, model in (
        ("", "function"),
        (f"/deployments/{listed['deployments']}", "deployment"),
        (f"/variables/{listed['variables']}", "variable"),
        (f"/executions/{listed['executions']}", "execution"),
    ):
        assert list(caller.get(f"/functions/f{path}").expect(200)) == fields_of(model, wanted)


@pytest.mark.parametrize("format", FORMATS)
def test_items_of_lists_have_the_fields_of_the_format(
    furnished: Project, format: str | None
) -> None:
    caller, wanted = furnished.at(format), effective(furnished, format)
    for path, key, model in (
        ("/functions", "functions", "functionItem"),
        ("/functions/f/deployments", "deployments", "deploymentItem"),
        ("/functions/f/variables", "variables", "variableItem"),
        ("/functions/f/executions", "executions", "executionItem"),
        ("/functions/runtimes", "runtimes", "runtime"),
        ("/functions/specifications", "specifications", "specification"),
    ):
        reply = caller.get(path).expect(200)
        assert list(reply) == ["total", key]
        assert reply["total"] == len(reply[key])
        assert list(reply[key][0]) == fields_of(model, wanted)


def test_an_execution_shows_its_creator_the_same_fields(furnished: Project) -> None:
    for format in FORMATS:
        sent = furnished.at(format).execute("f")
        assert list(sent) == fields_of("execution", effective(furnished, format))


def test_variables_in_a_function_keep_their_secrecy_field(furnished: Project) -> None:
    for format in FORMATS:
        nested = furnished.at(format).get("/functions/f").expect(200)["vars"][0]
        wanted = max("1.7.0", effective(furnished, format))
        assert list(nested) == fields_of("variable", wanted)


def test_a_canceled_build_has_the_fields_of_both_models_for_1_6(project: Project) -> None:
    project.function()
    sent = project.upload("f", b"x", headers={"content-range": "bytes 0-0/9"}).expect(202)
    path = f"/functions/f/deployments/{sent['$id']}"
    build = project.at("1.6.0").patch(f"{path}/build").expect(200)
    assert set(fields_of("build", "1.6.0")) <= set(build)
    assert build["status"] == "canceled"
    assert build["deploymentId"] == sent["$id"]
    current = project.patch(f"{path}/status").expect(200)
    assert list(current) == fields_of("deployment", "1.9.6")


def test_no_field_is_null_and_dates_have_milliseconds(furnished: Project) -> None:
    function = furnished.at("2.5.0").get("/functions/f").expect(200)
    execution = furnished.at("2.5.0").get("/functions/f/executions").expect(200)["executions"][0]
    deployment = furnished.at("2.5.0").get("/functions/f/deployments").expect(200)["deployments"][0]
    for model in (function, execution, deployment):
        for key, value in model.items():
            assert value is not None or key == "scheduledAt"
            if key.endswith("At") and value:
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", value)
    assert isinstance(execution["duration"], float)
    assert isinstance(execution["responseStatusCode"], int)
    assert isinstance(deployment["buildDuration"], int)
