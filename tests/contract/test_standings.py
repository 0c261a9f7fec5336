"""The control API's list of functions, and what is told live of uploads and refused runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from appwrite_emulator.models import Trigger
from appwrite_emulator.services.live_logs import Listener, Wanted
from appwrite_emulator.services.runs import Cause, ExecutionRequest

from .forms import tar_gz
from .server import Json, Project, Server

CODE = {"main.py": "def main(context):\n    return context.res.empty()\n"}


def standings(project: Project) -> list[Json]:
    reply = project.server.call("GET", f"/_emulator/functions?project={project.id}").expect(200)
    assert reply["total"] == len(reply["functions"])
    assert reply["builds"].endswith("/builds")
    return list(reply["functions"])


def standing(project: Project) -> Json:
    (only,) = standings(project)
    return only


def test_a_function_stands_as_its_deployments_do(project: Project) -> None:
    assert standings(project) == []
    project.function(execute=["any"], schedule="0 3 * * *")
    empty = standing(project)
    assert (empty["state"], empty["deployment"], empty["next"]) == ("not deployed", None, None)
    assert empty["url"].startswith("http://")
    project.deploy("f", CODE, commands="exit 3")
    assert standing(project)["state"] == "failed"
    deployment = project.deploy("f", CODE)
    ready = standing(project)
    assert (ready["state"], ready["folder"], ready["error"]) == ("ready", None, None)
    assert ready["deployment"]["id"] == deployment["$id"]
    assert ready["next"][11:16] == "03:00"
    project.put("/functions/f", {"name": "F", "enabled": False}).expect(200)
    assert standing(project)["state"] == "disabled"


@contextmanager
def listening(server: Server, project: Project) -> Iterator[Listener]:
    live_logs = server.emulator.services.ground.live_logs
    manager = live_logs.listening(Wanted(project.id, activity=True))
    listener = server.run(_entered, manager)
    try:
        yield listener
    finally:
        server.run(_left, manager)


async def _entered(manager: Any) -> Any:
    return manager.__enter__()


async def _left(manager: Any) -> None:
    manager.__exit__(None, None, None)


def heard(server: Server, listener: Listener) -> list[Any]:
    entries, dropped = server.run(listener.next) or ([], 0)
    assert dropped == 0
    return entries


@pytest.fixture
def owner(project: Project) -> Project:
    project.function(execute=["any"])
    return project


def test_an_upload_tells_how_far_it_is(server: Server, owner: Project) -> None:
    archive = tar_gz(CODE)
    size, half = len(archive), len(archive) // 2
    with listening(server, owner) as listener:
        id = ""
        for start, stop in ((0, half), (half, size)):
            headers = {"content-range": f"bytes {start}-{stop - 1}/{size}"}
            headers |= {"x-appwrite-id": id} if id else {}
            reply = owner.upload("f", archive[start:stop], headers=headers).expect(202)
            id = reply["$id"]
        told = [each.to_json() for each in heard(server, listener) if each.work.kind == "upload"]
    assert [(each["level"], each["facts"]["received"]) for each in told] == [
        ("began", 0),
        ("note", half),
        ("ended", size),
    ]
    assert {(each["deploymentId"], each["facts"]["size"]) for each in told} == {(id, size)}


def test_a_run_that_nothing_can_answer_is_told_as_refused(server: Server, owner: Project) -> None:
    with listening(server, owner) as listener:
        services = server.emulator.services

        async def tick() -> None:
            function = services.functions.get(owner.id, "f")
            services.executions.enqueue(function, ExecutionRequest(), Cause(Trigger.SCHEDULE))
            await services.control.settle()

        server.run(tick)
        error, ended = heard(server, listener)
    assert error.level == "error"
    assert "deployment" in error.text
    assert (ended.level, ended.facts["outcome"]) == ("ended", "refused")
    assert (ended.facts["trigger"], ended.facts["status"]) == ("schedule", "failed")
