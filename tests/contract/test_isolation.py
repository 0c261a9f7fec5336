"""Between two tests: what one has left does not reach the next, and is named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from appwrite_emulator import models
from appwrite_emulator.config import Webhook
from appwrite_emulator.models import CONSOLE
from appwrite_emulator.services.control import Snapshot
from appwrite_emulator.services.leftovers import Leftovers

from ..receiver import receiving
from .forms import form, multipart_type, tar_gz
from .gate import Gate
from .people import add_user, by_token, new_user
from .server import Json, Project, Reply, Server, serving

GOOD = "def main(context):\n    return context.res.text('good')\n"
OTHER = "def main(context):\n    return context.res.text('other')\n"
KEY = "def main(context):\n    return context.res.text(context.req.headers['x-appwrite-key'])\n"
JWT = KEY.replace("x-appwrite-key", "x-appwrite-user-jwt")

LEAVING_NODE = """
const fs = require('node:fs'), os = require('node:os');
const { spawn } = require('node:child_process');
module.exports = async ({ req, res }) => {
  if (req.path === '/timer') setInterval(() => console.log('tick'), 1);
  if (req.path === '/file') fs.writeFileSync(`${os.tmpdir()}/left.txt`, 'left');
  if (req.path === '/child') spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).unref();
  return res.json({ files: fs.readdirSync(os.tmpdir()), pid: process.pid });
};
"""
LEAVING_PYTHON = """
import os, pathlib, subprocess, tempfile, threading
def main(context):
    if context.req.path == '/timer':
        threading.Timer(60, print).start()
    if context.req.path == '/file':
        pathlib.Path(tempfile.gettempdir(), 'left.txt').write_text('left')
    if context.req.path == '/child':
        subprocess.Popen(['sleep', '60'], start_new_session=True)
    files = os.listdir(tempfile.gettempdir())
    return context.res.json({'files': files, 'pid': os.getpid()})
"""


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that tests may restore."""
    with serving(memory=True) as running:
        yield running


@pytest.fixture
def home(own: Server) -> Project:
    """A project on it."""
    return own.project()


def snapshot(project: Project) -> Snapshot:
    taken: Snapshot = project.server.run(project.server.emulator.control.snapshot)
    return taken


def restore(project: Project, taken: Snapshot) -> Leftovers:
    left: Leftovers = project.server.run(project.server.emulator.control.restore, taken.id)
    return left


def answered(project: Project, path: str = "/", function: str = "f") -> Json:
    return json.loads(project.execute(function, path=path)["responseBody"])


@pytest.fixture(params=["node", "python"])
def leaving(request: pytest.FixtureRequest, home: Project) -> Project:
    """A project with a function that leaves what its path says."""
    if request.param == "node":
        home.function(runtime="node-22", entrypoint="main.js")
        home.deploy("f", {"main.js": LEAVING_NODE})
    else:
        home.function()
        home.deploy("f", {"main.py": LEAVING_PYTHON})
    return home


def test_files_of_a_test_are_gone_in_the_next_and_its_worker_is_warm(leaving: Project) -> None:
    seed, before = snapshot(leaving), answered(leaving)
    assert answered(leaving, "/file")["files"] == ["left.txt"]
    left = restore(leaving, seed)
    assert left.lines() == ["Function f left 1 file of 4 bytes: tmp/left.txt (4 bytes)."]
    assert answered(leaving) == {"files": [], "pid": before["pid"]}
    assert not restore(leaving, seed)


def test_timers_of_a_test_do_not_run_in_the_next(leaving: Project) -> None:
    seed, before = snapshot(leaving), answered(leaving, "/timer")
    (line,) = restore(leaving, seed).lines()
    assert line.startswith("Function f went on after its answer, with 1 ")
    assert line.endswith(": its process was replaced.")
    assert answered(leaving)["pid"] != before["pid"]


