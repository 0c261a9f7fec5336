"""The doors of one's own account: make it, read it, keep preferences in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from ..people import User
from ..services.accounts import Accounts
from ..services.users import Users
from . import render_people
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
        event = "users.[userId]"
        yield Route("POST", path, self.create, SIGN_UP, created, event=f"{event}.create")
        yield Route("GET", path, self.get, ACCOUNT, got)
        name, prefs_of = f"{event}.update.name", f"{event}.update.prefs"
        yield Route("PATCH", path + "/name", self.set_name, ACCOUNT, named, event=name)
        yield Route("GET", path + "/prefs", self.get_prefs, ACCOUNT, prefs)
        yield Route("PATCH", path + "/prefs", self.set_prefs, ACCOUNT, changed, event=prefs_of)

    async def create(self, request: Request) -> Reply:
        values = read(_NEW, await read_body(request))
        user = self.accounts.create(request.caller.project, values["userId"], values)
        return self._answer(user, request, status=201)

    async def get(self, request: Request) -> Reply:
        return json_reply(render_people.account(self._user(request), request.format), 200)

    async def get_prefs(self, request: Request) -> Reply:
        return json_reply(self._user(request).prefs or {}, 200)

    async def set_name(self, request: Request) -> Reply:
        values = read(_NAME, await read_body(request))
        return self._change(request, name=values["name"])

    async def set_prefs(self, request: Request) -> Reply:
        values = read(_PREFS, await read_body(request))
        return self._change(request, prefs=values["prefs"])

    def _user(self, request: Request) -> User:
        return self.users.get(request.caller.home, request.caller.user_id)

    def _change(self, request: Request, **changes: object) -> Reply:
        user = self.users.update(request.caller.home, request.caller.user_id, **changes)
        return self._answer(user, request)

    def _answer(self, user: User, request: Request, *, status: int = 200) -> Reply:
        """Of a new account or of a change, which an event tells of too."""
        request.happened(partial(render_people.account, user), userId=user.id)
        return json_reply(render_people.account(user, request.format), status)
