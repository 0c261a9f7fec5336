"""Sessions: who is signed in, by a secret of which only the hash is kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from ..clock import stamp
from ..errors import ApiError
from ..models import unique_id
from ..people import Session, User
from .ground import Ground
from .records import Records

DURATION = timedelta(days=365)

_MOST = 10  # sessions that a user opens for himself; the oldest go first
_FACTORS = {"email": "password", "anonymous": "anonymous", "token": "token", "server": "server"}


class Device(NamedTuple):
    """Where somebody signs in from."""

    ip: str = ""
    user_agent: str = ""


class Opened(NamedTuple):
    """A new session, and the one time that its credential is known."""

    session: Session
    credential: str  # what the client sends as cookie or header


def encode(user_id: str, secret: str) -> str:
    """A session as clients hold it."""
    value = json.dumps({"id": user_id, "secret": secret}, separators=(",", ":"))
    return base64.b64encode(value.encode()).decode()


def decode(credential: str) -> tuple[str, str] | None:
    """(user id, secret) of what a client holds; None when it is not of that form."""
    try:
        value = json.loads(base64.b64decode(credential.encode()))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    id, secret = value.get("id"), value.get("secret")
    if not (isinstance(id, str) and isinstance(secret, str) and id and secret):
        return None
    return id, secret


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class Sessions:
    """The sessions of all users. They end at the clock's time, or when they are deleted."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._records = Records(ground, Session, owner="userId", found_by=("secret",))

    def open(self, user: User, device: Device, *, provider: str, uid: str = "") -> Opened:
        """Sign `user` in by `provider`: email, anonymous, token or server."""
        secret, born = secrets.token_hex(128), self._records.born(user.project)
        session = Session(
            id=unique_id(),
            **born,
            user_id=user.id,
            secret=digest(secret),
            expire=stamp(datetime.fromisoformat(born["created_at"]) + DURATION),
            provider=provider,
            provider_uid=uid,
            factors=(_FACTORS[provider],),
            ip=device.ip,
            user_agent=device.user_agent,
        )
        session = self._records.add(session)
        if provider != "server":
            self._records.remove(self.of(user)[:-_MOST])
        return Opened(session, encode(user.id, secret))

    def find(self, project: str, user_id: str, secret: str) -> Session | None:
        """The user's session with this secret, unless it has expired."""
        session = self._records.latest(project=project, secret=digest(secret))
        if session is None or session.user_id != user_id or session.expire <= self._ground.now():
            return None
        return session

    def is_there(self, project: str, user_id: str, id: str) -> bool:
        """Whether the user has this session, expired or not."""
        session = self._records.get(project, id)
        return session is not None and session.user_id == user_id

    def is_open(self, project: str, user_id: str, id: str) -> bool:
        """Whether the user is signed in by this session, which has not expired."""
        session = self._records.get(project, id)
        if session is None or session.user_id != user_id:
            return False
        return session.expire > self._ground.now()

    def end_of(self, project: str, id: str) -> str:
        """When the session expires; empty when it is not there."""
        session = self._records.get(project, id)
        return session.expire if session else ""

    def get(self, user: User, id: str) -> Session:
        """The user's session. Raises ApiError user_session_not_found."""
        session = self._records.get(user.project, id)
        if session is None or session.user_id != user.id:
            raise ApiError("user_session_not_found")
        return session

    def known(self, user: User, id: str) -> str:
        """The id of the user's session `id`, or of his `recent` one; "" when there is none."""
        ids = [session.id for session in self.of(user)]
        if id == "recent":
            return ids[-1] if ids else ""
        return id if id in ids else ""

    def of(self, user: User) -> list[Session]:
        """All sessions of `user`, the oldest first."""
        return self._records.all(project=user.project, userId=user.id)

    def close(self, session: Session) -> None:
        """Sign its user out there."""
        self._records.remove([session])

    def close_all(self, user: User) -> list[Session]:
        """Sign `user` out everywhere; the sessions there were."""
        closed = self.of(user)
        self._records.remove(closed)
        return closed

    def close_in(self, project: str) -> None:
        """Sign everybody out of a project."""
        self._records.remove(self._records.all(project=project))
