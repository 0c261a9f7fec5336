"""What tests of stubs share: where they stand, and who calls."""

from __future__ import annotations

from appwrite_emulator.client.stubs import Stubs

from .server import Project

DOCUMENTS = "/databases/main/collections/posts/documents"
ONE = f"{DOCUMENTS}/one"

_KEY = "def main(c):\n    return c.res.text(c.req.headers['x-appwrite-key'])\n"


def stubs_of(project: Project) -> Stubs:
    """The stubs of a project."""
    server = project.server
    return Stubs(server.emulator.services.stubs, server.run, project.id)


def as_function(project: Project, id: str = "f", *, scopes: tuple[str, ...] = ()) -> Project:
    """A caller with the key that a function of that id, which this creates, was given."""
    project.function(id, scopes=list(scopes))
    project.deploy(id, {"main.py": _KEY})
    return project.having(x_appwrite_key=project.execute(id)["responseBody"])