def test_processes_of_a_test_are_ended(leaving: Project) -> None:
    seed = snapshot(leaving)
    answered(leaving, "/child")
    lines = restore(leaving, seed).lines()
    (line,) = [line for line in lines if line.startswith("Function f left processes running: ")]
    assert line.endswith("; they were ended.")


def test_over_http_it_is_told_what_was_left(leaving: Project) -> None:
    control = "/_emulator"
    seed = leaving.server.call("POST", f"{control}/snapshot").expect(201)["snapshot"]
    before = answered(leaving, "/file")
    body = json.dumps({"snapshot": seed, "fresh": True}).encode()
    reply = leaving.server.call("POST", f"{control}/restore", {}, body).expect(200)
    assert reply["leftovers"]["functions"] == [
        {
            "project": leaving.id,
            "functionId": "f",
            "pending": {},
            "processes": [],
            "files": [{"path": "tmp/left.txt", "size": 4}],
            "changed": [],
            "replaced": False,
        }
    ]
    assert answered(leaving)["pid"] != before["pid"], "it was to be fresh"


def test_a_key_of_an_earlier_test_is_refused_and_named(home: Project) -> None:
    home.function(scopes=["users.read"])
    home.deploy("f", {"main.py": KEY})
    seed = snapshot(home)
    late = home.having(x_appwrite_key=home.execute("f")["responseBody"])
    assert late.get("/users").status == 200
    restore(home, seed)
    now = home.having(x_appwrite_key=home.execute("f")["responseBody"])
    for _ in range(2):
        status, type, message = late.get("/users").error
        assert (status, type) == (409, "emulator_restored")
        assert message.startswith("Function f called GET /v1/users with the key of a run that")
    assert now.get("/users").status == 200
    assert restore(home, seed).lines() == [
        "Function f called GET /v1/users 2 times for what was over by then: it was refused."
    ]
    assert not restore(home, seed)


def test_the_end_of_one_project_leaves_keys_of_others_valid(home: Project) -> None:
    other = home.server.project()
    for project in (home, other):
        project.function(scopes=["users.read"])
        project.deploy("f", {"main.py": KEY})
    key = home.execute("f")["responseBody"]
    home.server.run(home.server.emulator.control.reset, other.id)
    assert home.having(x_appwrite_key=key).get("/users").status == 200


def test_a_token_of_a_user_that_a_function_got_is_refused_later(home: Project) -> None:
    home.function()
    home.deploy("f", {"main.py": JWT})
    add_user(home, "ann")
    session = home.post("/users/ann/sessions").expect(201)
    visitor = home.guest.having(x_appwrite_session=session["secret"])
    seed = snapshot(home)
    token = visitor.execute("f")["responseBody"]
    bearer = home.guest.having(x_appwrite_jwt=token)
    assert bearer.get("/account").status == 200
    mine = by_token(home, "ann", sessionId=session["$id"])
    restore(home, seed)
    assert bearer.get("/account").error[:2] == (409, "emulator_restored")
    assert mine.get("/account").status == 200, "the test's own token is no run's"


def _begun_before(
    project: Project, seed: Snapshot, path: str, body: bytes, headers: dict[str, str]
) -> Reply:
    """The reply to a request whose body comes in two pieces, with a restore in between."""
    server, headers = project.server, {**project.headers, **headers}

    async def between() -> None:
        await server.emulator.control.restore(seed.id)

    return server.call_slowly(f"/v1{path}", headers, (body[:-5], body[-5:]), between)


