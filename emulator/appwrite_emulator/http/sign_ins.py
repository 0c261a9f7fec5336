"""Who has signed in: the user whom a request's session or token names, and his roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import ApiError, Era
from ..people import Membership, User
from ..services.jwts import Jwts
from ..services.sessions import Sessions
from ..services.users import Users
from ..tokens import TokenInvalid
from . import cookies
from .request import Request


class SignedIn(NamedTuple):
    """A user, and how he came."""

    user: User
    session_id: str = ""  # empty when it was with a token
    is_fallback: bool = False


@dataclass(frozen=True, slots=True)
class SignIns:
    """Reads users out of requests. Nothing is remembered, so what ends ends at once."""

    users: Users
    sessions: Sessions
    jwts: Jwts
    memberships_of: Callable[[str, str], Sequence[Membership]]

    def identify(self, request: Request, project: str, era: Era) -> SignedIn | None:
        """The user of `project`; None for guests, whose session may have ended.

        Raises ApiError user_jwt_invalid, and for 1.9 user_jwt_and_cookie_set; in 1.6 a token wins
        over a session.
        """
        found = self._by_session(request, project)
        jwt = request.header("x-appwrite-jwt")
        if jwt and found and era == "1.9":
            raise ApiError("user_jwt_and_cookie_set")
        if jwt:
            found = self._by_jwt(jwt, project)
        return found and found._replace(user=self.users.note_access(found.user))

    def _by_session(self, request: Request, project: str) -> SignedIn | None:
        credential = cookies.read(request, project)
        if credential is None:
            return None
        session = self.sessions.find(project, credential.user_id, credential.secret)
        user = self.users.find(project, credential.user_id)
        if session is None or user is None:
            return None
        return SignedIn(user, session.id, credential.is_fallback)

    def _by_jwt(self, jwt: str, project: str) -> SignedIn | None:
        try:
            claims = self.jwts.read(jwt, project)
        except TokenInvalid as exc:
            message = f"Failed to verify JWT. Invalid token: {exc}"
            raise ApiError("user_jwt_invalid", message) from exc
        user = self.users.find(project, claims.user_id)
        if user is None:
            return None
        if claims.session_id and not self.sessions.is_there(project, user.id, claims.session_id):
            return None
        return SignedIn(user)

    def roles(self, user: User) -> tuple[str, ...]:
        """What permissions call `user`."""
        return tuple(dict.fromkeys(self._roles(user)))

    def _roles(self, user: User) -> Iterator[str]:
        is_verified = user.email_verification or user.phone_verification
        dimension = "verified" if is_verified else "unverified"
        yield from ("any", "users", f"user:{user.id}")
        yield from (f"user:{user.id}/{dimension}", f"users/{dimension}")
        for membership in self.memberships_of(user.project, user.id):
            if membership.confirm:
                team = f"team:{membership.team_id}"
                yield from (team, f"member:{membership.id}")
                yield from (f"{team}/{role}" for role in membership.roles)
        yield from (f"label:{label}" for label in user.labels)
