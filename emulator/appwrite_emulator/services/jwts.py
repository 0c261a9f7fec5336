"""JSON web tokens of users: issued for a while, read from requests."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import NamedTuple

from .. import tokens
from ..errors import ApiError
from ..models import Caller
from .ground import Ground
from .leftovers import LateCall

_LATE = (
    "The token was given to a run of a function that began before the state was restored; it "
    "holds no more."
)


class Claims(NamedTuple):
    """Whom a token names. It holds as long as its session exists, if it has one."""

    user_id: str
    session_id: str = ""
    epoch: str = ""  # the mark of the one in which it holds, if it was given to a run


class Jwts:
    """Signs and reads the tokens of users.

    A token does not say of which project it is, and the ids of users can be chosen: one without a
    session, which would tell, is signed for its project.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def issue(self, project: str, user_id: str, session_id: str | None, *, seconds: float) -> str:
        """A token for the user that is valid for `seconds`; None leaves its session out."""
        return self._signed(project, Claims(user_id, session_id or ""), session_id, seconds)

    def lend(self, project: str, user_id: str, session_id: str | None, *, seconds: float) -> str:
        """The same for a run that acts for the user: it holds until the state is put back."""
        mark = self._ground.epochs.mark(project)
        return self._signed(project, Claims(user_id, session_id or "", mark), session_id, seconds)

    def check(self, claims: Claims, project: str, request: str) -> None:
        """Raise ApiError emulator_restored when the token with which `request` comes was given to
        a run that began before the state was put back."""
        if self._ground.epochs.is_past(project, claims.epoch):
            owner = self._ground.epochs.owner_of(claims.epoch)
            self._ground.epochs.note_late(LateCall(project, "", request, owner))
            raise ApiError("emulator_restored", _LATE)

    def _signed(self, project: str, who: Claims, session_id: str | None, seconds: float) -> str:
        claims = {"userId": who.user_id}
        if session_id is not None:
            claims["sessionId"] = session_id
        if who.epoch:
            claims["epoch"] = who.epoch
        expires_at = self._ground.clock.now() + timedelta(seconds=seconds)
        secret = self._ground.secret if session_id else self._secret_of(project)
        return tokens.sign(claims, secret, expires_at=expires_at)

    def for_run(self, caller: Caller, *, seconds: float) -> str:
        """What a synchronous run gets to act as its caller; empty for who came without a session.

        Source: Appwrite 1.6.2 and 1.9.6.
        """
        if not caller.session_id:
            return ""
        return self.lend(caller.home, caller.user_id, caller.session_id, seconds=seconds)

    def read(self, token: str, project: str) -> Claims:
        """Whom of `project` the token names, "" if it is no user's. Raises TokenInvalid."""
        now = self._ground.clock.now()
        try:
            claims = tokens.verify(token, self._ground.secret, now)
        except tokens.SignatureFailed:
            claims = tokens.verify(token, self._secret_of(project), now)
            return Claims(claims["userId"], epoch=claims.get("epoch", ""))
        if not claims.get("sessionId"):  # the key of a function
            return Claims("")
        return Claims(claims["userId"], claims["sessionId"], claims.get("epoch", ""))

    def _secret_of(self, project: str) -> bytes:
        return hmac.digest(self._ground.secret, project.encode(), "sha256")
