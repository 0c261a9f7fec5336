"""Memberships: a user's place in a team, with the roles it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import ApiError
from ..models import Caller
from ..people import Membership, Team, User
from ..query import Attribute
from .ground import Ground
from .records import Listing, Records
from .teams import Teams, is_owner
from .users import Users

ATTRIBUTES = {
    "userId": Attribute("userId", "string"),
    "teamId": Attribute("teamId", "string"),
    "invited": Attribute("invited", "datetime"),
    "joined": Attribute("joined", "datetime"),
    "confirm": Attribute("confirm", "bool"),
    "roles": Attribute("roles", "string[]"),
}


class Member(NamedTuple):
    """A membership with its team, and its user if that is to be shown."""

    membership: Membership
    team: Team
    user: User | None


class Memberships:
    """The memberships of all teams. Only privileged callers add some: there is no mail."""

    def __init__(
        self,
        ground: Ground,
        records: Records[Membership],
        teams: Teams,
        users: Users,
    ) -> None:
        self._ground = ground
        self._records = records
        self._teams = teams
        self._users = users

    def of(self, project: str, user_id: str) -> list[Membership]:
        """The memberships of a user, those that wait for confirmation too."""
        return self._records.all(project=project, userId=user_id)

    def delete_of(self, project: str, user_id: str) -> None:
        """Remove all memberships of a user who is being deleted."""
        self._records.remove(self.of(project, user_id))

    def create(self, caller: Caller, team_id: str, invited: Mapping[str, Any]) -> Member:
        """Add the user whom `userId`, `email` or `phone` name; unknown addresses make a user.

        Raises ApiError: general_argument_invalid, general_smtp_disabled, team_not_found,
        user_not_found, user_already_exists, membership_already_confirmed. The order of the checks
        is that of Appwrite 1.6.2 and 1.9.6 without a mail server.
        """
        _refuse_incomplete(caller, invited)
        team = self._teams.get(caller, team_id)
        invited = {**invited, "email": invited["email"].lower()}
        user = self._find_invited(team.project, invited)
        if user and self._records.all(project=team.project, teamId=team.id, userId=user.id):
            raise ApiError("membership_already_confirmed")
        with self._ground.state.transaction():
            user = user or self._add_user(team.project, invited)
            membership = self._teams.admit(team, user.id, invited["roles"])
        return Member(membership, team, user)

    def _find_invited(self, project: str, invited: Mapping[str, str]) -> User | None:
        if invited["userId"]:
            user = self._users.find(project, invited["userId"])
            if user is None:
                raise ApiError("user_not_found", "User with given userId doesn't exist.")
            _refuse_other(user, invited, "userId", ("email", "phone"))
            return user
        if not invited["email"]:
            return self._users.by_phone(project, invited["phone"])
        user = self._users.by_email(project, invited["email"])
        if user:
            _refuse_other(user, invited, "email", ("phone",))
        return user

    def _add_user(self, project: str, invited: Mapping[str, str]) -> User:
        """Somebody without a password, as whom nobody can sign in by one."""
        values = {name: invited[name] for name in ("email", "phone")}
        values["name"] = invited["name"] or invited["email"]
        return self._users.create(project, "unique()", values)

    def page(self, caller: Caller, team_id: str, listing: Listing) -> tuple[list[Member], int]:
        """One page of the team's memberships, and how many match. Raises ApiError
        team_not_found."""
        team = self._teams.get(caller, team_id)
        found, total = self._records.page(listing, team.project, teamId=team.id)
        return [self._shown(caller, membership, team) for membership in found], total

    def get(self, caller: Caller, team_id: str, id: str) -> Member:
        """The membership. Raises ApiError: team_not_found, membership_not_found."""
        team = self._teams.get(caller, team_id)
        membership = self._records.get(team.project, id)
        if membership is None or membership.team_id != team.id:
            raise ApiError("membership_not_found")
        return self._shown(caller, membership, team)

    def update(self, caller: Caller, team_id: str, id: str, roles: Sequence[str]) -> Member:
        """Change the roles. Raises ApiError: team_not_found, membership_not_found,
        user_unauthorized."""
        membership, team, _ = self.get(caller, team_id, id)
        user = self._users.find(team.project, membership.user_id)
        if not is_owner(caller, team):
            raise ApiError("user_unauthorized", "User is not allowed to modify roles")
        return Member(self._records.change(membership, roles=tuple(roles)), team, user)

    def delete(self, caller: Caller, team_id: str, id: str) -> Member:
        """Remove the membership, which is returned; members may leave. Raises ApiError:
        team_invite_not_found, team_not_found, team_membership_mismatch, user_unauthorized."""
        membership = self._records.get(caller.project, id)
        if membership is None:
            raise ApiError("team_invite_not_found")
        team = self._teams.get(caller, team_id)
        if membership.team_id != team.id:
            raise ApiError("team_membership_mismatch")
        if not is_owner(caller, team) and membership.user_id != caller.user_id:
            raise ApiError("user_unauthorized")
        self._records.remove([membership])
        return Member(membership, team, self._users.find(team.project, membership.user_id))

    def _shown(self, caller: Caller, membership: Membership, team: Team) -> Member:
        """Members do not see the names and addresses of others: new projects hide them."""
        is_hidden = not caller.is_privileged
        user = None if is_hidden else self._users.find(team.project, membership.user_id)
        return Member(membership, team, user)


def _refuse_incomplete(caller: Caller, invited: Mapping[str, str]) -> None:
    if not invited["url"] and not caller.is_privileged:
        raise ApiError("general_argument_invalid", "URL is required")
    if not (invited["userId"] or invited["email"] or invited["phone"]):
        message = "At least one of userId, email, or phone is required"
        raise ApiError("general_argument_invalid", message)
    if not caller.is_privileged:
        raise ApiError("general_smtp_disabled")


def _refuse_other(
    user: User, invited: Mapping[str, str], known: str, addresses: Sequence[str]
) -> None:
    for name in addresses:
        if invited[name] and invited[name] != getattr(user, name):
            raise ApiError("user_already_exists", f"Given {known} and {name} doesn't match")
