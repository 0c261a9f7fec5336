"""The doors of users' sessions and tokens, for keys and developers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from ..config import Config
from ..people import User
from ..services.jwts import Jwts
from ..services.sessions import Sessions
from ..services.tokens import Tokens
from ..services.users import Users
from . import render, render_people
from .account_sessions import EVENT, device, tell_session
from .body import read_body
from .params import Param, read
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route
from .users import READ, WRITE
from .validators import Range, Uid
from .wire_people import listed

_SIGN = (*WRITE, "sessions.write")
# No resource stands before its action, so its names say `sessions` where others say the action.
_ALL_CLOSED = "users.[userId].sessions.delete"
_TOKEN_MADE = "users.[userId].tokens.[tokenId].create"

_JWT = (Param("sessionId", Uid(), ""), Param("duration", Range(0, 3600), 900))
_TOKEN = (Param("length", Range(4, 128), 6), Param("expire", Range(60, 31_536_000), 900))


@dataclass(frozen=True, slots=True)
class UserSessionDoors:
    """Sign users in and out, and give tokens for them."""

    config: Config
    users: Users
    sessions: Sessions
    tokens: Tokens
    jwts: Jwts

    def routes(self) -> Iterator[Route]:
        path = "/v1/users/{userId}"
        listed = Operation("users.listSessions", model="sessionList")
        opened = Operation("users.createSession", (), 201, "session")
        closed = Operation("users.deleteSession", status=204)
        all_closed = Operation("users.deleteSessions", status=204)
        jwt = Operation("users.createJWT", _JWT, 201, "jwt")
        token = Operation("users.createToken", _TOKEN, 201, "token")
        sign = WRITE if self.config.appwrite == "1.6" else _SIGN
        yield Route("GET", path + "/sessions", self.list, READ, listed)
        all, one = path + "/sessions", path + "/sessions/{sessionId}"
        yield Route("POST", all, self.open, sign, opened, event=f"{EVENT}.create")
        yield Route("DELETE", all, self.close_all, sign, all_closed, event=_ALL_CLOSED)
        yield Route("DELETE", one, self.close, sign, closed, event=f"{EVENT}.delete")
        yield Route("POST", path + "/jwts", self.create_jwt, WRITE, jwt)
        yield Route("POST", path + "/tokens", self.create_token, WRITE, token, event=_TOKEN_MADE)

    async def list(self, request: Request) -> Reply:
        format = listed(request.format)
        found = self.sessions.of(self._user(request))
        items = [render_people.session(each, format, secret=each.secret) for each in found]
        return json_reply(render.listing("sessions", items, len(items)), 200)

    async def open(self, request: Request) -> Reply:
        session, credential = self.sessions.open(
            self._user(request), device(request), provider="server"
        )
        tell_session(session, request, secret=credential)
        wire = render_people.session(session, request.format, secret=credential)
        return json_reply(wire, 201)

    async def close(self, request: Request) -> Reply:
        session = self.sessions.get(self._user(request), request.path_params["sessionId"])
        self.sessions.close(session)
        tell_session(session, request)
        return Reply(204)

    async def close_all(self, request: Request) -> Reply:
        user = self._user(request)
        self.sessions.close_all(user)
        request.happened(partial(render_people.user, user), userId=user.id)
        return Reply(204)

    async def create_jwt(self, request: Request) -> Reply:
        values = read(_JWT, await read_body(request))
        user = self._user(request)
        session_id = self.sessions.known(user, values["sessionId"])
        jwt = self.jwts.issue(user.project, user.id, session_id, seconds=values["duration"])
        return json_reply({"jwt": jwt}, 201)

    async def create_token(self, request: Request) -> Reply:
        values = read(_TOKEN, await read_body(request))
        token, secret = self.tokens.issue(
            self._user(request), length=values["length"], seconds=values["expire"]
        )
        request.happened(
            partial(render_people.token, token, secret=secret),
            userId=token.user_id,
            tokenId=token.id,
        )
        return json_reply(render_people.token(token, request.format, secret=secret), 201)

    def _user(self, request: Request) -> User:
        return self.users.get(request.caller.project, request.path_params["userId"])
