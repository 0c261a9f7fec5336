"""What a new process finds in the state file of the last one."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from appwrite_emulator.assets import assets
from appwrite_emulator.config import Repository
from appwrite_emulator.state import StateDB

from .. import gits
from .behind import EVENT, PATH, TELL, TICK, begin, enqueue, errands, heard, schedule, settle
from .forms import form, multipart_type, tar_gz
from .gate import Gate
from .people import developer, new_user
from .server import Project, serving

PYTHON = "import os\ndef main(c):\n    c.log('x' * 7000)\n    return c.res.text(os.environ['K'])\n"
BINARY = bytes(range(256)) * 100
GOOD = "def main(c):\n    return c.res.text('built')\n"


def test_everything_is_as_it_was(state: Path) -> None:
    with serving(state=state) as server:
        project = server.project("p")
        project.function(scopes=["users.read"])
        project.post("/functions/f/variables", {"variableId": "v", "key": "K", "value": "kept"})
        deployment = project.deploy("f", {"main.py": PYTHON})
        long = project.deploy(
            "f", {"main.py": PYTHON.replace("7000", "7000)\n    c.log('y' * 7000")}
        )
        for _ in range(3):
            project.execute("f")
        paths = (
            "/functions", "/functions/f", "/functions/f/variables", "/functions/f/deployments",
            "/functions/f/executions",
        )  # fmt: skip
        before = [project.get(path).expect(200) for path in paths]
    with serving(state=state) as server:
        project = server.project("p")
        assert [project.get(path).expect(200) for path in paths] == before
        made = project.execute("f")
        assert made["responseBody"] == "kept"
        listed = project.get("/functions/f/executions").json["executions"]
        assert [each["$id"] for each in listed][-1] == made["$id"]
        assert len(listed) == 4
        source = project.get(f"/functions/f/deployments/{deployment['$id']}/download")
        assert source.status == 200
        project.patch("/functions/f/deployment", {"deploymentId": deployment["$id"]}).expect(200)
        assert len(project.execute("f")["logs"]) < len(made["logs"])
        again = project.post("/functions/f/deployments/duplicate", {"deploymentId": long["$id"]})
        assert project.built("f", again.expect(202)["$id"])["status"] == "ready"


def test_keys_given_to_functions_outlive_a_restart(state: Path) -> None:
    code = "def main(c):\n    return c.res.text(c.req.headers['x-appwrite-key'])\n"
    with serving(state=state) as server:
        project = server.project("p")
        project.function(scopes=["functions.read"])
        project.deploy("f", {"main.py": code})
        key = project.execute("f")["responseBody"]
    with serving(state=state) as server:
        assert server.project("p").having(x_appwrite_key=key).get("/functions").status == 200


def test_what_was_under_way_failed_and_what_waited_goes_on(state: Path, gate: Gate) -> None:
    second = Gate(gate.path.with_name("second"))
    third = Gate(gate.path.with_name("third"))
    with ExitStack() as stop:
        server = stop.enter_context(serving(state=state))
        project = server.project("p")
        project.function()
        project.deploy("f", {"main.py": third.main})
        running = project.post("/functions/f/executions", {"async": True}).expect(202)["$id"]
        with third.reached():
            building = [_begin(project, each.commands) for each in (gate, second)]
            with gate.reached(), second.reached():
                waiting = _begin(project, "true")
                assert project.get(f"/functions/f/deployments/{waiting}").json["status"] == (
                    "waiting"
                )
                stop.close()
    with serving(state=state) as server:
        project = server.project("p")
        for id in building:
            ended = project.get(f"/functions/f/deployments/{id}").expect(200)
            assert ended["status"] == "failed"
            assert "The emulator stopped during this build." in ended["buildLogs"]
            again = project.post("/functions/f/deployments/duplicate", {"deploymentId": id})
            assert again.status == 202
            project.delete(f"/functions/f/deployments/{again.json['$id']}").expect(204)
        assert project.built("f", waiting)["status"] == "ready"
        execution = project.get(f"/functions/f/executions/{running}").expect(200)
        assert (execution["status"], execution["responseStatusCode"]) == ("failed", 500)
        assert "The emulator stopped" in execution["errors"]
        assert project.delete(f"/functions/f/executions/{running}").status == 204
        assert project.execute("f")["responseBody"] == "built"
        assert project.get("/functions/f").json["latestDeploymentStatus"] == "ready"


def _stop_with_a_backlog(state: Path, gate: Gate) -> dict[str, str]:
    """Leave a state in which one run had begun, others had not; their ids by kind."""
    with ExitStack() as stop:
        project = stop.enter_context(serving(state=state)).project("p")
        project.function()
        project.deploy("f", {"main.py": gate.main})
        ids = {"running": enqueue(project, EVENT)}
        with gate.reached():
            project.deploy("f", {"main.py": TELL})
            ids["event"] = enqueue(project, EVENT, body=b"{}")
            fields: dict[str, str | bytes] = {"body": BINARY, "async": "true", "path": "/a?b"}
            kind = {"content-type": multipart_type()}
            sent = project.call("POST", PATH, body=form(fields), headers=kind)
            ids["async"] = sent.expect(202)["$id"]
            ids["tick"] = enqueue(project, TICK)
            ids["due"], ids["scheduled"] = schedule(project), schedule(project, body="later")
            begin(project, ids["due"])
            stop.close()
    return ids


def test_what_had_not_begun_runs_after_a_restart_in_the_order_it_had(
    state: Path, gate: Gate
) -> None:
    ids = _stop_with_a_backlog(state, gate)
    with serving(state=state) as server:
        project = server.project("p")
        settle(server)
        ended = {kind: project.get(f"{PATH}/{id}").expect(200) for kind, id in ids.items()}
        assert {kind: each["status"] for kind, each in ended.items()} == {
            "running": "failed", "event": "completed", "async": "completed", "tick": "completed",
            "due": "scheduled", "scheduled": "scheduled",
        }  # fmt: skip
        assert ended["running"]["errors"].startswith("The emulator stopped")
        updated = [ended[kind]["$updatedAt"] for kind in ("event", "async", "tick")]
        assert updated == sorted(updated)
        call = heard(project, ids["async"])
        assert (call["path"], call["query"]) == ("/a", "b")
        assert call["body"] == hashlib.sha256(BINARY).hexdigest()
        assert heard(project, ids["event"])["headers"]["x-appwrite-event"] == "users.u.create"
        for id in (ids["due"], ids["scheduled"], ids["running"]):
            begin(project, id)
        assert heard(project, ids["scheduled"])["size"] == 5
        assert heard(project, ids["due"])["size"] == 0
        assert project.get(PATH).json["total"] == len(ids)
        assert errands(project) == 0


def test_what_an_older_version_did_not_keep_fails(state: Path, gate: Gate) -> None:
    ids = _stop_with_a_backlog(state, gate)
    with StateDB.open(state) as db:
        db.drop_table("errands")
    with serving(state=state) as server:
        project = server.project("p")
        begin(project, ids["scheduled"])
        settle(server)
        errors = {kind: project.get(f"{PATH}/{ids[kind]}").json["errors"] for kind in ids}
        assert errors["async"].startswith("The emulator stopped before")
        assert errors["scheduled"].endswith("accepted it. Create it again.")
        assert project.get(f"{PATH}/{ids['due']}").json["status"] == "scheduled"


def test_a_body_that_is_lost_fails_its_execution_alone(state: Path, gate: Gate) -> None:
    ids = _stop_with_a_backlog(state, gate)
    for path in (state.parent / "logs").glob("[!.]*"):
        path.unlink()
    with serving(state=state) as server:
        project = server.project("p")
        settle(server)
        found = project.get(f"{PATH}/{ids['async']}").json
        assert (found["status"], found["responseStatusCode"]) == ("failed", 500)
        assert "is lost: its file is gone" in found["errors"]
        assert project.get(f"{PATH}/{ids['tick']}").json["status"] == "completed"


def test_what_waited_for_its_repository_is_fetched_after_a_restart(
    state: Path, gate: Gate, tmp_path: Path
) -> None:
    second = Gate(gate.path.with_name("second"))
    code = gits.write(tmp_path / "code", {"main.py": GOOD})
    known = (Repository("a", "code", code),)
    wanted = {
        "owner": "a", "repository": "code", "rootDirectory": "", "type": "tag", "reference": "1",
        "activate": True,
    }  # fmt: skip
    with ExitStack() as stop:
        server = stop.enter_context(serving(state=state, repositories=known))
        project = server.project("p")
        project.function()
        for each in (gate, second):
            _begin(project, each.commands)
        with gate.reached(), second.reached():
            path = "/functions/f/deployments/template"
            waiting = project.post(path, wanted).expect(202)["$id"]
            stop.close()
    with serving(state=state, repositories=known) as server:
        project = server.project("p")
        assert project.built("f", waiting)["status"] == "ready"
        assert project.execute("f")["responseBody"] == "built"


def _begin(project: Project, commands: str) -> str:
    fields = {"activate": "true", "commands": commands}
    return str(project.upload("f", tar_gz({"main.py": GOOD}), fields=fields).expect(202)["$id"])


def test_an_upload_goes_on_after_a_restart(state: Path) -> None:
    archive = tar_gz({"main.py": GOOD})
    half = len(archive) // 2
    first = {"content-range": f"bytes 0-{half - 1}/{len(archive)}"}
    with serving(state=state) as server:
        project = server.project("p")
        project.function()
        id = project.upload("f", archive[:half], headers=first).expect(202)["$id"]
    rest = {"content-range": f"bytes {half}-{len(archive) - 1}/{len(archive)}", "x-appwrite-id": id}
    with serving(state=state) as server:
        project = server.project("p")
        assert project.get(f"/functions/f/deployments/{id}").json["status"] == "waiting"
        project.upload("f", archive[half:], headers=rest).expect(202)
        assert project.built("f", id)["status"] == "ready"
        assert project.execute("f")["responseBody"] == "built"


def test_what_was_deleted_stays_deleted_and_its_files_go(state: Path) -> None:
    with serving(state=state) as server:
        project = server.project("p")
        project.function("kept")
        project.deploy("kept", {"main.py": GOOD})
        project.function("gone")
        project.deploy("gone", {"main.py": GOOD, "other": "file"})
        project.delete("/functions/gone").expect(204)
    with serving(state=state) as server:
        project = server.project("p")
        assert project.get("/functions").json["total"] == 1
        assert project.execute("kept")["responseBody"] == "built"
        sources = [path for path in (state.parent / "sources").iterdir() if path.name[0] != "."]
        assert len(sources) == 1


def test_ids_and_order_go_on_after_a_restart(state: Path) -> None:
    for id in ("a", "b", "c"):
        with serving(state=state) as server:
            server.project("p").function(id)
    with serving(state=state) as server:
        listed = server.project("p").get("/functions").json["functions"]
        assert [each["$id"] for each in listed] == ["a", "b", "c"]


def test_users_stay_signed_in_but_developers_of_a_strict_emulator_do_not(state: Path) -> None:
    with serving(state=state) as server:
        ann = new_user(server.project("home"), "ann")
        dev = developer(server.project("home"))
        console = server.project("console")
        id = console.get("/users").expect(200)["users"][0]["$id"]
        token = console.post(f"/users/{id}/tokens").expect(201)["secret"]
    with serving(state=state) as server:
        assert replace(ann, server=server).get("/account").status == 200
        assert replace(dev, server=server).get("/functions").status == 200
    with serving(state=state, strict=True, project="home") as server:
        assert replace(ann, server=server).get("/account").status == 200
        assert replace(dev, server=server).get("/functions").status == 401
        by_token = {"userId": id, "secret": token}
        error = server.project("console").guest.post("/account/sessions/token", by_token).error
        assert error[1] == "user_invalid_token"


def test_a_runtime_that_is_there_no_more_is_unsupported(state: Path, tmp_path: Path) -> None:
    family = tmp_path / "runtimes" / "own"
    shutil.copytree(assets("runtimes") / "python", family)
    manifest = family / "runtime.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('"python-*"', '"own-1"'), encoding="utf-8")
    with serving(state=state, runtimes=(family.parent,)) as server:
        server.project("p").function(runtime="own-1")
    with serving(state=state) as server:
        assert server.project("p").post("/functions/f/executions", {}).error == (
            404,
            "function_runtime_unsupported",
            'Runtime "own-1" is not supported',
        )
