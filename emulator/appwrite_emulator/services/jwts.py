"""JSON web tokens of users: issued for a while, read from requests."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import NamedTuple

from .. import tokens
from ..models import Caller
from .ground import Ground


class Claims(NamedTuple):
    """Whom a token names. It holds as long as its session exists, if it has one."""

    user_id: str
    session_id: str = ""


class Jwts:
    """Signs and reads the tokens of users.

    A token does not say of which project it is, and the ids of users can be chosen: one without a
    session, which would tell, is signed for its project.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def issue(self, project: str, user_id: str, session_id: str | None, *, seconds: float) -> str:
        """A token for the user that is valid for `seconds`; None leaves its session out."""
        claims = {"userId": user_id}
        if session_id is not None:
            claims["sessionId"] = session_id
        expires_at = self._ground.clock.now() + timedelta(seconds=seconds)
        secret = self._ground.secret if session_id else self._secret_of(project)
        return tokens.sign(claims, secret, expires_at=expires_at)

    def for_run(self, caller: Caller, *, seconds: float) -> str:
        """What a synchronous run gets to act as its caller; empty for who came without a session.

        Source: Appwrite 1.6.2 and 1.9.6.
        """
        if not caller.session_id:
            return ""
        return self.issue(caller.home, caller.user_id, caller.session_id, seconds=seconds)

    def read(self, token: str, project: str) -> Claims:
        """Whom of `project` the token names, "" if it is no user's. Raises TokenInvalid."""
        now = self._ground.clock.now()
        try:
            claims = tokens.verify(token, self._ground.secret, now)
        except tokens.SignatureFailed:
            return Claims(tokens.verify(token, self._secret_of(project), now)["userId"])
        if not claims.get("sessionId"):  # the key of a function
            return Claims("")
        return Claims(claims["userId"], claims["sessionId"])

    def _secret_of(self, project: str) -> bytes:
        return hmac.digest(self._ground.secret, project.encode(), "sha256")
