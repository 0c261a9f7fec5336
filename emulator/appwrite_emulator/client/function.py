"""A function of a project, to be called by tests."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from string import punctuation
from typing import Any
from urllib.parse import quote

from .. import models
from ..models import RuleType, row_key
from ..near import meant
from ..printable import clean
from . import multipart, request
from .api import Refused, Reply
from .execution import Execution
from .people import People
from .request import Query
from .stage import Stage
from .variables import Variables

__tracebackhide__ = True  # pytest shows the line of the test, none of here

_SETTINGS = (
    "name", "runtime", "execute", "events", "schedule", "timeout", "enabled", "logging",
    "entrypoint", "commands", "scopes", "build_specification", "runtime_specification",
    "deployment_retention", "installation_id", "provider_repository_id", "provider_branch",
    "provider_silent_mode", "provider_root_directory",
)  # fmt: skip
_UNBUILT = ("deployment_not_found", "build_not_ready")
_LOG_LINES = 12  # of a build that has failed


class Function:
    """One function. Its methods wait in the thread that calls them; in a test with an event loop of
    its own, say `await asyncio.to_thread(function.call, ...)` when the function calls back into
    that loop.
    """

    def __init__(self, id: str, stage: Stage, people: People) -> None:
        self.id = id
        self._stage = stage
        self._people = people
        self.variables = Variables(id, stage)
        """Its environment variables: what is set here, the next call sees."""

    def __repr__(self) -> str:
        return f"Function({self.id!r})"

    def call(
        self,
        body: str | bytes = b"",
        *,
        json: Any = None,
        path: str = "/",
        query: Query | None = None,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        user: str | None = None,
        guest: bool = False,
        wait: bool = True,
        at: datetime | str | None = None,
        check: bool = True,
    ) -> Execution:
        """Call it through Appwrite's API, and return what came of it.

        `json` is sent as the body with its content type. It is called as a server with the key,
        as `user`, who is made if he is not there, or as a `guest`. Without `wait` it runs in the
        background, and `at` a moment to come, a full minute, it is scheduled: `appwrite.finished`
        waits for what is returned then.

        Raises FunctionFailed when the function throws, takes too long, crashes or cannot be
        loaded, unless `check` is false; Refused when Appwrite refuses the call, such as for want of
        permission; TypeError and ValueError for what cannot be sent.
        """
        form: dict[str, str | bytes] = {
            "body": request.body(body, json),
            "path": request.path(path, query),
            "method": request.method(method),
            "headers": jsonlib.dumps(request.headers(headers, json)),
            "async": "true" if at is not None or not wait else "false",
        }
        if at is not None:
            form["scheduledAt"] = request.moment(at)
        reply = self._send(form, self._people.headers(user, guest=guest))
        return self._judged(_id_in(reply), check=check, is_over=wait and at is None)

    def visit(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        body: str | bytes = b"",
        json: Any = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> Reply:
        """What a browser gets at its website, `url`, or by a header `host` at another of its
        domains. Visitors are guests.

        Raises FunctionFailed as `call` does; what Appwrite refuses is an answer here.
        """
        sent = request.headers(headers, json)
        request.framed(sent)
        if not any(name.lower() == "host" for name in sent):
            sent["host"] = f"{self._domain()}:{self._stage.api.port}"
        place = quote(request.path(path, query), safe=punctuation)
        place = place if place.startswith("/") else f"/{place}"  # as in a call
        content = request.body(body, json)
        reply = self._stage.api.exchange(request.method(method), place, content, sent)
        if id := reply.headers.get("x-appwrite-execution-id"):
            self._judged(id, check=check)
        return reply

    def run_schedule(self, *, check: bool = True) -> Execution:
        """Run it as its schedule does, whatever the time is, and return how that ended.

        Raises ScheduleUnknown without a schedule, NotSettled, FunctionFailed as `call` does.
        """
        stage = self._stage
        begun = stage.waited(lambda: stage.emulator.trigger_schedule(self.id))
        stage.ended(self.id, begun.id)
        return self._judged(begun.id, check=check)

    def executions(self, *, status: str = "", trigger: str = "", user: str = "") -> list[Execution]:
        """Its executions in the order of creation: all, or those with a `status` such as failed, a
        `trigger` (http, schedule, event), or by one `user`."""
        return self._stage.executions(self.id, status=status, trigger=trigger, user=user)

    @property
    def url(self) -> str:
        """Its website, such as `http://greet.functions.localhost:40123`."""
        return f"http://{self._domain()}:{self._stage.api.port}"

    @property
    def enabled(self) -> bool:
        """Whether clients without a key may call it; `update(enabled=False)` changes that."""
        return self._row().enabled

    @property
    def schedule(self) -> str:
        """Its cron expression, empty without one."""
        return self._row().schedule

    @property
    def deployment(self) -> str:
        """The id of the deployment that answers, empty when none does."""
        return self._row().deployment_id

    @property
    def deployments(self) -> list[models.Deployment]:
        """All its deployments with `id`, `status`, `build_logs`, in the order of creation."""
        services = self._stage.emulator.services
        return self._stage.in_loop(services.deployments.of, self._row())

    def update(self, **settings: Any) -> None:
        """Change settings, such as `timeout=5`, `enabled=False`, `execute=["label:vip"]` or
        `schedule="0 * * * *"`; the others stay. Runtime, entrypoint and commands count for the next
        deployment. Raises TypeError for settings that there are not, Refused for wrong values.
        """
        for name in settings:
            if name not in _SETTINGS:
                advice = meant(name, _SETTINGS) or f"There are {', '.join(_SETTINGS)}."
                raise TypeError(f"A function has no setting {name!r}. {advice}")
        row = self._row()
        known = {each.name: getattr(row, each.name) for each in fields(row)}
        wanted = {row_key(name): settings.get(name, known[name]) for name in _SETTINGS}
        self._stage.api.ask("PUT", self._path, wanted)

    def delete(self) -> None:
        """Delete it with all that is its own. Raises Refused."""
        self._stage.api.ask("DELETE", self._path)

    @property
    def _path(self) -> str:
        return f"/functions/{quote(self.id, safe='')}"

    def _row(self) -> models.Function:
        services = self._stage.emulator.services
        return self._stage.in_loop(services.functions.get, self._stage.project, self.id)

    def _domain(self) -> str:
        rules = self._stage.in_loop(self._stage.emulator.services.rules.of, self._row())
        own = [each.domain for each in rules if each.type == RuleType.DEPLOYMENT]
        if not own:
            raise LookupError(f"The function {self.id!r} has no domain. Add a rule that names it.")
        return own[0]

    def _send(self, form: Mapping[str, str | bytes], caller: Mapping[str, str]) -> Reply:
        body, content_type = multipart.form(form)
        headers = {**caller, "accept": "multipart/form-data", "content-type": content_type}
        try:
            return self._stage.api.send("POST", f"{self._path}/executions", body, headers)
        except Refused as exc:
            if not (why := self._why(exc.type)):
                raise
            said = exc.message.rstrip(".")
            raise Refused(exc.code, exc.type, f"{said}. {why}") from exc

    def _why(self, refusal: str) -> str:
        """What a test's author wants to know of a refusal; "" if Appwrite says it all."""
        if refusal in _UNBUILT:
            return self._why_unbuilt()
        if refusal == "function_not_found" and self.id in self._disabled():
            return f"{self.id!r} is disabled, so that only servers find it: update(enabled=True)."
        return ""

    def _disabled(self) -> list[str]:
        every = self._stage.emulator.services.functions.every
        known = self._stage.in_loop(every, self._stage.project)
        return [each.id for each in known if not each.enabled]

    def _why_unbuilt(self) -> str:
        """What became of its newest deployment."""
        if not (all := self.deployments):
            return f"Deploy {self.id!r}: it has no deployment."
        newest = all[-1]
        lines = [line for line in newest.build_logs.splitlines() if line.strip()][-_LOG_LINES:]
        log = "".join(f"\n  {clean(line)}" for line in lines)
        return f"The newest deployment of {self.id!r} is {newest.status}{':' if log else '.'}{log}"

    def _judged(self, id: str, *, check: bool, is_over: bool = True) -> Execution:
        """The execution. One that goes on is judged at the end of the test, however soon it
        ends."""
        execution = self._stage.execution(self.id, id)
        if not check:
            self._stage.judge.expect(execution)
        elif is_over:
            self._stage.require([execution])
        return execution


def _id_in(reply: Reply) -> str:
    """The execution's id in an answer of either form."""
    content_type = reply.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        found: bytes = multipart.fields_of(reply.body, content_type)["$id"]
        return found.decode()
    id: str = reply.json()["$id"]
    return id
