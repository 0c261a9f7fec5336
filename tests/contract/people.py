"""Users of a project, and developers in the console, as tests need them."""

from __future__ import annotations

import base64
import json
from typing import Any

from .server import Json, Project, Reply, Server

PASSWORD = "correct horse"


def add_user(project: Project, id: str, **fields: Json) -> Json:
    """A user with an email address and the password `PASSWORD`."""
    given = {"userId": id, "email": f"{id}@example.org", "password": PASSWORD}
    return project.post("/users", {**given, **fields}).expect(201)


def sign_in(project: Project, id: str) -> Project:
    """The user of `add_user` as a caller, whose session is in a header."""
    secret = project.post(f"/users/{id}/sessions").expect(201)["secret"]
    return project.guest.having(x_appwrite_session=secret)


def new_user(project: Project, id: str, **fields: Json) -> Project:
    """A new user as a caller."""
    add_user(project, id, **fields)
    return sign_in(project, id)


def by_token(project: Project, id: str, **params: Json) -> Project:
    """A user as a caller with a JSON web token that the project's key gets."""
    jwt = project.post(f"/users/{id}/jwts", params).expect(201)["jwt"]
    return project.guest.having(x_appwrite_jwt=jwt)


def developer(project: Project, name: str = "dev") -> Project:
    """Somebody who signed in to the console, as a caller of `project`."""
    console = in_console(project.server, name)
    return console.having(x_appwrite_project=project.id, x_appwrite_mode="admin")


def in_console(server: Server, name: str = "dev", password: str = PASSWORD) -> Project:
    """Somebody who signed in to the console, as a caller there."""
    console = server.project("console").guest
    body = {"email": f"{name}@example.org", "password": password}
    reply = console.post("/account/sessions/email", body)
    return console.having(cookie=f"a_session_console={cookies(reply)['a_session_console']}")


def cookies(reply: Reply) -> dict[str, str]:
    """The cookies that a reply sets, as they are on the wire."""
    lines = [value for key, value in reply.headers if key == "set-cookie"]
    pairs = [line.partition(";")[0].partition("=") for line in lines]
    return {name: value for name, _, value in pairs}


def claims(jwt: str) -> dict[str, Any]:
    """What a JSON web token says."""
    payload = jwt.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "==")))
