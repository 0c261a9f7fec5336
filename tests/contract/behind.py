"""Runs behind the back of whoever asks: enqueued, scheduled, due, and what they were told."""

from __future__ import annotations

import json
from typing import Any

from appwrite_emulator.models import Trigger
from appwrite_emulator.services.runs import Cause, ExecutionRequest

from .server import Json, Project, Server

PATH = "/functions/f/executions"
MOMENT = "2930-01-01T10:00:00.000+00:00"
TELL = """
import hashlib
import json

def main(context):
    req = context.req
    context.log(json.dumps({
        "method": req.method, "path": req.path, "query": req.query_string,
        "headers": dict(req.headers), "size": len(req.body_binary),
        "body": hashlib.sha256(req.body_binary).hexdigest(),
    }))
    return context.res.empty()
"""
"""A function that tells what it was called with."""

EVENT = Cause(Trigger.EVENT, event="users.u.create", user_id="ann")
TICK = Cause(Trigger.SCHEDULE)


def enqueue(project: Project, cause: Cause, **request: Any) -> str:
    """Call `f` as triggers and schedules do: the id of the execution that waits now."""
    services = project.server.emulator.services

    def act() -> str:
        function = services.functions.get(project.id, "f")
        return services.executions.enqueue(function, ExecutionRequest(**request), cause).id

    return str(project.server.run(act))


def begin(project: Project, id: str) -> None:
    """Let a scheduled execution begin, as its timer does."""
    executions = project.server.emulator.services.executions
    project.server.run(executions.begin_scheduled, project.id, id)


def schedule(project: Project, **params: Json) -> str:
    """An execution whose moment does not come by itself."""
    sent = project.post(PATH, {"async": True, "scheduledAt": MOMENT, **params}).expect(202)
    return str(sent["$id"])


def later(project: Project, **params: Json) -> str:
    """An asynchronous execution."""
    return str(project.post(PATH, {"async": True, **params}).expect(202)["$id"])


def settle(server: Server) -> None:
    server.run(server.emulator.control.settle)


def heard(project: Project, id: str) -> Json:
    """What the function says it was called with."""
    ended = project.executed("f", id)
    assert ended["status"] == "completed", ended["errors"]
    return json.loads(ended["logs"])


def errands(project: Project) -> int:
    """How many executions are kept to be begun."""
    table = project.server.emulator.services.ground.state.table("errands")
    return int(project.server.run(lambda: len(table.rows(project=project.id))))
