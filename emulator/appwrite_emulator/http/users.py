"""The doors of users, for keys and developers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from ..models import attribute
from ..people import User
from ..services import users as service
from ..services.users import Users
from . import render, render_people
from .body import read_body
from .credentials import EMAIL, NEW_PASSWORD, PHONE
from .listing import LIST, read_listing
from .params import Param, read
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route
from .validators import (
    USER_LABEL,
    ArrayOf,
    Boolean,
    CustomId,
    EmptyOr,
    Object,
    Text,
)
from .wire_people import listed

READ, WRITE = ("users.read",), ("users.write",)

_NEW = (
    Param("userId", CustomId()),
    Param("email", EMAIL, ""),
    Param("phone", PHONE, ""),
    Param("password", NEW_PASSWORD, ""),
    Param("name", Text(128), ""),
)
_LABELS = (Param("labels", ArrayOf(USER_LABEL, 1000)),)
_STATUS = (Param("status", Boolean(loose=True)),)
_EMAIL_VERIFIED = (Param("emailVerification", Boolean()),)
_PHONE_VERIFIED = (Param("phoneVerification", Boolean()),)
_PREFS = (Param("prefs", Object()),)
_NAME = (Param("name", Text(128, 0)),)
_EMAIL = (Param("email", EmptyOr(EMAIL)),)
_PHONE = (Param("number", EmptyOr(PHONE)),)
_PASSWORD = (Param("password", EmptyOr(NEW_PASSWORD)),)


@dataclass(frozen=True, slots=True)
class UserDoors:
    """Create, list, get, change and delete users."""

    users: Users
    delete_user: Callable[[str, str], None]
    change_password: Callable[[str, str, str], User]

    def routes(self) -> Iterator[Route]:
        all, one = "/v1/users", "/v1/users/{userId}"
        created = Operation("users.create", _NEW, 201, "user")
        event = "users.[userId]"
        yield Route("POST", all, self.create, WRITE, created, event=f"{event}.create")
        yield Route("GET", all, self.list, READ, Operation("users.list", LIST, model="userList"))
        yield Route("GET", one, self.get, READ, Operation("users.get", model="user"))
        deleted = Operation("users.delete", status=204)
        yield Route("DELETE", one, self.delete, WRITE, deleted, event=f"{event}.delete")
        prefs = Operation("users.getPrefs", model="preferences")
        new_prefs = Operation("users.updatePrefs", _PREFS, model="preferences")
        yield Route("GET", one + "/prefs", self.get_prefs, READ, prefs)
        changed = f"{event}.update.prefs"
        yield Route("PATCH", one + "/prefs", self.set_prefs, WRITE, new_prefs, event=changed)
        yield from self._changes(one)

    def _changes(self, path: str) -> Iterator[Route]:
        """The routes that change one thing and answer with the user."""
        for method, end, door, name, params in (
            ("PUT", "/labels", self.set_labels, "Labels", _LABELS),
            ("PATCH", "/status", self.set_status, "Status", _STATUS),
            ("PATCH", "/verification", self.verify_email, "EmailVerification", _EMAIL_VERIFIED),
            ("PATCH", "/verification/phone", self.verify_phone, "PhoneVerification",
             _PHONE_VERIFIED),
            ("PATCH", "/name", self.set_name, "Name", _NAME),
            ("PATCH", "/email", self.set_email, "Email", _EMAIL),
            ("PATCH", "/phone", self.set_phone, "Phone", _PHONE),
            ("PATCH", "/password", self.set_password, "Password", _PASSWORD),
        ):  # fmt: skip
            operation = Operation(f"users.update{name}", params, model="user")
            event = f"users.[userId].update.{end.split('/')[1]}"
            yield Route(method, path + end, door, WRITE, operation, event=event)

    async def create(self, request: Request) -> Reply:
        values = read(_NEW, await read_body(request))
        user = self.users.create(request.caller.project, values["userId"], values)
        return self._changed(user, request, status=201)

    async def list(self, request: Request) -> Reply:
        listing = read_listing(request, service.ATTRIBUTES)
        found, total = self.users.page(request.caller.project, listing)
        format = listed(request.format)
        items = [render_people.user(user, format) for user in found]
        return json_reply(render.listing("users", items, total), 200)

    async def get(self, request: Request) -> Reply:
        return _answer(self.users.get(*_place(request)), request)

    async def delete(self, request: Request) -> Reply:
        user = self.users.get(*_place(request))
        self.delete_user(user.project, user.id)
        request.happened(partial(render_people.user, user), userId=user.id)
        return Reply(204)

    async def get_prefs(self, request: Request) -> Reply:
        return json_reply(self.users.get(*_place(request)).prefs or {}, 200)

    async def set_prefs(self, request: Request) -> Reply:
        prefs = read(_PREFS, await read_body(request))["prefs"]
        user = self.users.update(*_place(request), prefs=prefs)
        request.happened(lambda format: prefs, userId=user.id)
        return json_reply(prefs, 200)

    async def set_labels(self, request: Request) -> Reply:
        values = read(_LABELS, await read_body(request))
        labels = tuple(dict.fromkeys(values["labels"]))
        return self._changed(self.users.update(*_place(request), labels=labels), request)

    async def set_status(self, request: Request) -> Reply:
        return await self._change(_STATUS, request)

    async def verify_email(self, request: Request) -> Reply:
        return await self._change(_EMAIL_VERIFIED, request)

    async def verify_phone(self, request: Request) -> Reply:
        return await self._change(_PHONE_VERIFIED, request)

    async def set_name(self, request: Request) -> Reply:
        return await self._change(_NAME, request)

    async def set_email(self, request: Request) -> Reply:
        values = read(_EMAIL, await read_body(request))
        return self._changed(self.users.set_email(*_place(request), values["email"]), request)

    async def set_phone(self, request: Request) -> Reply:
        values = read(_PHONE, await read_body(request))
        return self._changed(self.users.set_phone(*_place(request), values["number"]), request)

    async def set_password(self, request: Request) -> Reply:
        values = read(_PASSWORD, await read_body(request))
        return self._changed(self.change_password(*_place(request), values["password"]), request)

    async def _change(self, rules: Sequence[Param], request: Request) -> Reply:
        """Store the parameters as they are."""
        values = read(rules, await read_body(request))
        changes = {attribute(name): value for name, value in values.items()}
        return self._changed(self.users.update(*_place(request), **changes), request)

    def _changed(self, user: User, request: Request, *, status: int = 200) -> Reply:
        request.happened(partial(render_people.user, user), userId=user.id)
        return _answer(user, request, status=status)


def _answer(user: User, request: Request, *, status: int = 200) -> Reply:
    return json_reply(render_people.user(user, request.format), status)


def _place(request: Request) -> tuple[str, str]:
    return request.caller.project, request.path_params["userId"]
