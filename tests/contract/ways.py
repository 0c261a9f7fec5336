"""How error types are raised that need more than one call."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from .gate import Gate
from .people import PASSWORD, add_user, by_token, new_user
from .server import Project, Reply


def _in_progress(project: Project, gate: Gate) -> Reply:
    project.function()
    project.deploy("f", {"main.py": gate.main})
    sent = project.post("/functions/f/executions", {"async": True}).expect(202)
    with gate.reached():
        return project.delete(f"/functions/f/executions/{sent['$id']}")


def _too_slow(project: Project, gate: Gate) -> Reply:
    project.function()
    project.deploy("f", {"main.py": gate.main})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(project.post, "/functions/f/executions", {})
        with gate.reached():
            return running.result()


def _team_twice(project: Project, gate: Gate) -> Reply:
    project.post("/teams", {"teamId": "t", "name": "T"}).expect(201)
    return project.post("/teams", {"teamId": "t", "name": "T"})


def _member_twice(project: Project, gate: Gate) -> Reply:
    _team_twice(project, gate)
    member = {"email": "a@example.com", "roles": []}
    project.post("/teams/t/memberships", member).expect(201)
    return project.post("/teams/t/memberships", member)


def _too_late(project: Project, gate: Gate) -> Reply:
    given = {"keyId": "k", "name": "K", "scopes": ["functions.read"], "expire": "2001-01-01"}
    key = project.post("/project/keys", given).expect(201)
    return project.having(x_appwrite_key=key["secret"]).get("/functions")


def _user_twice(project: Project, gate: Gate) -> Reply:
    add_user(project, "ann")
    return project.post("/users", {"userId": "ann"})


def _blocked(project: Project, gate: Gate) -> Reply:
    ann = new_user(project, "ann")
    project.patch("/users/ann/status", {"status": False}).expect(200)
    return ann.get("/account")


def _wrong_password(project: Project, gate: Gate) -> Reply:
    body = {"email": "nobody@example.org", "password": PASSWORD}
    return project.guest.post("/account/sessions/email", body)


def _wrong_token(project: Project, gate: Gate) -> Reply:
    add_user(project, "ann")
    return project.guest.post("/account/sessions/token", {"userId": "ann", "secret": "x"})


def _signed_in_twice(project: Project, gate: Gate) -> Reply:
    ann = new_user(project, "ann")
    body = {"email": "ann@example.org", "password": PASSWORD}
    return ann.post("/account/sessions/email", body)


def _token_and_session(project: Project, gate: Gate) -> Reply:
    session = new_user(project, "ann").headers["x-appwrite-session"]
    return by_token(project, "ann").having(x_appwrite_session=session).get("/account")


def _key_and_session(project: Project, gate: Gate) -> Reply:
    session = new_user(project, "ann").headers["x-appwrite-session"]
    return project.having(x_appwrite_session=session).at("1.6.0").get("/users")


def _no_such_session(project: Project, gate: Gate) -> Reply:
    return new_user(project, "ann").get("/account/sessions/nothing")


def _domain_twice(project: Project, gate: Gate) -> Reply:
    given = {"domain": f"www.{project.id}.example"}
    project.post("/proxy/rules/api", given).expect(201)
    return project.post("/proxy/rules/api", given)


def _domain_of_nothing(project: Project, gate: Gate) -> Reply:
    given = {"domain": f"www.{project.id}.example", "functionId": "nothing"}
    return project.post("/proxy/rules/function", given)


def _get(path: str) -> Callable[[Project, Gate], Reply]:
    return lambda project, gate: project.get(path)


WAYS: dict[str, tuple[int, Callable[[Project, Gate], Reply]]] = {
    "execution_in_progress": (400, _in_progress),
    "function_synchronous_timeout": (408, _too_slow),
    "function_template_not_found": (404, _get("/functions/templates/nothing")),
    "membership_already_confirmed": (409, _member_twice),
    "project_key_expired": (401, _too_late),
    "rule_already_exists": (409, _domain_twice),
    "rule_not_found": (404, _get("/proxy/rules/nothing")),
    "rule_resource_not_found": (404, _domain_of_nothing),
    "team_already_exists": (409, _team_twice),
    "user_already_exists": (409, _user_twice),
    "user_blocked": (403, _blocked),
    "user_invalid_credentials": (401, _wrong_password),
    "user_invalid_token": (401, _wrong_token),
    "user_jwt_and_cookie_set": (403, _token_and_session),
    "user_key_and_session_set": (403, _key_and_session),
    "user_not_found": (404, _get("/users/nothing")),
    "user_session_already_exists": (401, _signed_in_twice),
    "user_session_not_found": (404, _no_such_session),
}
"""How types are raised that need more than a call; all on a server that waits for nothing long."""
