"""The people of a test: who calls, as whom."""

from __future__ import annotations

from urllib.parse import quote

from .api import Api, Refused


class People:
    """Users that are made when a test first names them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._sessions: dict[str, str] = {}

    def headers(self, user: str = "", *, guest: bool = False) -> dict[str, str]:
        """What says who calls: `user`, nobody, or else the server."""
        if guest:
            return self._api.as_guest
        if not user:
            return self._api.as_server
        return {**self._api.as_guest, "x-appwrite-session": self.session(user)}

    def session(self, user: str) -> str:
        """The secret of a session of `user`, who is made if he is not there. Raises Refused."""
        if user not in self._sessions:
            self._make(user)
            path = f"/users/{quote(user, safe='')}/sessions"
            self._sessions[user] = self._api.ask("POST", path)["secret"]
        return self._sessions[user]

    def _make(self, user: str) -> None:
        try:
            self._api.ask("POST", "/users", {"userId": user, "name": user})
        except Refused as exc:
            if exc.type != "user_already_exists":
                raise
