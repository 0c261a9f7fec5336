"""Teams: users who share roles, seen by their members and changed by their owners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ApiError
from ..models import Caller, Row, unique_id
from ..people import Membership, Team
from ..query import Attribute
from .ground import Ground
from .records import Listing, Records


class Teams:
    """The teams of all projects. Who is neither member nor privileged does not see a team."""

    def __init__(self, ground: Ground, memberships: Records[Membership]) -> None:
        self._ground = ground
        self._records = Records(ground, Team, searched=("$id", "name"))
        self._memberships = memberships
        self.attributes = {
            "name": Attribute("name", "string"),
            "total": Attribute("total", "int", self._total_of_row),
            "billingPlan": Attribute("billingPlan", "string"),
        }

    def create(self, caller: Caller, id: str, name: str, roles: Sequence[str]) -> Team:
        """Add a team, empty when the caller is privileged, else with the caller as its owner.

        Raises ApiError team_already_exists.
        """
        id = unique_id() if id == "unique()" else id
        if self._records.get(caller.project, id):
            raise ApiError("team_already_exists")
        team = Team(id=id, **self._records.born(caller.project), name=name)
        with self._ground.state.transaction():
            team = self._records.add(team)
            if not caller.is_privileged:
                roles = roles if "owner" in roles else (*roles, "owner")
                self.admit(team, caller.user_id, roles)
        return team

    def admit(self, team: Team, user_id: str, roles: Sequence[str]) -> Membership:
        """Make a user a confirmed member."""
        born = self._memberships.born(team.project)
        membership = Membership(
            id=unique_id(),
            **born,
            user_id=user_id,
            team_id=team.id,
            roles=tuple(roles),
            invited=born["created_at"],
            joined=born["created_at"],
            confirm=True,
        )
        return self._memberships.add(membership)

    def join(self, project: str, id: str, name: str, user_id: str) -> None:
        """Make a user an owner of the team, which is made when it is not there."""
        with self._ground.state.transaction():
            team = self._records.get(project, id)
            if team is None:
                born = self._records.born(project)
                team = self._records.add(Team(id=id, **born, name=name))
            if not self._memberships.all(project=project, teamId=id, userId=user_id):
                self.admit(team, user_id, ("owner",))

    def get(self, caller: Caller, id: str) -> Team:
        """The team. Raises ApiError team_not_found."""
        team = self._records.get(caller.project, id)
        if team is None or not _is_seen(caller, id):
            raise ApiError("team_not_found")
        return team

    def page(self, caller: Caller, listing: Listing) -> tuple[list[Team], int]:
        """One page of the teams that the caller sees, and how many match."""
        only = None if caller.is_privileged else lambda row: _is_seen(caller, row["$id"])
        return self._records.page(listing, caller.project, only=only)

    def update(self, caller: Caller, id: str, **changes: Any) -> Team:
        """Change the name or the preferences. Raises ApiError: team_not_found,
        user_unauthorized."""
        team = self.get(caller, id)
        refuse_members(caller, team)
        return self._records.change(team, **changes)

    def delete(self, caller: Caller, id: str) -> None:
        """Remove the team and its memberships. Raises ApiError: team_not_found,
        user_unauthorized."""
        team = self.get(caller, id)
        refuse_members(caller, team)
        with self._ground.state.transaction():
            self._memberships.remove(self._memberships.all(project=team.project, teamId=team.id))
            self._records.remove([team])

    def total(self, team: Team) -> int:
        """How many members have confirmed."""
        return self._count(team.project, team.id)

    def _total_of_row(self, row: Row) -> int:
        return self._count(row["project"], row["$id"])

    def _count(self, project: str, id: str) -> int:
        return self._memberships.count(project=project, teamId=id, confirm=True)


def _is_seen(caller: Caller, id: str) -> bool:
    return caller.is_privileged or f"team:{id}" in caller.roles


def is_owner(caller: Caller, team: Team) -> bool:
    """Whether the caller may change `team`."""
    return caller.is_privileged or f"team:{team.id}/owner" in caller.roles


def refuse_members(caller: Caller, team: Team) -> None:
    """Raises ApiError user_unauthorized unless the caller may change `team`."""
    if not is_owner(caller, team):
        raise ApiError("user_unauthorized")
