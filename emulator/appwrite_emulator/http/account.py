"""The doors of one's own account: make it, read it, keep preferences in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..people import User
from ..services.accounts import Accounts
from ..services.users import Users
from . import render, render_people
from .body import read_body
from .credentials import EMAIL, NEW_PASSWORD
from .params import Param, read
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route
from .validators import CustomId, Object, Text

ACCOUNT, SIGN_UP = ("account",), ("sessions.write",)

_NEW = (
    Param("userId", CustomId()),
    Param("email", EMAIL),
    Param("password", NEW_PASSWORD),
    Param("name", Text(128), ""),
)
_NAME = (Param("name", Text(128)),)
_PREFS = (Param("prefs", Object()),)


@dataclass(frozen=True, slots=True)
class AccountDoors:
    """The account of who calls."""

    accounts: Accounts
    users: Users

    def routes(self) -> Iterator[Route]:
        path = "/v1/account"
        created = Operation("account.create", _NEW, 201, "account")
        got = Operation("account.get", model="account")
        named = Operation("account.updateName", _NAME, model="account")
        prefs = Operation("account.getPrefs", model="preferences")
        changed = Operation("account.updatePrefs", _PREFS, model="account")
        yield Route("POST", path, self.create, SIGN_UP, created)
        yield Route("GET", path, self.get, ACCOUNT, got)
        yield Route("PATCH", path + "/name", self.set_name, ACCOUNT, named)
        yield Route("GET", path + "/prefs", self.get_prefs, ACCOUNT, prefs)
        yield Route("PATCH", path + "/prefs", self.set_prefs, ACCOUNT, changed)

    async def create(self, request: Request) -> Reply:
        values = read(_NEW, await read_body(request))
        user = self.accounts.create(request.caller.project, values["userId"], values)
        return json_reply(self._wire(user, request), 201)

    async def get(self, request: Request) -> Reply:
        return json_reply(self._wire(self._user(request), request), 200)

    async def get_prefs(self, request: Request) -> Reply:
        return json_reply(self._user(request).prefs or {}, 200)

    async def set_name(self, request: Request) -> Reply:
        values = read(_NAME, await read_body(request))
        return json_reply(self._wire(self._changed(request, name=values["name"]), request), 200)

    async def set_prefs(self, request: Request) -> Reply:
        values = read(_PREFS, await read_body(request))
        return json_reply(self._wire(self._changed(request, prefs=values["prefs"]), request), 200)

    def _user(self, request: Request) -> User:
        return self.users.get(request.caller.home, request.caller.user_id)

    def _changed(self, request: Request, **changes: object) -> User:
        return self.users.update(request.caller.home, request.caller.user_id, **changes)

    def _wire(self, user: User, request: Request) -> render.Wire:
        return render_people.account(user, request.format)
