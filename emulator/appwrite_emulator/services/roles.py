"""Roles: what permissions call somebody, as the rows of now say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ..people import User
from .memberships import Memberships
from .sessions import Sessions
from .users import Users

GUEST = ("any", "guests")
"""The roles of who has not signed in."""


class Identity(NamedTuple):
    """By what somebody is known who stays: a user, and the session by which he came."""

    user_id: str = ""  # empty for guests
    session_id: str = ""  # empty when it was with a token that needs none


@dataclass(frozen=True, slots=True)
class Roles:
    """Finds the roles of users. Nothing is remembered, so what ends ends at once."""

    users: Users
    sessions: Sessions
    memberships: Memberships

    def of_user(self, user: User) -> tuple[str, ...]:
        """What permissions call `user`."""
        return tuple(dict.fromkeys(self._of_user(user)))

    def of(self, project: str, identity: Identity) -> tuple[str, ...]:
        """What permissions call who is known by `identity`: a guest once his session has ended,
        or his user is blocked or gone."""
        user = self.users.find(project, identity.user_id) if identity.user_id else None
        if user is None or not user.status:
            return GUEST
        session = identity.session_id
        if session and not self.sessions.is_open(project, user.id, session):
            return GUEST
        return self.of_user(user)

    def until(self, project: str, identity: Identity) -> str:
        """When the roles of who is known by `identity` end by themselves; empty if never."""
        return self.sessions.end_of(project, identity.session_id) if identity.session_id else ""

    def _of_user(self, user: User) -> Iterator[str]:
        is_verified = user.email_verification or user.phone_verification
        dimension = "verified" if is_verified else "unverified"
        yield from ("any", "users", f"user:{user.id}")
        yield from (f"user:{user.id}/{dimension}", f"users/{dimension}")
        for membership in self.memberships.of(user.project, user.id):
            if membership.confirm:
                team = f"team:{membership.team_id}"
                yield from (team, f"member:{membership.id}")
                yield from (f"{team}/{role}" for role in membership.roles)
        yield from (f"label:{label}" for label in user.labels)
