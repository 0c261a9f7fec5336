"""What the calls of the tables find: one project with something of every kind."""

from __future__ import annotations

from .echo import PYTHON
from .forms import tar_gz
from .server import Project, Server

PART = {"content-range": "bytes 0-0/9"}
"""Headers of an upload of which the rest never comes."""


def furnish(server: Server) -> Project:
    """A project of `server` for rows of tables, which may add to it but not change this.

    Functions: `f` with the variables `plain` (key PLAIN) and `secret` (key SECRET) and the
    deployments `waiting`, whose upload is not complete, `canceled` and `failed`; `g` with the
    variable `foreign`; `changed`, for updates; `nowhere` without an entrypoint; `ready`, which
    runs the deployment `good`; `closed`, which runs `kept`, but for nobody; `off`, which is
    disabled.
    """
    project = server.project()
    for id in ("f", "g", "changed"):
        project.function(id, name="F")
    project.function("nowhere", entrypoint="")
    _variables(project)
    _unready(project)
    project.function("off", enabled=False)
    for id, execute, deployment in (("ready", ["any"], "good"), ("closed", [], "kept")):
        project.function(id, execute=execute)
        _deploy(project, id, deployment)
    return project


def _deploy(project: Project, function: str, id: str) -> None:
    archive = tar_gz({"main.py": PYTHON})
    last = len(archive) - 1
    headers = {"content-range": f"bytes 0-{last}/{last + 1}", "x-appwrite-id": id}
    project.upload(function, archive, headers=headers).expect(202)
    project.built(function, id)


def _variables(project: Project) -> None:
    for function, id, secret in (("f", "plain", False), ("f", "secret", True),
                                 ("g", "foreign", False)):  # fmt: skip
        given = {"variableId": id, "key": id.upper(), "value": "v", "secret": secret}
        project.at("1.9.0").post(f"/functions/{function}/variables", given).expect(201)


def _unready(project: Project) -> None:
    for id in ("waiting", "canceled"):
        project.upload("f", b"x", headers={**PART, "x-appwrite-id": id}).expect(202)
    project.patch("/functions/f/deployments/canceled/status").expect(200)
    whole = {"content-range": "bytes 0-0/1", "x-appwrite-id": "failed"}
    project.upload("f", b"x", headers=whole).expect(202)
    project.built("f", "failed")
