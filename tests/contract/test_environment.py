"""What user code is told in each era: environment of builds and runs, headers of calls."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from .server import Json, Project

CODE = """
import os
from pathlib import Path


def main(context):
    if context.req.path == "/headers":
        return context.res.json(dict(context.req.headers))
    built = (Path(__file__).parent / "built.txt").read_text().split("\\0")
    seen = {"run": dict(os.environ), "build": dict(line.split("=", 1) for line in built if line)}
    return context.res.json(seen)
"""
VCS = (
    "REPOSITORY_ID REPOSITORY_NAME REPOSITORY_OWNER REPOSITORY_URL REPOSITORY_BRANCH "
    "REPOSITORY_BRANCH_URL COMMIT_HASH COMMIT_MESSAGE COMMIT_URL COMMIT_AUTHOR_NAME "
    "COMMIT_AUTHOR_URL ROOT_DIRECTORY"
)
NEW = {"OPEN_RUNTIMES_NFT": "enabled", "CI": "true"}


class Told(NamedTuple):
    """What the function of one era was told."""

    era: str
    project: Project
    deployment: str
    seen: Json


@pytest.fixture
def told(either: Project) -> Told:
    """The environments of a function that is a MB short of what builds have at least."""
    either.function(name="Name of it", runtimeSpecification="s-1vcpu-512mb",
                    buildSpecification="s-1vcpu-512mb")  # fmt: skip
    for key, value in (("MINE", "1"), ("APPWRITE_FUNCTION_NAME", "mine"), ("APPWRITE_OTHER", "2")):
        given = {"key": key, "value": value}
        either.post("/functions/f/variables", given).expect(201)
    id = either.deploy("f", {"main.py": CODE}, commands="env -0 > built.txt")["$id"]
    seen = json.loads(either.execute("f")["responseBody"])
    return Told(either.server.emulator.config.appwrite, either, id, seen)


def test_builds_and_runs_know_where_they_are(told: Told) -> None:
    expected = {
        "MINE": "1",
        "APPWRITE_OTHER": "2",
        "APPWRITE_FUNCTION_API_ENDPOINT": "http://127.0.0.1:9080/v1",
        "APPWRITE_FUNCTION_ID": "f",
        "APPWRITE_FUNCTION_NAME": "Name of it",
        "APPWRITE_FUNCTION_DEPLOYMENT": told.deployment,
        "APPWRITE_FUNCTION_PROJECT_ID": told.project.id,
        "APPWRITE_FUNCTION_RUNTIME_NAME": "Python",
        "APPWRITE_FUNCTION_RUNTIME_VERSION": "3.12",
        "APPWRITE_FUNCTION_CPUS": "1",
        "APPWRITE_VERSION": "1.6.2" if told.era == "1.6" else "1.9.6",
        "APPWRITE_REGION": "default",
        "APPWRITE_DEPLOYMENT_TYPE": "manual",
        "OPEN_RUNTIMES_ENTRYPOINT": "main.py",
        **{f"APPWRITE_VCS_{name}": "" for name in VCS.split()},
    }
    for when in ("build", "run"):
        assert {name: told.seen[when].get(name) for name in expected} == expected
        assert told.seen[when]["OPEN_RUNTIMES_SECRET"]
        assert told.seen[when]["OPEN_RUNTIMES_HOSTNAME"]


def test_builds_have_a_key_and_more_memory(told: Told) -> None:
    run, build = told.seen["run"], told.seen["build"]
    assert (run["APPWRITE_FUNCTION_MEMORY"], build["APPWRITE_FUNCTION_MEMORY"]) == ("512", "1024")
    assert "APPWRITE_FUNCTION_API_KEY" not in run
    start = "dynamic_" if told.era == "1.6" else "ephemeral_"
    assert build["APPWRITE_FUNCTION_API_KEY"].startswith(start)


def test_the_variables_of_newer_executors_are_not_there_in_1_6(told: Told) -> None:
    sizes = {"run": ("1", "512"), "build": ("1", "1024")}
    for when, (cpus, memory) in sizes.items():
        new = {**NEW, "OPEN_RUNTIMES_CPUS": cpus, "OPEN_RUNTIMES_MEMORY": memory}
        expected = dict.fromkeys(new) if told.era == "1.6" else new
        assert {name: told.seen[when].get(name) for name in new} == expected


@pytest.mark.parametrize("given", [{}, {"host": "example.org:81"}])
def test_a_call_without_a_host_gets_that_of_its_era(told: Told, given: Json) -> None:
    made = told.project.execute("f", path="/headers", headers=given)
    host = json.loads(made["responseBody"])["host"]
    container = f"{told.project.id}-{told.deployment}:3000"
    assert host == given.get("host", "127.0.0.1" if told.era == "1.6" else container)


def test_the_headers_of_asynchronous_calls_name_an_empty_event(either: Project) -> None:
    either.function()
    log = "c.log(repr(c.req.headers.get('x-appwrite-event')))"
    either.deploy("f", {"main.py": f"def main(c):\n    {log}\n    return c.res.empty()\n"})
    assert either.execute("f")["logs"] == "None\n"
    sent = either.post("/functions/f/executions", {"async": True}).expect(202)
    assert either.executed("f", sent["$id"])["logs"] == "''\n"
