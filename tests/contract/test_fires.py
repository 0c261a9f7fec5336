"""Which route fires which event, with what in it: as the table of upstream's says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from appwrite_emulator.http import api
from appwrite_emulator.http.request import SERVER_FORMATS
from appwrite_emulator.http.route import Route

from .hearing import Heard, hearing
from .play import Play, Scene, played
from .server import Json, Project, Server

FIRES = json.loads((Path(__file__).parent / "fires.json").read_text(encoding="utf-8"))
"""By era, the pattern of the event of each route of upstream's in the families that are here."""
TABLE: dict[str, str] = {**FIRES["1.6"], **FIRES["1.9"]}  # no route fires two patterns

_SESSION = "users.[userId].sessions.[sessionId].create"
ALSO = {
    # Upstream's source has these, each the first route of its file, which the table overlooks.
    "POST /v1/account": "users.[userId].create",
    "POST /v1/users": "users.[userId].create",
    # Other paths of routes that are in the table.
    "POST /v1/account/sessions": _SESSION,
    "POST /v1/functions/{functionId}/deployments/{deploymentId}/builds/{buildId}": (
        "functions.[functionId].deployments.[deploymentId].update"
    ),
    "POST /v1/project/keys/standard": "keys.[keyId].create",
}
ABSENT = {
    "nobody reads mail or messages here": (
        "/v1/account/recovery", "/v1/account/verification", "/v1/account/sessions/magic-url",
        "/v1/account/sessions/phone", "/v1/account/targets", "/v1/users/{userId}/targets",
        "/v1/teams/{teamId}/memberships/{membershipId}/status",
    ),
    "there are no second factors and no sign in at other places": (
        "/v1/account/mfa", "/v1/users/{userId}/mfa", "/v1/account/identities",
        "/v1/users/identities", "/v1/account/sessions/oauth2", "/v1/users/{userId}/impersonator",
        "PATCH /v1/account/sessions/{sessionId}",
    ),
    "users are changed through the Users service": (
        "/v1/account/email", "/v1/account/password", "/v1/account/phone", "/v1/account/status",
    ),
    "projects have no settings but their keys": ("/v1/project/", "/v1/projects/"),
    "there are no sites; rules are verified by the older path": (
        "/v1/proxy/rules/site", "/v1/proxy/rules/{ruleId}/status",
    ),
}  # fmt: skip


def is_absent(route: str) -> bool:
    """Whether a route of the table is none of ours."""
    path = route.partition(" ")[2]
    starts = tuple(start for some in ABSENT.values() for start in some)
    return route in starts or (path.startswith(starts) and "/v1/project/keys" not in path)


EXPECTED = {**{route: TABLE[route] for route in TABLE if not is_absent(route)}, **ALSO}
# Their replies show what is for the caller alone.
SECRET = (
    "POST /v1/project/keys", "POST /v1/project/keys/standard", "POST /v1/project/keys/ephemeral",
    "PUT /v1/project/keys/{keyId}", "DELETE /v1/project/keys/{keyId}",
)  # fmt: skip
_DEPLOYMENTS = "POST /v1/functions/{functionId}/deployments"
REBUILDS = (
    f"{_DEPLOYMENTS}/duplicate",
    f"{_DEPLOYMENTS}/{{deploymentId}}/build",
    f"{_DEPLOYMENTS}/{{deploymentId}}/builds/{{buildId}}",
)
MODELS = {
    "/v1/account/sessions": "session",
    "/v1/account/sessions/{sessionId}": "session",
    "/v1/functions/{functionId}": "function",
    "/v1/functions/{functionId}/deployments/{deploymentId}": "deployment",
    "/v1/functions/{functionId}/executions/{executionId}": "execution",
    "/v1/functions/{functionId}/variables/{variableId}": "variable",
    "/v1/ping": "project",
    "/v1/project/keys/{keyId}": "key",
    "/v1/proxy/rules/{ruleId}": "proxyRule",
    "/v1/teams/{teamId}": "team",
    "/v1/teams/{teamId}/memberships/{membershipId}": "membership",
    "/v1/users/{userId}": "user",
    "/v1/users/{userId}/sessions": "user",
    "/v1/users/{userId}/sessions/{sessionId}": "session",
}
"""The models of what is told although the reply has no body, by path."""
UNSEEN = ("DELETE /v1/users/{userId}/sessions/{sessionId}", "GET /v1/ping")  # nothing shows these
SESSIONS = ("DELETE /v1/account/sessions", "DELETE /v1/users/{userId}/sessions")


class Act(NamedTuple):
    """One route, played on the server of an era."""

    era: str
    route: str

    @property
    def id(self) -> str:
        return f"{self.era} {self.route}"

    @property
    def is_empty(self) -> bool:
        """Whether it is told that something happened, but not what: so of rebuilds in 1.6."""
        return self.era == "1.6" and self.route in REBUILDS

    @property
    def patterns(self) -> list[str]:
        """What its call fires there."""
        if self.era == "1.6" and "/variables" in self.route:
            return []
        if self == ("1.6", "POST /v1/functions"):
            return ["rules.[ruleId].create", EXPECTED[self.route]]
        return [EXPECTED[self.route]]


ACTS = [Act(era, route) for era in ("1.9", "1.6") for route in EXPECTED]
TELLING = [act for act in ACTS if act.patterns]
FULL = [act for act in TELLING if not act.is_empty]
COMPARED = [  # rebuilds are asked for in a format of their own
    act for act in FULL if act.route not in (*REBUILDS, *SESSIONS, *UNSEEN)
]


