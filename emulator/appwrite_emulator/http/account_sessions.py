"""The doors of one's own sessions: sign in, see them, sign out, get a token for elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import ApiError
from ..models import CONSOLE
from ..people import Session, User
from ..services.accounts import Accounts
from ..services.jwts import Jwts
from ..services.sessions import Device, Opened, Sessions
from ..services.users import Users
from . import cookies, render, render_people
from .account import ACCOUNT, SIGN_UP
from .body import read_body
from .credentials import EMAIL, PASSWORD
from .params import Param, read
from .reply import TEXT, Reply, json_reply
from .request import Request
from .route import Operation, Route
from .validators import CustomId, Range, Text
from .wire_people import listed

EVENT = "users.[userId].sessions.[sessionId]"

_BY_EMAIL = (Param("email", EMAIL), Param("password", PASSWORD))
_BY_KEY = (Param("email", EMAIL), Param("password", Text(256)))  # keys may be short
_BY_TOKEN = (Param("userId", CustomId()), Param("secret", Text(256)))
_JWT = (Param("duration", Range(0, 3600), 900),)


@dataclass(frozen=True, slots=True)
class SessionDoors:
    """The sessions of who calls."""

    accounts: Accounts
    users: Users
    sessions: Sessions
    jwts: Jwts

    def routes(self) -> Iterator[Route]:
        path = "/v1/account/sessions"
        by_email = Operation("account.createEmailPasswordSession", _BY_EMAIL, 201, "session")
        anonymous = Operation("account.createAnonymousSession", (), 201, "session")
        by_token = Operation("account.createSession", _BY_TOKEN, 201, "session")
        listed = Operation("account.listSessions", model="sessionList")
        got = Operation("account.getSession", model="session")
        closed = Operation("account.deleteSession", status=204)
        all_closed = Operation("account.deleteSessions", status=204)
        token = Operation("account.createJWT", _JWT, 201, "jwt")
        for end, door, operation in (
            ("/email", self.open_by_email, by_email),
            ("", self.open_by_email, by_email),
            ("/anonymous", self.open_anonymous, anonymous),
            ("/token", self.open_by_token, by_token),
        ):
            yield Route("POST", path + end, door, SIGN_UP, operation, event=f"{EVENT}.create")
        yield Route("GET", path, self.list, ACCOUNT, listed)
        gone = f"{EVENT}.delete"
        yield Route("DELETE", path, self.close_all, ACCOUNT, all_closed, event=gone)
        yield Route("GET", path + "/{sessionId}", self.get, ACCOUNT, got)
        yield Route("DELETE", path + "/{sessionId}", self.close, ACCOUNT, closed, event=gone)
        yield Route("POST", "/v1/account/jwts", self.create_jwt, ACCOUNT, token)
        yield Route("POST", "/v1/account/jwt", self.create_jwt, ACCOUNT, token)

    async def open_by_email(self, request: Request) -> Reply:
        project = _project_without_session(request)
        rules = _BY_KEY if project == CONSOLE else _BY_EMAIL
        values = read(rules, await read_body(request))
        opened = self.accounts.open_by_email(
            project, values["email"], values["password"], device(request)
        )
        return self._opened(opened, request)

    async def open_anonymous(self, request: Request) -> Reply:
        project = _project_without_session(request)
        return self._opened(self.accounts.open_anonymous(project, device(request)), request)

    async def open_by_token(self, request: Request) -> Reply:
        project = _project_without_session(request)
        values = read(_BY_TOKEN, await read_body(request))
        opened = self.accounts.open_by_token(
            project, values["userId"], values["secret"], device(request)
        )
        return self._opened(opened, request)

    async def list(self, request: Request) -> Reply:
        found = self.sessions.of(self._user(request))
        items = [self._wire(session, request, in_list=True) for session in found]
        return json_reply(render.listing("sessions", items, len(items)), 200)

    async def get(self, request: Request) -> Reply:
        return json_reply(self._wire(self._session(request), request), 200)

    async def close(self, request: Request) -> Reply:
        session = self._session(request)
        self.sessions.close(session)
        is_current = session.id == request.caller.session_id
        tell_session(session, request, is_current=is_current)
        return _closed(request, is_current=True) if is_current else Reply(204)

    async def close_all(self, request: Request) -> Reply:
        """One event tells of them: of the session that asks, else of the newest."""
        closed = self.sessions.close_all(self._user(request))
        current = [session for session in closed if session.id == request.caller.session_id]
        for session in (current or closed)[-1:]:
            tell_session(session, request, is_current=bool(current))
        return _closed(request, is_current=bool(current))

    async def create_jwt(self, request: Request) -> Reply:
        values = read(_JWT, await read_body(request))
        caller = request.caller
        session = self.sessions.get(self._user(request), caller.session_id)
        jwt = self.jwts.issue(caller.home, caller.user_id, session.id, seconds=values["duration"])
        return json_reply({"jwt": jwt}, 201)

    def _user(self, request: Request) -> User:
        return self.users.get(request.caller.home, request.caller.user_id)

    def _session(self, request: Request) -> Session:
        """The one in the path. Raises ApiError user_session_not_found."""
        id = request.path_params["sessionId"]
        id = request.caller.session_id if id == "current" else id
        return self.sessions.get(self._user(request), id)

    def _opened(self, opened: Opened, request: Request) -> Reply:
        caller = request.caller
        secret = opened.credential if caller.is_privileged else ""
        tell_session(opened.session, request, is_current=True, secret=secret)
        wire = render_people.session(
            opened.session,
            request.format,
            is_current=True,
            secret=secret,
        )
        reply = json_reply(wire, 201)
        headers = cookies.opened(request, caller.project, opened)
        return reply._replace(headers=(*reply.headers, *headers))

    def _wire(self, session: Session, request: Request, *, in_list: bool = False) -> render.Wire:
        format = request.format
        format = listed(format) if in_list else format
        is_current = session.id == request.caller.session_id
        return render_people.session(session, format, is_current=is_current)


def tell_session(
    session: Session, request: Request, *, is_current: bool = False, secret: str = ""
) -> None:
    """Of a session, with its secret where the reply has it: functions send it on to its user."""
    request.happened(
        lambda format: render_people.session(session, format, is_current=is_current, secret=secret),
        userId=session.user_id,
        sessionId=session.id,
    )


def device(request: Request) -> Device:
    """Where a request comes from."""
    return Device(request.client_ip, request.header("user-agent") or "UNKNOWN")


def _project_without_session(request: Request) -> str:
    """Where to sign in. Raises ApiError user_session_already_exists for who has."""
    if request.caller.user_id:
        raise ApiError("user_session_already_exists")
    return request.caller.project


def _closed(request: Request, *, is_current: bool) -> Reply:
    headers = cookies.closed(request, request.caller.home, is_current=is_current)
    return Reply(204, headers=(TEXT, *headers))
