"""Tokens: secrets with which a user signs in once."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import NamedTuple

from ..clock import stamp
from ..models import unique_id
from ..people import Token, User
from .ground import Ground
from .records import Records
from .sessions import digest


class Issued(NamedTuple):
    """A new token, and the one time that its secret is known."""

    token: Token
    secret: str


class Tokens:
    """The tokens of all users; only the hashes of their secrets are kept."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._records = Records(ground, Token, owner="userId")

    def issue(self, user: User, *, length: int, seconds: int) -> Issued:
        """A token with a secret of `length` hex digits that is valid for `seconds`."""
        secret = secrets.token_hex((length + 1) // 2)[:length]
        token = Token(
            id=unique_id(),
            **self._records.born(user.project),
            user_id=user.id,
            secret=digest(secret),
            expire=stamp(self._ground.clock.now() + timedelta(seconds=seconds)),
        )
        return Issued(self._records.add(token), secret)

    def redeem(self, user: User, secret: str) -> bool:
        """Whether `secret` is that of a valid token of `user`, which then is used up."""
        wanted, now = digest(secret), self._ground.now()
        for token in self._records.all(project=user.project, userId=user.id):
            if hmac.compare_digest(token.secret, wanted) and token.expire > now:
                self._records.remove([token])
                return True
        return False

    def delete_in(self, project: str) -> None:
        """Remove all tokens of a project."""
        self._records.remove(self._records.all(project=project))

    def delete_of(self, user: User) -> None:
        """Remove all tokens of a user who is being deleted."""
        self._records.remove(self._records.all(project=user.project, userId=user.id))
