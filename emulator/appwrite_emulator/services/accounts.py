"""Accounts: what people do for themselves, sign up and sign in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..config import Config
from ..errors import ApiError
from ..models import CONSOLE
from ..people import User
from . import passwords
from .sessions import Device, Opened, Sessions
from .tokens import Tokens
from .users import Users


class Accounts:
    """Signing up and in. The users of project `console` are developers, who may do everything."""

    def __init__(
        self,
        config: Config,
        users: Users,
        sessions: Sessions,
        tokens: Tokens,
        welcome: Callable[[str], None],  # called with the id of each developer who comes
    ) -> None:
        self._welcome = welcome
        self._config = config
        self._users = users
        self._sessions = sessions
        self._tokens = tokens

    def create(self, project: str, id: str, values: Mapping[str, str]) -> User:
        """A new account. Raises ApiError user_already_exists; for the console of a strict
        emulator, which has its developers by its keys, user_count_exceeded."""
        if project == CONSOLE and self._config.strict:
            raise ApiError("user_count_exceeded")
        user = self._users.create(project, id, values, is_present=True)
        if project == CONSOLE:
            self._welcome(user.id)
        return user

    def open_by_email(self, project: str, email: str, password: str, device: Device) -> Opened:
        """Sign in by email and password. Raises ApiError user_invalid_credentials, user_blocked."""
        user = self._users.by_email(project, email)
        if project == CONSOLE:
            user = self._developer(user, email, password)
        elif user is None or not passwords.is_correct(password, user.password):
            raise ApiError("user_invalid_credentials")
        if not user.status:
            raise ApiError("user_blocked")
        return self._sessions.open(user, device, provider="email", uid=user.email)

    def open_anonymous(self, project: str, device: Device) -> Opened:
        """Sign in as somebody new. Raises ApiError user_anonymous_console_prohibited."""
        if project == CONSOLE:
            raise ApiError("user_anonymous_console_prohibited")
        user = self._users.create(project, "unique()", {}, is_present=True)
        return self._sessions.open(user, device, provider="anonymous")

    def open_by_token(self, project: str, user_id: str, secret: str, device: Device) -> Opened:
        """Sign in by a token. Raises ApiError user_invalid_token."""
        user = self._users.find(project, user_id)
        if user is None or not self._tokens.redeem(user, secret):
            raise ApiError("user_invalid_token")
        return self._sessions.open(user, device, provider="token")

    def _developer(self, user: User | None, email: str, password: str) -> User:
        """Anybody may develop here, and gets an account at the first sign-in; where not any key
        will do, one that may do everything is the password."""
        if self._config.strict and password not in self._config.full_keys:
            raise ApiError("user_invalid_credentials")
        if user is None:
            values = {"email": email, "password": password}
            user = self._users.create(CONSOLE, "unique()", values, is_present=True)
        self._welcome(user.id)
        return user
