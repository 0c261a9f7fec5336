"""A play in which every route that fires an event is called and does what it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from .echo import PYTHON
from .forms import tar_gz
from .hearing import Ear, Heard, hearing
from .people import PASSWORD, sign_in
from .server import Json, Project, Reply


class Scene(NamedTuple):
    """One call: what came back, what was fired, and what was there before if it was deleted."""

    reply: Reply
    heard: list[Heard]
    before: Json = None


@dataclass
class Play:
    """Calls of one project, kept by their routes such as `POST /v1/teams`."""

    project: Project
    ear: Ear
    ids: dict[str, str] = field(default_factory=dict)
    scenes: dict[str, Scene] = field(default_factory=dict)

    def act(self, route: str, body: Json = None, *, by: Project | None = None, **ids: str) -> Json:
        """Call a route, whose places are filled by `ids`; the JSON of the reply."""
        method, _, path = route.partition(" ")
        place = path.format_map(self.ids | ids)
        caller = by or self.project
        return self.keep(route, lambda: caller.call(method, place, body), by=caller, place=place)

    def keep(
        self, route: str, call: Callable[[], Reply], *, by: Project | None = None, place: str = ""
    ) -> Json:
        """Note what a call of a route fires; the JSON of the reply."""
        method, _, path = route.partition(" ")
        found = (by or self.project).get(place) if method == "DELETE" and place else None
        before = found.json if found and found.status == 200 else None
        self.ear.taken()
        reply = call()
        assert reply.status < 300, (route, reply.body)
        self.scenes[f"{method} /v1{path}"] = Scene(reply, self.ear.taken(), before)
        is_json = (reply.header("content-type") or "").startswith("application/json")
        return reply.json if is_json else None


def played(project: Project) -> Play:
    """The whole play, in a new project."""
    with hearing(project) as ear:
        play = Play(project, ear)
        for part in (_functions, _deployments, _executions, _rules, _keys, _people, _teams, _ends):
            part(play)
    return play


def _functions(play: Play) -> None:
    given = {"name": "F", "runtime": "python-3.12", "entrypoint": "main.py", "execute": ["any"]}
    play.act("POST /functions", {"functionId": "f", **given})
    play.act("PUT /functions/{functionId}", {**given, "logging": True}, functionId="f")
    play.ids["functionId"] = "f"
    path = "/functions/{functionId}/variables"
    made = play.act(f"POST {path}", {"variableId": "v", "key": "K", "value": "v"})
    play.ids["variableId"] = made["$id"]
    play.act(f"PUT {path}/{{variableId}}", {"key": "L", "value": "w"})
    play.act(f"DELETE {path}/{{variableId}}")


def _deployments(play: Play) -> None:
    path = "/functions/{functionId}/deployments"
    archive = tar_gz({"main.py": PYTHON})
    sent = play.keep(f"POST {path}", lambda: play.project.upload("f", archive))
    play.project.built("f", sent["$id"])
    play.ids["deploymentId"] = id = sent["$id"]
    play.act("PATCH /functions/{functionId}/deployment", {"deploymentId": id})
    play.act(f"PATCH {path}/{{deploymentId}}")
    new = play.project.at("1.9.0")
    copies = [
        play.act(f"POST {path}/duplicate", {"deploymentId": id}, by=new)["$id"],
        play.act(f"POST {path}/{{deploymentId}}/build", {}, by=new)["$id"],
        play.act(f"POST {path}/{{deploymentId}}/builds/{{buildId}}", {}, by=new, buildId="b")[
            "$id"
        ],
    ]
    template = {"repository": "r", "owner": "o", "rootDirectory": ".", "type": "branch"}
    copies.append(play.act(f"POST {path}/template", {**template, "reference": "main"})["$id"])
    copies.append(play.act(f"POST {path}/vcs", {"type": "branch", "reference": "main"})["$id"])
    for copy in copies:
        play.project.built("f", copy)
    play.act(f"DELETE {path}/{{deploymentId}}", deploymentId=copies[-1])


def _executions(play: Play) -> None:
    path = "/functions/{functionId}/executions"
    play.ids["executionId"] = play.act(f"POST {path}", {"path": "/status?code=201"})["$id"]
    play.act(f"DELETE {path}/{{executionId}}")


def _rules(play: Play) -> None:
    redirect = {"url": "https://a.example", "statusCode": 301}
    ends: tuple[tuple[str, Json], ...] = (
        ("", {"resourceType": "api"}),
        ("/function", {"functionId": "f"}),
        ("/redirect", {**redirect, "resourceType": "function", "resourceId": "f"}),
        ("/api", {}),
    )
    for number, (end, given) in enumerate(ends):
        domain = f"{play.project.id}-{number}.example"
        made = play.act(f"POST /proxy/rules{end}", {"domain": domain, **given})
    play.ids["ruleId"] = made["$id"]
    play.act("PATCH /proxy/rules/{ruleId}/verification")
    play.act("DELETE /proxy/rules/{ruleId}")


def _keys(play: Play) -> None:
    given = {"name": "K", "scopes": ["users.read"]}
    play.act("POST /project/keys/ephemeral", {"scopes": ["users.read"], "duration": 60})
    play.act("POST /project/keys/standard", {"keyId": "s", **given})
    play.act("POST /project/keys", {"keyId": "k", **given})
    play.act("PUT /project/keys/{keyId}", {**given, "name": "L"}, keyId="k")
    play.act("DELETE /project/keys/{keyId}", keyId="k")
    play.act("GET /ping")


def _people(play: Play) -> None:
    guest = play.project.guest
    given = {"userId": "ann", "email": "ann@example.org", "password": PASSWORD}
    play.act("POST /account", given, by=guest)
    signing = {name: given[name] for name in ("email", "password")}
    play.act("POST /account/sessions", signing, by=guest)
    play.act("POST /account/sessions/email", signing, by=guest)
    play.act("POST /account/sessions/anonymous", {}, by=guest)
    secret = play.act("POST /users/{userId}/tokens", {}, userId="ann")["secret"]
    token = {"userId": "ann", "secret": secret}
    play.act("POST /account/sessions/token", token, by=guest)
    ann = sign_in(play.project, "ann")
    play.act("PATCH /account/name", {"name": "Ann"}, by=ann)
    play.act("PATCH /account/prefs", {"prefs": {"a": 1}}, by=ann)
    session = ann.get("/account/sessions/current").expect(200)["$id"]
    play.act("DELETE /account/sessions/{sessionId}", by=ann, sessionId=session)
    play.act("DELETE /account/sessions", by=sign_in(play.project, "ann"))
    _users(play)


def _users(play: Play) -> None:
    play.act("POST /users", {"userId": "bob", "email": "bob@example.org", "password": PASSWORD})
    play.ids["userId"] = "bob"
    for method, end, given in (
        ("PATCH", "prefs", {"prefs": {"b": 2}}),
        ("PUT", "labels", {"labels": ["vip"]}),
        ("PATCH", "status", {"status": True}),
        ("PATCH", "verification", {"emailVerification": True}),
        ("PATCH", "verification/phone", {"phoneVerification": True}),
        ("PATCH", "name", {"name": "Bob"}),
        ("PATCH", "email", {"email": "bob@example.com"}),
        ("PATCH", "phone", {"number": "+4930123456"}),
        ("PATCH", "password", {"password": PASSWORD + "!"}),
    ):
        play.act(f"{method} /users/{{userId}}/{end}", given)
    session = play.act("POST /users/{userId}/sessions", {})["$id"]
    play.act("DELETE /users/{userId}/sessions/{sessionId}", sessionId=session)
    sign_in(play.project, "bob")
    play.act("DELETE /users/{userId}/sessions")


def _teams(play: Play) -> None:
    play.ids["teamId"] = "t"
    play.act("POST /teams", {"teamId": "t", "name": "T"})
    play.act("PUT /teams/{teamId}", {"name": "U"})
    play.act("PUT /teams/{teamId}/prefs", {"prefs": {"c": 3}})
    path = "/teams/{teamId}/memberships"
    made = play.act(f"POST {path}", {"userId": "bob", "roles": ["a"]})
    play.ids["membershipId"] = made["$id"]
    play.act(f"PATCH {path}/{{membershipId}}", {"roles": ["b"]})
    play.act(f"DELETE {path}/{{membershipId}}")


def _ends(play: Play) -> None:
    for route in ("/teams/{teamId}", "/users/{userId}", "/functions/{functionId}"):
        play.act(f"DELETE {route}")
