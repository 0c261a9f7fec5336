"""Who uses a project: the records of users, their sessions and tokens, teams and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .models import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Record):
    """Somebody with an account in a project; those of project `console` are developers."""

    table: ClassVar[str] = "users"

    name: str = ""
    email: str = ""
    phone: str = ""
    password: str = ""  # its hash; empty for users who cannot sign in by one
    status: bool = True  # False: blocked
    labels: tuple[str, ...] = ()
    password_update: str = ""
    email_verification: bool = False
    phone_verification: bool = False
    registration: str = ""
    accessed_at: str = ""
    prefs: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Record):
    """A user who is signed in until `expire`."""

    table: ClassVar[str] = "sessions"

    user_id: str
    secret: str  # its hash: the client alone holds the secret itself
    expire: str
    provider: str = "email"  # email, anonymous, server or token
    provider_uid: str = ""
    factors: tuple[str, ...] = ()
    ip: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Record):
    """A secret by which a user can sign in once, until `expire`."""

    table: ClassVar[str] = "tokens"

    user_id: str
    secret: str  # its hash
    expire: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Team(Record):
    """Users who share roles; how many they are is counted, not stored."""

    table: ClassVar[str] = "teams"

    name: str
    prefs: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Record):
    """A user's place in a team; it gives roles once it is confirmed."""

    table: ClassVar[str] = "memberships"

    user_id: str
    team_id: str
    roles: tuple[str, ...] = ()
    invited: str = ""
    joined: str = ""
    confirm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey(Record):
    """A key of a project that was made through the API, not declared."""

    table: ClassVar[str] = "keys"

    name: str
    secret: str
    scopes: tuple[str, ...] = ()
    expire: str = ""  # empty: never
