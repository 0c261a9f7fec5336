"""The doors of teams and their memberships."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..people import Team
from ..services import memberships as service
from ..services.memberships import Member, Memberships
from ..services.teams import Teams
from . import render_teams, validators
from .body import read_body
from .credentials import EMAIL, PHONE
from .listing import LIST, read_listing
from .params import Param, read
from .render import Wire, listing
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route
from .validators import ArrayOf, CustomId, Object, Text, Uid
from .wire_people import listed

READ = ("teams.read",)
WRITE = ("teams.write",)

_TEAM = (
    Param("teamId", CustomId()),
    Param("name", Text(128)),
    Param("roles", ArrayOf(validators.key()), ("owner",)),
)
_NAME = (Param("name", Text(128)),)
_PREFS = (Param("prefs", Object()),)
_ROLES = Param("roles", ArrayOf(validators.key(81)))
_ROLES_16 = Param("roles", ArrayOf(validators.key()))
_INVITED = (
    Param("email", EMAIL, ""),
    Param("userId", Uid(), ""),
    Param("phone", PHONE, ""),
    _ROLES,
    Param("url", Text(2048, 0), ""),
    Param("name", Text(128), ""),
)


@dataclass(frozen=True, slots=True)
class TeamDoors:
    """Create, list, get, rename and delete teams; read and write their preferences."""

    teams: Teams

    def routes(self) -> Iterator[Route]:
        all, one = "/v1/teams", "/v1/teams/{teamId}"
        created = Operation("teams.create", _TEAM, 201, "team")
        listed = Operation("teams.list", LIST, model="teamList")
        got = Operation("teams.get", model="team")
        renamed = Operation("teams.updateName", _NAME, model="team")
        deleted = Operation("teams.delete", status=204)
        prefs = Operation("teams.getPrefs", model="preferences")
        new_prefs = Operation("teams.updatePrefs", _PREFS, model="preferences")
        event, at_prefs = "teams.[teamId]", one + "/prefs"
        changed = f"{event}.update.prefs"
        yield Route("POST", all, self.create, WRITE, created, event=f"{event}.create")
        yield Route("GET", all, self.list, READ, listed)
        yield Route("GET", one, self.get, READ, got)
        yield Route("PUT", one, self.rename, WRITE, renamed, event=f"{event}.update")
        yield Route("DELETE", one, self.delete, WRITE, deleted, event=f"{event}.delete")
        yield Route("GET", at_prefs, self.get_prefs, READ, prefs)
        yield Route("PUT", at_prefs, self.set_prefs, WRITE, new_prefs, event=changed)

    async def create(self, request: Request) -> Reply:
        values = read(_TEAM, await read_body(request))
        team = self.teams.create(request.caller, values["teamId"], values["name"], values["roles"])
        return self._changed(team, request, status=201)

    async def list(self, request: Request) -> Reply:
        wanted = read_listing(request, self.teams.attributes)
        found, total = self.teams.page(request.caller, wanted)
        return json_reply(listing("teams", map(self._wire, found), total), 200)

    async def get(self, request: Request) -> Reply:
        return json_reply(self._wire(self._team(request)), 200)

    async def rename(self, request: Request) -> Reply:
        values = read(_NAME, await read_body(request))
        id = request.path_params["teamId"]
        return self._changed(self.teams.update(request.caller, id, **values), request)

    async def delete(self, request: Request) -> Reply:
        team = self._team(request)
        wire = self._wire(team)
        self.teams.delete(request.caller, team.id)
        request.happened(lambda format: wire, teamId=team.id)
        return Reply(204)

    async def get_prefs(self, request: Request) -> Reply:
        return json_reply(self._team(request).prefs or {}, 200)

    async def set_prefs(self, request: Request) -> Reply:
        values = read(_PREFS, await read_body(request))
        team = self.teams.update(request.caller, request.path_params["teamId"], **values)
        request.happened(lambda format: values["prefs"], teamId=team.id)
        return json_reply(team.prefs, 200)

    def _team(self, request: Request) -> Team:
        return self.teams.get(request.caller, request.path_params["teamId"])

    def _changed(self, team: Team, request: Request, *, status: int = 200) -> Reply:
        wire = self._wire(team)
        request.happened(lambda format: wire, teamId=team.id)
        return json_reply(wire, status)

    def _wire(self, team: Team) -> Wire:
        return render_teams.team(team, self.teams.total(team))


@dataclass(frozen=True, slots=True)
class MembershipDoors:
    """Create, list, get, change and delete the memberships of a team."""

    memberships: Memberships

    def routes(self) -> Iterator[Route]:
        all = "/v1/teams/{teamId}/memberships"
        one = all + "/{membershipId}"
        created = Operation("teams.createMembership", _INVITED, 201, "membership")
        listed = Operation("teams.listMemberships", LIST, model="membershipList")
        got = Operation("teams.getMembership", model="membership")
        updated = Operation("teams.updateMembership", (_ROLES,), model="membership")
        deleted = Operation("teams.deleteMembership", status=204)
        event = "teams.[teamId].memberships.[membershipId]"
        yield Route("POST", all, self.create, WRITE, created, event=f"{event}.create")
        yield Route("GET", all, self.list, READ, listed)
        yield Route("GET", one, self.get, READ, got)
        yield Route("PATCH", one, self.update, WRITE, updated, event=f"{event}.update")
        yield Route("DELETE", one, self.delete, WRITE, deleted, event=f"{event}.delete")

    async def create(self, request: Request) -> Reply:
        roles = self._roles(request)
        rules = [roles if rule is _ROLES else rule for rule in _INVITED]
        values = read(rules, await read_body(request))
        member = self.memberships.create(request.caller, request.path_params["teamId"], values)
        _tell(member, request)
        return json_reply(self._wire(member, request), 201)

    async def list(self, request: Request) -> Reply:
        wanted = read_listing(request, service.ATTRIBUTES)
        id = request.path_params["teamId"]
        found, total = self.memberships.page(request.caller, id, wanted)
        items = [self._wire(member, request, in_list=True) for member in found]
        return json_reply(listing("memberships", items, total), 200)

    async def get(self, request: Request) -> Reply:
        member = self.memberships.get(request.caller, *self._place(request))
        return json_reply(self._wire(member, request), 200)

    async def update(self, request: Request) -> Reply:
        values = read([self._roles(request)], await read_body(request))
        place = self._place(request)
        member = self.memberships.update(request.caller, *place, values["roles"])
        _tell(member, request)
        return json_reply(self._wire(member, request), 200)

    async def delete(self, request: Request) -> Reply:
        member = self.memberships.delete(request.caller, *self._place(request))
        _tell(member, request, is_gone=True)
        return Reply(204)

    def _roles(self, request: Request) -> Param:
        """The length of roles grew with the roles of 1.9 that name a project."""
        return _ROLES if request.era == "1.9" else _ROLES_16

    def _place(self, request: Request) -> tuple[str, str]:
        return request.path_params["teamId"], request.path_params["membershipId"]

    def _wire(self, member: Member, request: Request, *, in_list: bool = False) -> Wire:
        format = request.format
        return render_teams.membership(member, listed(format) if in_list else format)


def _tell(member: Member, request: Request, *, is_gone: bool = False) -> None:
    """Of a membership. The params stand as upstream gives them, and so decide the order of names;
    the user's has no place in them. Source: Appwrite 1.9.6."""
    record = member.membership
    params = {"userId": record.user_id, "teamId": record.team_id, "membershipId": record.id}
    if is_gone:
        params = {"teamId": params.pop("teamId"), **params}
    request.happened(lambda format: render_teams.membership(member, format), **params)
