"""The console's view: which projects there are, and who owns them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from .. import query
from ..errors import ApiError
from ..models import CONSOLE, Caller, Function, Project, unique_id
from ..query import Attribute
from .api_keys import ApiKeys
from .ground import Ground
from .records import Listing, Records
from .teams import Teams

ATTRIBUTES = {
    "name": Attribute("name", "string"),
    "teamId": Attribute("teamId", "string"),
}

_TEAM = "personal"
_TEAM_NAME = "Personal projects"


class Console:
    """All projects: those made here, those declared, and, unless strict, any that is used."""

    def __init__(self, ground: Ground, teams: Teams, api_keys: ApiKeys, announced: str) -> None:
        self._ground = ground
        self.find_key = api_keys.find
        self._records = Records(ground, Project)
        self._functions = Records(ground, Function)
        self._teams = teams
        self._announced = announced
        self._began = ground.now()

    def knows(self, id: str) -> bool:
        """Whether there is such a project: strict servers know those declared or made here."""
        config = self._ground.config
        return (
            not config.strict
            or id == self._announced
            or any(key.project in ("", id) for key in config.keys)
            or self._records.get(CONSOLE, id) is not None
        )

    def get(self, id: str) -> Project:
        """The project. Raises ApiError project_not_found."""
        if id == CONSOLE or not self.knows(id):
            raise ApiError("project_not_found")
        return self._records.get(CONSOLE, id) or self._implied(id)

    def team_of(self, id: str) -> str:
        """The id of the team that develops the project."""
        project = self._records.get(CONSOLE, id)
        return project.team_id if project else _TEAM

    def create(
        self, caller: Caller, id: str, team_id: str, name: str, profile: Mapping[str, str]
    ) -> Project:
        """Add a project. Raises ApiError: team_not_found, project_reserved_project,
        project_already_exists."""
        team = self._teams.get(caller, team_id)
        id = unique_id() if id == "unique()" else id
        if id == CONSOLE:
            raise ApiError("project_reserved_project", "'console' is a reserved project.")
        if self._records.get(CONSOLE, id):
            raise ApiError("project_already_exists")
        born = self._records.born(CONSOLE)
        project = Project(id=id, **born, name=name, team_id=team.id, profile=dict(profile))
        return self._records.add(project)

    def update(self, id: str, name: str, profile: Mapping[str, str]) -> Project:
        """Name the project and say what it is about. Raises ApiError project_not_found."""
        project = self.get(id)
        if self._records.get(CONSOLE, id) is None:
            project = self._records.add(replace(project, **self._records.born(CONSOLE)))
        return self._records.change(project, name=name, profile=dict(profile))

    def page(self, listing: Listing) -> tuple[list[Project], int]:
        """One page of the projects, and how many match."""
        rows = {project.id: project.to_row() for project in self._all()}
        found = [row for row in rows.values() if not listing.search or _is_found(row, listing)]
        page = query.select(
            found,
            listing.query,
            resource="Project",
            count=listing.count,
            find=rows.get,
        )
        return [Project.from_row(row) for row in page.rows], page.total

    def welcome(self, user_id: str) -> None:
        """Make a developer an owner of the organization that owns what nobody made."""
        self._teams.join(CONSOLE, _TEAM, _TEAM_NAME, user_id)

    def _all(self) -> list[Project]:
        made = self._records.all(project=CONSOLE)
        implied = {self._announced, self._ground.config.project}
        implied |= {key.project for key in self._ground.config.keys}
        implied |= set(self._functions.count_by("project"))
        names = sorted(implied - {project.id for project in made} - {"", CONSOLE})
        numbers = count(-len(names))
        return [self._implied(id, sequence=next(numbers)) for id in names if self.knows(id)] + made

    def _implied(self, id: str, *, sequence: int = 0) -> Project:
        return Project(
            id=id,
            project=CONSOLE,
            created_at=self._began,
            updated_at=self._began,
            sequence=sequence,
            name=id,
            team_id=_TEAM,
        )


def _is_found(row: Mapping[str, object], listing: Listing) -> bool:
    return query.search(listing.search, [str(row["$id"]), str(row["name"])])