@pytest.fixture(scope="module")
def plays(server: Server, server_16: Server) -> dict[str, Play]:
    return {"1.9": played(server.project()), "1.6": played(server_16.project())}


def routes_of(server: Server) -> dict[str, Route]:
    routes = api.routes(server.emulator.services, Path())
    return {f"{route.method} {route.path}": route for route in routes}


def scene_of(plays: dict[str, Play], act: Act) -> Scene:
    return plays[act.era].scenes[act.route]


def last_of(plays: dict[str, Play], act: Act) -> Heard:
    return scene_of(plays, act).heard[-1]


def test_the_routes_that_fire_are_those_of_the_table(server: Server) -> None:
    firing = {name: route.event for name, route in routes_of(server).items() if route.event}
    assert firing == EXPECTED


@pytest.mark.parametrize("act", ACTS, ids=[act.id for act in ACTS])
def test_a_call_fires_the_event_of_its_route(plays: dict[str, Play], act: Act) -> None:
    assert [each.pattern for each in scene_of(plays, act).heard] == act.patterns


@pytest.mark.parametrize("act", TELLING, ids=[act.id for act in TELLING])
def test_names_begin_with_the_ids_and_end_with_the_bare_kind(
    plays: dict[str, Play], act: Act
) -> None:
    heard = last_of(plays, act)
    kind = heard.pattern.split(".")[0]
    assert "[" not in "".join(heard.event.names)
    assert heard.event.names[-1] == f"{kind}.*"
    assert "*" not in heard.event.names[0]


def as_json(value: Json) -> Json:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("act", COMPARED, ids=[act.id for act in COMPARED])
def test_what_is_told_is_the_reply_or_what_went(plays: dict[str, Play], act: Act) -> None:
    scene = scene_of(plays, act)
    told, wanted = as_json(scene.heard[-1].event.payload), scene.before or scene.reply.json
    if act.route in SECRET:
        for hidden in {"secret", "jwt"} & set(wanted):
            assert (told[hidden], wanted[hidden] != "") == ("", True)
            told[hidden] = wanted[hidden]
    assert wanted == told | {k: wanted[k] for k in wanted if k.startswith("chunks")}


@pytest.mark.parametrize("act", FULL, ids=[act.id for act in FULL])
def test_what_is_told_is_complete_in_the_servers_own_format(
    server: Server, server_16: Server, plays: dict[str, Play], act: Act
) -> None:
    running = server if act.era == "1.9" else server_16
    format = SERVER_FORMATS[running.emulator.config.appwrite]
    operation = routes_of(running)[act.route].described(format)
    assert operation
    model = operation.model or MODELS[act.route.partition(" ")[2]]
    told = as_json(last_of(plays, act).event.payload)
    running.completeness.check_model(model, format, told)


@pytest.mark.parametrize("route", REBUILDS)
def test_nothing_is_said_of_a_rebuild_but_its_id_in_16(plays: dict[str, Play], route: str) -> None:
    (heard,) = plays["1.6"].scenes[route].heard
    assert heard.event.payload == {}
    assert heard.event.names[0].startswith("functions.f.deployments.")


@pytest.mark.parametrize("route", SESSIONS)
@pytest.mark.parametrize("era", ["1.9", "1.6"])
def test_a_sign_out_everywhere_is_one_event(plays: dict[str, Play], era: str, route: str) -> None:
    (heard,) = plays[era].scenes[route].heard
    names, payload = heard.event.names, heard.event.payload
    if "account" in route:
        assert names[0] == f"users.ann.sessions.{payload['$id']}.delete"
        assert (payload["userId"], payload["current"], payload["secret"]) == ("ann", True, "")
    else:
        assert names == (
            "users.bob.sessions", "users.*.sessions", "users.bob.sessions.delete",
            "users.*.sessions.delete", "users.bob", "users.*",
        )  # fmt: skip
        assert payload["email"] == "bob@example.com"


def test_a_domain_of_a_new_function_is_told_before_it_in_16(plays: dict[str, Play]) -> None:
    rule, function = plays["1.6"].scenes["POST /v1/functions"].heard
    assert function.event.names[0] == "functions.f.create"
    assert rule.event.payload["resourceId"] == "f"
    assert rule.event.names[0] == f"rules.{rule.event.payload['$id']}.create"


@pytest.mark.parametrize("act", TELLING, ids=[act.id for act in TELLING])
def test_who_acts_is_named_and_a_key_is_nobody(plays: dict[str, Play], act: Act) -> None:
    is_by_ann = act.route.partition(" /v1")[2] in (
        "/account/name", "/account/prefs", "/account/sessions/{sessionId}"
    ) or act.route == "DELETE /v1/account/sessions"  # fmt: skip
    assert last_of(plays, act).event.user_id == ("ann" if is_by_ann else "")


REFUSED = [route for route in EXPECTED if not route.startswith(("GET", "POST /v1/account/se"))]


@pytest.mark.parametrize("route", REFUSED)
def test_a_refused_call_fires_nothing(either: Project, route: str) -> None:
    method, _, path = route.partition(" /v1")
    place = path.format_map(_Nothing())
    with hearing(either) as ear:
        for caller in (either, either.guest):
            assert caller.call(method, place, {"name": ""}).status >= 400
        assert ear.taken() == []


class _Nothing(dict[str, str]):
    """A place of a path that names nothing."""

    def __missing__(self, key: str) -> str:
        return "nothing"
