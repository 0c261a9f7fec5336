"""Who has signed in: the user whom a request's session or token names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..errors import ApiError, Era
from ..people import User
from ..services.jwts import Jwts
from ..services.roles import Identity
from ..services.sessions import Sessions, decode
from ..services.users import Users
from ..tokens import TokenInvalid
from . import cookies
from .request import Request


class SignedIn(NamedTuple):
    """A user, and how he came."""

    user: User
    session_id: str = ""  # empty when it was with a token
    is_fallback: bool = False
    lasts_with: str = ""  # the session that it ends with; a token may have none

    @property
    def identity(self) -> Identity:
        return Identity(self.user.id, self.lasts_with)


@dataclass(frozen=True, slots=True)
class SignIns:
    """Reads users out of requests. Nothing is remembered, so what ends ends at once."""

    users: Users
    sessions: Sessions
    jwts: Jwts

    def identify(
        self, request: Request, project: str, era: Era, *, jwt: str = ""
    ) -> SignedIn | None:
        """The user of `project`; None for guests, whose session may have ended. `jwt` is a token
        that came otherwise than in the header.

        Raises ApiError user_jwt_invalid, emulator_restored for a token that was given to a run
        before the state was, and for 1.9 user_jwt_and_cookie_set; in 1.6 a token wins
        over a session.
        """
        found = self._by_session(request, project)
        jwt = request.header("x-appwrite-jwt") or jwt
        if jwt and found and era == "1.9":
            raise ApiError("user_jwt_and_cookie_set")
        if jwt:
            found = self._by_jwt(jwt, project, request.line)
        return found and found._replace(user=self.users.note_access(found.user))

    def by_credential(self, text: str, project: str) -> SignedIn | None:
        """The user of `project` who holds this text as his session, unless that has ended."""
        found = decode(text)
        signed_in = self._by_secret(*found, project) if found else None
        return signed_in and signed_in._replace(user=self.users.note_access(signed_in.user))

    def _by_session(self, request: Request, project: str) -> SignedIn | None:
        credential = cookies.read(request, project)
        if credential is None:
            return None
        found = self._by_secret(credential.user_id, credential.secret, project)
        return found and found._replace(is_fallback=credential.is_fallback)

    def _by_secret(self, user_id: str, secret: str, project: str) -> SignedIn | None:
        session = self.sessions.find(project, user_id, secret)
        user = self.users.find(project, user_id)
        if session is None or user is None:
            return None
        return SignedIn(user, session.id, lasts_with=session.id)

    def _by_jwt(self, jwt: str, project: str, line: str) -> SignedIn | None:
        try:
            claims = self.jwts.read(jwt, project)
        except TokenInvalid as exc:
            message = f"Failed to verify JWT. Invalid token: {exc}"
            raise ApiError("user_jwt_invalid", message) from exc
        self.jwts.check(claims, project, line)
        user = self.users.find(project, claims.user_id)
        if user is None:
            return None
        if claims.session_id and not self.sessions.is_there(project, user.id, claims.session_id):
            return None
        return SignedIn(user, lasts_with=claims.session_id)
