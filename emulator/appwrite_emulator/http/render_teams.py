"""Teams and memberships on the wire."""

from __future__ import annotations

from ..people import Team
from ..services.memberships import Member
from .render import Wire
from .request import Version
from .wire_people import known


def team(record: Team, total: int) -> Wire:
    """A team with `total` confirmed members."""
    return {
        "$id": record.id,
        "$createdAt": record.created_at,
        "$updatedAt": record.updated_at,
        "name": record.name,
        "total": total,
        "prefs": record.prefs or {},
    }


def membership(member: Member, format: Version) -> Wire:
    """A membership; names and addresses are those of its user today."""
    record, user = member.membership, member.user
    wire = {
        "$id": record.id,
        "$createdAt": record.created_at,
        "$updatedAt": record.updated_at,
        "userId": record.user_id,
        "userName": user.name if user else "",
        "userEmail": user.email if user else "",
        "userPhone": user.phone if user else "",
        "teamId": record.team_id,
        "teamName": member.team.name,
        "invited": record.invited,
        "joined": record.joined,
        "confirm": record.confirm,
        "mfa": False,
        "userAccessedAt": user.accessed_at if user else "",
        "roles": record.roles,
    }
    return known("membership", wire, format)