@pytest.mark.parametrize("kind", ["json", "form", "upload", "chunk"])
def test_a_request_that_is_on_its_way_at_a_restore_writes_nothing(home: Project, kind: str) -> None:
    home.function()
    seed = snapshot(home)
    fields = {"userId": "ann", "email": "ann@test.test"}
    archive = {"code": ("code.tar.gz", tar_gz({"main.py": GOOD}))}
    path, headers = "/users", {"content-type": multipart_type()}
    if kind == "json":
        body, headers = json.dumps(fields).encode(), {"content-type": "application/json"}
    elif kind == "form":
        body = form(fields, {})
    else:
        path, body = "/functions/f/deployments", form({"activate": "true"}, archive)
        size = len(archive["code"][1])
        if kind == "chunk":
            headers["content-range"] = f"bytes 0-{size - 1}/{2 * size}"
    reply = _begun_before(home, seed, path, body, headers)
    status, type, message = reply.error
    assert (status, type) == (409, "emulator_restored")
    assert f"while POST /v1{path} was sent; it was not carried out" in message
    assert home.get("/users").json["total"] == 0
    assert home.get("/functions/f/deployments").json["total"] == 0
    assert restore(home, seed).lines() == [
        f"A client called POST /v1{path} for what was over by then: it was refused."
    ]


def test_what_runs_at_a_restore_is_named(home: Project, gate: Gate) -> None:
    home.function()
    home.deploy("f", {"main.py": gate.main})
    seed = snapshot(home)
    later = {"async": True, "scheduledAt": "2999-01-01T00:00:00.000+00:00"}
    scheduled = home.post("/functions/f/executions", later).expect(202)["$id"]
    with ThreadPoolExecutor() as pool:
        call = pool.submit(home.post, "/functions/f/executions", {})
        with gate.reached():
            left = restore(home, seed)
        assert call.result().error[:2] == (409, "emulator_restored")
    (work,) = left.works
    assert left.lines() == [
        f"Execution {work.id} of function f was under way: it was ended.",
        f"Execution {scheduled} of function f was still to come: it never will.",
    ]


def test_a_function_that_was_deleted_is_there_again_with_its_build(home: Project) -> None:
    home.function()
    home.deploy("f", {"main.py": GOOD})
    seed = snapshot(home)
    home.delete("/functions/f").expect(204)
    restore(home, seed)
    assert home.execute("f")["responseBody"] == "good"


Change = Callable[[Project], object]


def _variable(project: Project) -> None:
    project.post("/functions/f/variables", {"key": "COLOR", "value": "red"}).expect(201)


def _deployment(project: Project) -> None:
    assert project.deploy("f", {"main.py": OTHER})["status"] == "ready"


def _settings(project: Project) -> None:
    changed = {"name": "g", "execute": ["any"], "entrypoint": "main.py", "timeout": 7}
    project.put("/functions/f", changed).expect(200)


@pytest.mark.parametrize("change", [_variable, _deployment, _settings])
def test_a_worker_stays_warm_though_a_test_has_changed_its_function(
    home: Project, change: Change
) -> None:
    home.function()
    home.deploy("f", {"main.py": LEAVING_PYTHON})
    pid = answered(home)["pid"]
    for _ in range(3):
        seed = snapshot(home)
        change(home)
        home.execute("f")
        restore(home, seed)
        assert answered(home)["pid"] == pid
        home.server.run(home.server.emulator.control.forget, seed.id)


def test_workers_of_what_a_test_has_deployed_end_with_it() -> None:
    with serving(memory=True) as server:
        home = server.project()
        home.function()
        home.deploy("f", {"main.py": GOOD})
        home.execute("f")
        seed = snapshot(home)
        for _ in range(3):
            _deployment(home)
            home.execute("f")
            _variable(home)
            home.execute("f")
            restore(home, seed)
        status = server.call("GET", "/_emulator/status").expect(200)
        assert status["workers"]["idle"] == 1


def test_two_baselines_keep_their_workers_warm(home: Project) -> None:
    home.function()
    home.deploy("f", {"main.py": LEAVING_PYTHON})
    first, pid = snapshot(home), answered(home)["pid"]
    home.deploy("f", {"main.py": LEAVING_PYTHON + "# second"})
    second, other = snapshot(home), answered(home)["pid"]
    for _ in range(2):
        restore(home, first)
        assert answered(home)["pid"] == pid
        restore(home, second)
        assert answered(home)["pid"] == other


