"""The people of a test: who calls, as whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..declared import Key
from ..errors import ApiError
from ..people import Membership, Session, User
from ..services.sessions import Device, Opened
from .person import Person, Teams, listed
from .stage import Stage

__tracebackhide__ = True  # pytest shows the line of the test, none of here

_FIELDS = {
    "name": "name",
    "prefs": "prefs",
    "verification": "email_verification",
    "phone_verification": "phone_verification",
    "status": "status",
}


class People:
    """Users that are made when a test first names them.

    They are made aside from the API: no function hears of it by an event.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._opened: dict[str, Opened] = {}  # sessions by user; touched in the loop only

    def user(
        self,
        id: str,
        labels: Iterable[str] | None = None,
        teams: Teams | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> User:
        """The user, made or changed until he is as wanted. Raises TypeError, ValueError, Refused
        for an address that somebody else has."""
        return self._stage.in_loop(self._bring, Person.wanted(id, labels, teams, attributes))

    def headers(self, user: str | None = None, *, guest: bool = False) -> dict[str, str]:
        """What says who calls: `user`, nobody, or else the server."""
        if user is not None and guest:
            raise TypeError(f"Call as the user {user!r} or as a guest: one of both.")
        api = self._stage.api
        if user is None:
            return api.as_guest if guest else api.as_server
        return {**api.as_guest, "x-appwrite-session": self.session(user)}

    def session(self, user: str) -> str:
        """The secret of a session of `user`, who is made if he is not there."""
        return self._stage.in_loop(self._open, Person.wanted(user)).credential

    def jwt(self, user: str, seconds: float) -> str:
        """A JSON web token of `user`, for a session of his."""
        return self._stage.in_loop(self._issue, Person.wanted(user), seconds)

    def key(self, scopes: Iterable[str]) -> str:
        """The secret of an API key that may do only that. Raises ConfigError, a ValueError, for
        scopes that there are not."""
        return self._stage.in_loop(self._make_key, Key("of a test", listed("scopes", scopes)))

    def _make_key(self, wanted: Key) -> str:
        """A new key, or the one that there is: a reset may have removed it."""
        keys, project = self._stage.emulator.services.api_keys, self._stage.project
        for made in keys.of(project):
            if (made.name, made.scopes) == (wanted.secret, wanted.scopes):
                return made.secret
        values = {"name": wanted.secret, "scopes": wanted.scopes, "expire": ""}
        return keys.create(project, "unique()", values).secret

    def _issue(self, person: Person, seconds: float) -> str:
        session = self._open(person).session
        jwts = self._stage.emulator.services.jwts
        return jwts.issue(session.project, person.id, session.id, seconds=seconds)

    def _open(self, person: Person) -> Opened:
        """A session that is open now: the test may have ended the one before."""
        services, opened = self._stage.emulator.services, self._opened.get(person.id)
        if opened is None or not self._is_open(opened.session):
            device = Device("127.0.0.1", "appwrite-emulator")
            opened = services.sessions.open(self._bring(person), device, provider="server")
            self._opened[person.id] = opened
        return opened

    def _is_open(self, session: Session) -> bool:
        sessions = self._stage.emulator.services.sessions
        return sessions.is_open(session.project, session.user_id, session.id)

    def _bring(self, person: Person) -> User:
        services, project = self._stage.emulator.services, self._stage.project
        with services.ground.state.transaction():
            if services.users.find(project, person.id) is None:
                services.users.create(project, person.id, {"name": person.id})
            self._give_addresses(person)
            changes = {_FIELDS[k]: v for k, v in person.attributes.items() if k in _FIELDS}
            if person.labels is not None:
                changes["labels"] = person.labels
            if changes:
                services.users.update(project, person.id, **changes)
            if person.teams is not None:
                self._join(person.id, person.teams)
            return services.users.get(project, person.id)

    def _give_addresses(self, person: Person) -> None:
        """Email, phone and password, which are the concern of others too."""
        services, project = self._stage.emulator.services, self._stage.project
        user, wanted = services.users.get(project, person.id), person.attributes
        if wanted.get("email", user.email).lower() != user.email:
            services.users.set_email(project, user.id, wanted["email"])
        if wanted.get("phone", user.phone) != user.phone:
            services.users.set_phone(project, user.id, wanted["phone"])
        if "password" in wanted:
            services.set_password(project, user.id, wanted["password"])

    def _join(self, user: str, teams: Mapping[str, tuple[str, ...]]) -> None:
        """Make the user a member of just these teams, with just these roles."""
        memberships, caller = self._stage.emulator.services.memberships, self._stage.caller
        known = {each.team_id: each for each in memberships.of(self._stage.project, user)}
        for id in known.keys() - teams.keys():
            memberships.delete(caller, id, known[id].id)
        for id, roles in teams.items():
            self._admit(user, id, roles, known.get(id))

    def _admit(
        self, user: str, team: str, roles: tuple[str, ...], known: Membership | None
    ) -> None:
        services, caller = self._stage.emulator.services, self._stage.caller
        if known and known.confirm:
            services.memberships.update(caller, team, known.id, roles)
            return
        if known:  # who was invited and has not answered
            services.memberships.delete(caller, team, known.id)
        self._bring_team(team)
        wanted = {"userId": user, "email": "", "phone": "", "name": "", "url": "", "roles": roles}
        services.memberships.create(caller, team, wanted)

    def _bring_team(self, id: str) -> None:
        services, caller = self._stage.emulator.services, self._stage.caller
        try:
            services.teams.get(caller, id)
        except ApiError:
            services.teams.create(caller, id, id, ())
