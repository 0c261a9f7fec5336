"""The functions of a project, to be called by tests."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from .. import models
from ..near import meant
from . import multipart
from .api import Reply
from .execution import Execution
from .people import People
from .stage import Stage


class Function:
    """One function."""

    def __init__(self, id: str, stage: Stage, people: People) -> None:
        self.id = id
        self._stage = stage
        self._people = people

    def __repr__(self) -> str:
        return f"Function({self.id!r})"

    def call(
        self,
        body: str | bytes = b"",
        *,
        json: Any = None,
        path: str = "/",
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        user: str = "",
        guest: bool = False,
        wait: bool = True,
        at: datetime | str | None = None,
        check: bool = True,
    ) -> Execution:
        """Call it through Appwrite's API, and return what came of it.

        `json` is sent as the body with its content type. It is called as a server with the key,
        as `user`, who is made if he is not there, or as a `guest`. Without `wait` it runs in the
        background, and `at` a moment to come it is scheduled: what is returned has not ended then.

        Raises FunctionFailed when the function throws, takes too long, crashes or cannot be
        loaded, unless `check` is false; Refused when Appwrite refuses the call, such as for want of
        permission.
        """
        sent = dict(headers or {})
        if json is not None:
            body = jsonlib.dumps(json)
            sent.setdefault("content-type", "application/json")
        fields = {
            "body": body,
            "path": path,
            "method": method,
            "headers": jsonlib.dumps(sent),
            "async": "true" if at or not wait else "false",
        }
        if at:
            fields["scheduledAt"] = at if isinstance(at, str) else at.isoformat()
        reply = self._send(fields, self._people.headers(user, guest=guest))
        execution = self._stage.execution(self.id, _id_in(reply))
        if check:
            self._stage.judge.require([execution])
        else:
            self._stage.judge.expect(execution)
        return execution

    def executions(self) -> list[Execution]:
        """Its executions, in the order of creation."""
        return self._stage.executions(self.id)

    def _send(self, fields: Mapping[str, str | bytes], caller: Mapping[str, str]) -> Reply:
        body, content_type = multipart.form(fields)
        path = f"/functions/{quote(self.id, safe='')}/executions"
        headers = {**caller, "accept": "multipart/form-data", "content-type": content_type}
        return self._stage.api.send("POST", path, body, headers)


class FunctionUnknown(KeyError):
    """There is no such function in the project."""

    def __init__(self, id: str, known: Sequence[str]) -> None:
        there = f"There are: {', '.join(known)}." if known else "There is none: deploy some."
        super().__init__(f"There is no function {id!r}. {meant(id, known) or there}")

    def __str__(self) -> str:
        return str(self.args[0])


class FunctionUndeployed(Exception):
    """A function of the project could not be deployed when the tests began."""

    def __init__(self, id: str, reason: str) -> None:
        super().__init__(f"Function {id!r} was not deployed: {reason}")


class Functions(Mapping[str, Function]):
    """The functions of a project by their ids."""

    def __init__(self, stage: Stage, people: People) -> None:
        self._stage = stage
        self._people = people

    def __getitem__(self, id: str) -> Function:
        """The function.

        Raises FunctionUnknown, a KeyError that names those that there are; FunctionUndeployed
        with the reason when it is one of the project's that could not be deployed.
        """
        known = self._every()
        found = next((each for each in known if each.id == id), None)
        if id in self._stage.undeployed and not (found and found.deployment_id):
            raise FunctionUndeployed(id, self._stage.undeployed[id])
        if found is None:
            raise FunctionUnknown(id, [each.id for each in known])
        return Function(id, self._stage, self._people)

    def __iter__(self) -> Iterator[str]:
        return iter([each.id for each in self._every()])

    def __len__(self) -> int:
        return len(self._every())

    def _every(self) -> list[models.Function]:
        every = self._stage.emulator.services.functions.every
        return list(self._stage.emulator.in_loop(every, self._stage.project))


def _id_in(reply: Reply) -> str:
    """The execution's id in an answer of either form."""
    if reply.content_type.startswith("multipart/form-data"):
        found: bytes = multipart.fields_of(reply.body, reply.content_type)["$id"]
        return found.decode()
    id: str = reply.json()["$id"]
    return id