def test_a_user_who_was_blocked_is_not_any_more(home: Project) -> None:
    visitor = new_user(home, "ann")
    seed = snapshot(home)
    assert visitor.get("/account").status == 200
    home.patch("/users/ann/status", {"status": False}).expect(200)
    assert visitor.get("/account").status == 403
    restore(home, seed)
    assert visitor.get("/account").status == 200


def test_a_webhook_that_was_switched_off_is_told_again() -> None:
    with receiving() as receiver:
        hook = Webhook(receiver.url(), events=("users.*.create",))
        with serving(memory=True, webhooks=(hook,)) as server:
            project, webhooks = server.project(), server.emulator.services.webhooks
            seed = snapshot(project)
            receiver.status = 500
            for number in range(10):
                project.post("/users", {"userId": f"u{number}"}).expect(201)
            server.run(server.emulator.control.settle)
            assert not webhooks.states()[0].is_on
            restore(project, seed)
            assert (webhooks.states()[0].is_on, webhooks.states()[0].failures) == (True, 0)
            for _ in range(10):
                project.post("/users", {"userId": "unique()"}).expect(201)
            server.run(server.emulator.control.settle)
            assert not webhooks.states()[0].is_on
            server.run(server.emulator.control.reset)
            assert webhooks.states()[0].is_on


def test_a_key_that_was_deleted_in_a_test_is_as_unknown_as_before(home: Project) -> None:
    keys = home.server.emulator.services.api_keys
    seed = snapshot(home)
    values = {"name": "k", "scopes": ("users.read",), "expire": None}
    key = home.server.run(lambda: keys.create(home.id, "unique()", values))
    bearer = home.having(x_appwrite_key=key.secret)
    assert bearer.get("/users").status == 200
    home.server.run(keys.delete, home.id, key.id)
    assert bearer.get("/users").status == 401
    restore(home, seed)
    assert bearer.get("/users").status == 200, "like any key that nobody made"


def test_a_project_that_is_gone_admits_nobody_who_was_admitted_before(own: Server) -> None:
    with serving(memory=True, strict=True, project="home") as server:
        services = server.emulator.services
        guest = server.project("made").guest
        seed = snapshot(guest)
        server.run(_make_project, services, "made")
        assert guest.get("/health/version").status != 404
        restore(guest, seed)
        assert guest.get("/health/version").error[1] == "project_not_found"


def _make_project(services: Any, id: str) -> None:
    row = {"$id": id, "project": CONSOLE, "name": id, "teamId": "personal", "$sequence": 1}
    row |= {"$createdAt": "", "$updatedAt": ""}
    services.ground.state.table(models.Project.table).put(f"{CONSOLE}/{id}", row)


def test_an_upload_that_was_half_done_goes_on_only_with_what_had_arrived(home: Project) -> None:
    home.function()
    content = tar_gz({"main.py": GOOD})
    half = len(content) // 2

    def send(first: int, last: int, id: str) -> Reply:
        headers = {"content-range": f"bytes {first}-{last}/{len(content)}", "x-appwrite-id": id}
        return home.upload("f", content[first : last + 1], headers=headers)

    send(0, half - 1, "again").expect(202)
    seed = snapshot(home)
    send(half, len(content) - 1, "again").expect(202)
    restore(home, seed)
    status, type, message = send(half, len(content) - 1, "again").error
    assert (status, type) == (409, "emulator_restored")
    assert "the upload of deployment again was half done" in message


def test_an_upload_of_the_same_id_begins_anew(home: Project) -> None:
    home.function()
    seed = snapshot(home)
    archive = tar_gz({"main.py": GOOD})
    for content in (os.urandom(3000), archive):
        half = len(content) // 2
        for first, last in ((0, half - 1), (half, len(content) - 1)):
            range = f"bytes {first}-{last}/{len(content)}"
            headers = {"content-range": range, "x-appwrite-id": "same"}
            piece = content[first : last + 1]
            home.upload("f", piece, headers=headers).expect(202)
            if content is not archive:
                restore(home, seed)
                break
    assert home.built("f", "same")["status"] == "ready"
    assert home.execute("f")["responseBody"] == "good"
