"""What can be wrong with a function, each answered in Appwrite's form while all goes on."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import SYNC_TIMEOUT
from .forms import link, tar_gz
from .gate import Gate
from .server import Json, Project, Server

GOOD = "def main(context):\n    return context.res.text('still here')\n"
NODE = {"runtime": "node-22", "entrypoint": "index.js"}


@pytest.fixture
def owner(project: Project) -> Iterator[Project]:
    """A project with the function `f`; afterwards another function still works."""
    project.function("witness")
    project.deploy("witness", {"main.py": GOOD})
    yield project
    assert project.execute("witness")["responseBody"] == "still here"


def _hardlink(name: str, target: str) -> tarfile.TarInfo:
    member = link(name, target)
    member.type = tarfile.LNKTYPE
    return member


def _device(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = tarfile.CHRTYPE
    return member


def _cut(archive: bytes) -> bytes:
    return archive[: len(archive) // 2]


@pytest.mark.parametrize(
    "archive",
    [
        b"this is no archive",
        b"",
        _cut(tar_gz({"main.py": GOOD * 1000})),
        b"\x1f\x8b" + b"\0" * 100,
        tar_gz({}),
        tar_gz({"../../escape.py": GOOD}),
        tar_gz({"/etc/escape.py": GOOD}),
        tar_gz({"main.py": GOOD}, link("out", "/etc")),
        tar_gz({"main.py": GOOD}, link("out", "../../..")),
        tar_gz({"main.py": GOOD}, _hardlink("out", "/etc/passwd")),
        tar_gz({"main.py": GOOD}, _device("null")),
    ],
    ids=["text", "empty", "cut", "garbage", "nothing", "dots", "absolute", "link", "dotted link",
         "hard link", "device"],
)  # fmt: skip
def test_an_archive_that_cannot_be_unpacked_fails_the_build(owner: Project, archive: bytes) -> None:
    owner.function()
    sent = owner.upload("f", archive).expect(202)
    built = owner.built("f", sent["$id"])
    assert built["status"] == "failed"
    assert built["buildLogs"].strip()
    assert built["buildSize"] == 0
    error = owner.post("/functions/f/executions", {}).error
    assert error[:2] == (404, "deployment_not_found")


def test_the_build_of_an_archive_that_is_only_zipped_fails(owner: Project) -> None:
    owner.function()
    sent = owner.upload("f", gzip.compress(b"one file")).expect(202)
    assert owner.built("f", sent["$id"])["status"] == "failed"


def test_a_tar_without_gzip_fails_or_builds_but_is_answered(owner: Project) -> None:
    owner.function()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("main.py")
        member.size = len(GOOD)
        archive.addfile(member, io.BytesIO(GOOD.encode()))
    sent = owner.upload("f", out.getvalue()).expect(202)
    assert owner.built("f", sent["$id"])["status"] in ("failed", "ready")


def test_a_command_that_fails_fails_the_build(owner: Project) -> None:
    owner.function()
    built = owner.deploy("f", {"main.py": GOOD}, commands="echo trying; exit 3")
    assert built["status"] == "failed"
    assert "trying\n" in built["buildLogs"]
    assert "Build command exited with code 3." in built["buildLogs"]
    function = owner.get("/functions/f").json
    assert (function["deploymentId"], function["latestDeploymentStatus"]) == ("", "failed")


def test_a_failed_build_leaves_the_last_good_one_serving(owner: Project) -> None:
    owner.function()
    good = owner.deploy("f", {"main.py": GOOD})["$id"]
    assert owner.deploy("f", {"main.py": GOOD}, commands="false")["status"] == "failed"
    assert owner.get("/functions/f").json["deploymentId"] == good
    assert owner.execute("f")["responseBody"] == "still here"


def test_a_runtime_without_a_launcher_fails_the_build(owner: Project) -> None:
    owner.function(runtime="swift-5.9")
    built = owner.deploy("f", {"main.py": GOOD})
    assert built["status"] == "failed"
    assert "swift-5.9" in built["buildLogs"]


def test_a_function_that_moved_to_such_a_runtime_runs_as_it_was_built(owner: Project) -> None:
    owner.function()
    owner.deploy("f", {"main.py": GOOD})
    moved = {"name": "f", "execute": ["any"], "runtime": "swift-5.9"}
    assert owner.put("/functions/f", moved).expect(200)["live"] is False
    assert owner.execute("f")["responseBody"] == "still here"


@pytest.mark.parametrize(
    ("settings", "files", "code", "texts"),
    [
        ({}, {"other.py": GOOD}, 503, ["main.py"]),
        ({}, {"main.py": "def main(:\n"}, 503, ["Syntax error", "main.py"]),
        ({}, {"main.py": "import nothing_of_that_name\n"}, 503, ["nothing_of_that_name"]),
        ({}, {"main.py": "x = 1\n"}, 503, ["main"]),
        ({}, {"main.py": "def main(c):\n    raise ValueError('mine')\n"}, 500, ["mine"]),
        ({}, {"main.py": "def main(c):\n    pass\n"}, 500, ["Return statement missing."]),
        ({}, {"main.py": "import os\ndef main(c):\n    os._exit(7)\n"}, 500, ["7"]),
        ({}, {"main.py": "import os\ndef main(c):\n    os.kill(os.getpid(), 11)\n"}, 500, ["SIG"]),
        (NODE, {"other.js": ""}, 503, ["index.js"]),
        (NODE, {"index.js": "module.exports = ("}, 503, ["Syntax error", "index.js"]),
        (NODE, {"index.js": "require('nothing-there')"}, 503, ["nothing-there"]),
        (NODE, {"index.js": "module.exports = 1"}, 503, ["Function signature invalid."]),
        (NODE, {"index.js": "module.exports = () => { throw Error('mine') }"}, 500, ["mine"]),
        (NODE, {"index.js": "module.exports = () => {}"}, 500, ["Return statement missing."]),
        (NODE, {"index.js": "module.exports = () => process.exit(7)"}, 500, ["7"]),
    ],
)
def test_code_that_is_wrong_is_a_failed_execution(
    owner: Project, settings: Json, files: dict[str, str], code: int, texts: list[str]
) -> None:
    owner.function(**settings)
    assert owner.deploy("f", files)["status"] == "ready"
    made = owner.execute("f")
    assert (made["status"], made["responseStatusCode"]) == ("failed", code)
    assert made["responseBody"] == ""
    for text in texts:
        assert text in made["errors"]
    seen = owner.guest.execute("f")
    assert (seen["status"], seen["errors"], seen["logs"]) == ("failed", "", "")
    stored = owner.get(f"/functions/f/executions/{made['$id']}").expect(200)
    assert stored["errors"] == made["errors"]
    owner.deploy("f", {"main.py": GOOD} if not settings else {"index.js": _GOOD_NODE})
    assert owner.execute("f")["responseBody"] == "still here"


_GOOD_NODE = "module.exports = ({ res }) => res.text('still here')"


@pytest.mark.parametrize(
    ("settings", "files"),
    [
        ({}, {"main.py": "def main(c):\n    c.log('in')\n    while True: pass\n"}),
        (NODE, {"index.js": "module.exports = (c) => { c.log('in'); for (;;); }"}),
        (
            NODE,
            {"index.js": "module.exports = (c) => { c.log('in'); return new Promise(() => {}) }"},
        ),
    ],
    ids=["python", "node", "promise"],
)
def test_code_that_never_ends_is_ended_at_its_timeout(
    owner: Project, settings: Json, files: dict[str, str]
) -> None:
    owner.function(timeout=1, **settings)
    owner.deploy("f", files)
    made = owner.execute("f")
    assert (made["status"], made["responseStatusCode"]) == ("failed", 500)
    assert "Execution timed out." in made["errors"]
    assert made["logs"] == "in\n"
    assert 0.9 <= made["duration"] < 5
    sent = owner.post("/functions/f/executions", {"async": True}).expect(202)
    ended = owner.executed("f", sent["$id"])
    assert (ended["status"], ended["responseStatusCode"]) == ("failed", 500)
    assert "timed out" in ended["errors"]


def test_a_synchronous_execution_has_its_own_limit(hasty: Server, gate: Gate) -> None:
    project = hasty.project()
    project.function(timeout=10)
    project.deploy("f", {"main.py": gate.main})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(project.post, "/functions/f/executions", {})
        with gate.reached():
            assert running.result().error == (
                408,
                "function_synchronous_timeout",
                "Synchronous function execution timed out. Use asynchronous execution instead, or "
                "ensure the execution duration doesn't exceed 30 seconds.",
            )
    stored = project.get("/functions/f/executions").json["executions"]
    assert [(each["status"], each["responseStatusCode"]) for each in stored] == [("failed", 500)]
    assert stored[0]["duration"] >= SYNC_TIMEOUT


def test_an_asynchronous_execution_has_the_time_of_its_function(hasty: Server, gate: Gate) -> None:
    project = hasty.project()
    project.function(timeout=15)
    project.deploy("f", {"main.py": gate.main})
    sent = project.post("/functions/f/executions", {"async": True}).expect(202)
    with gate.reached():
        late = project.post("/functions/f/executions", {})
        assert late.error[1] == "function_synchronous_timeout"
        running = project.get(f"/functions/f/executions/{sent['$id']}").expect(200)
        assert running["status"] == "processing"
    assert project.executed("f", sent["$id"])["status"] == "completed"


@pytest.mark.parametrize(
    ("settings", "files"),
    [
        ({}, {"main.py": "def main(c):\n    for _ in range(30): c.log('x' * 7999)\n"
              "    for _ in range(1500): c.log('y' * 999)\n    return c.res.text('done')\n"}),
        ({}, {"main.py": "def main(c):\n    for _ in range(1200): print('y' * 999)\n"
              "    for _ in range(1500): c.log('y' * 999)\n    return c.res.text('done')\n"}),
        (NODE, {"index.js": "module.exports = (c) => { for (let i = 0; i < 1500; i++)"
                " c.log('y'.repeat(999)); return c.res.text('done') }"}),
    ],
    ids=["python", "printed", "node"],
)  # fmt: skip
def test_a_flood_of_logs_is_cut(owner: Project, settings: Json, files: dict[str, str]) -> None:
    owner.function(**settings)
    owner.deploy("f", files)
    made = owner.execute("f")
    assert (made["status"], made["responseBody"]) == ("completed", "done")
    warning = "[WARNING] Logs truncated. The output exceeded 1000000 characters.\n"
    assert made["logs"].startswith(warning)
    assert len(made["logs"].encode()) <= 1_000_000
    stored = owner.get(f"/functions/f/executions/{made['$id']}").expect(200)
    assert stored["logs"] == made["logs"]


def test_a_flood_of_errors_keeps_its_end(owner: Project) -> None:
    owner.function()
    code = "def main(c):\n    for n in range(2000): c.error(str(n).zfill(999))\n"
    owner.deploy("f", {"main.py": f"{code}    return c.res.empty()\n"})
    made = owner.execute("f")
    warning = "[WARNING] Errors truncated. The output exceeded 1000000 characters.\n"
    assert made["errors"].startswith(warning)
    assert made["errors"].endswith("1999\n")
    assert len(made["errors"].encode()) <= 1_000_000
    assert made["logs"] == ""


def test_a_function_that_kills_its_parent_group_does_not_kill_us(owner: Project) -> None:
    owner.function()
    code = "import os\ndef main(c):\n    os.killpg(0, 9)\n"
    owner.deploy("f", {"main.py": code})
    assert owner.execute("f")["status"] == "failed"
