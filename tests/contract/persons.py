"""People who call: users of a project, and developers in the console."""

from __future__ import annotations

import secrets

from .server import Project, Server


def user(project: Project, id: str = "unique()", **values: str) -> Project:
    """A new user of `project`, signed in; the id is in its header `test-user`."""
    made = project.post("/users", {"userId": id, **values}).expect(201)["$id"]
    session = project.post(f"/users/{made}/sessions", {}).expect(201)
    return project.guest.having(x_appwrite_session=session["secret"], test_user=made)


def id_of(caller: Project) -> str:
    """The id of somebody made by `user`."""
    return caller.headers["test-user"]


def developer(server: Server, password: str = "password") -> Project:
    """A new developer, signed in to the console as the command line does it."""
    console = server.project("console").guest
    given = {"email": f"{secrets.token_hex(8)}@example.com", "password": password}
    reply = console.post("/account/sessions/email", given)
    assert reply.status == 201, reply.body
    cookies = [value for name, value in reply.headers if name == "set-cookie"]
    own = next(value for value in cookies if value.startswith("a_session_console="))
    return console.having(cookie=own.partition(";")[0])
