"""Uploads in chunks: any order, at the same time, again, and with the defects of clients."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from .forms import form, multipart_type, tar_gz
from .server import Json, Project, Reply, Server

CHUNK = 5 * 1024 * 1024
PYTHON = "def main(context):\n    return context.res.text('{}')\n"


@pytest.fixture
def owner(project: Project) -> Project:
    """A project with the function `f`."""
    project.function()
    return project


@pytest.fixture(scope="module")
def archive() -> bytes:
    """An archive of three chunks that does not compress."""
    filling = random.Random(1).randbytes(11 * 1024 * 1024)
    return tar_gz({"main.py": PYTHON.format("chunked"), "filling": filling})


def _send(
    owner: Project, archive: bytes, start: int, stop: int, *, id: str = "", end: int | None = None
) -> Reply:
    last = stop - 1 if end is None else end
    headers = {"content-range": f"bytes {start}-{last}/{len(archive)}"}
    if id:
        headers["x-appwrite-id"] = id
    return owner.upload("f", archive[start:stop], headers=headers)


def _pieces(archive: bytes, size: int = CHUNK) -> list[tuple[int, int]]:
    return [(at, min(at + size, len(archive))) for at in range(0, len(archive), size)]


def _count(owner: Project) -> int:
    return int(owner.get("/functions/f/deployments").expect(200)["total"])


def _progress(reply: Json) -> tuple[int, int]:
    return reply["chunksUploaded"], reply["chunksTotal"]


def test_chunks_in_order_become_one_deployment(owner: Project, archive: bytes) -> None:
    id, seen = "", []
    for start, stop in _pieces(archive):
        reply = _send(owner, archive, start, stop, id=id).expect(202)
        id = id or reply["$id"]
        seen.append((reply["$id"] == id, reply["sourceSize"], _progress(reply)))
    assert seen == [(True, len(archive), (number, 3)) for number in (1, 2, 3)]
    assert owner.built("f", id)["status"] == "ready"
    assert _count(owner) == 1
    assert owner.execute("f")["responseBody"] == "chunked"


def test_chunks_in_any_order_and_twice_become_one_deployment(
    owner: Project, archive: bytes
) -> None:
    pieces = _pieces(archive)
    reply = _send(owner, archive, *pieces[-1], id="chosen").expect(202)
    assert (reply["$id"], _progress(reply)) == ("chosen", (1, 3))
    for piece in (pieces[-1], pieces[0], pieces[0]):
        _send(owner, archive, *piece, id="chosen").expect(202)
    assert owner.get("/functions/f/deployments/chosen").json["status"] == "waiting"
    assert _progress(_send(owner, archive, *pieces[1], id="chosen").expect(202)) == (3, 3)
    assert owner.built("f", "chosen")["status"] == "ready"
    assert _count(owner) == 1


def test_chunks_at_the_same_time_become_one_deployment(owner: Project, archive: bytes) -> None:
    first, *rest = _pieces(archive, 1024 * 1024)
    id = _send(owner, archive, *first).expect(202)["$id"]
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda piece: _send(owner, archive, *piece, id=id), rest * 2))
    assert {reply.expect(202)["$id"] for reply in replies} == {id}
    assert (3, 3) in [_progress(reply.json) for reply in replies]
    assert owner.built("f", id)["status"] == "ready"
    assert owner.execute("f")["responseBody"] == "chunked"


@pytest.mark.parametrize("past", [0, 1], ids=["inclusive", "end is the size"])
def test_one_range_over_the_whole_archive_is_built(owner: Project, past: int) -> None:
    archive = tar_gz({"main.py": PYTHON.format("whole")})
    end = len(archive) - 1 + past
    reply = _send(owner, archive, 0, len(archive), end=end).expect(202)
    assert _progress(reply) == (1, 1)
    assert owner.built("f", reply["$id"])["status"] == "ready"


def test_a_chunk_of_a_complete_deployment_changes_nothing(owner: Project) -> None:
    archive = tar_gz({"main.py": PYTHON.format("whole")})
    id = _send(owner, archive, 0, len(archive)).expect(202)["$id"]
    built = owner.built("f", id)
    again = _send(owner, b"x" * len(archive), 0, len(archive), id=id).expect(202)
    assert _progress(again) == (1, 1)
    assert owner.built("f", id) == built


def test_the_announced_size_may_not_change(owner: Project) -> None:
    id = _send(owner, b"x" * 10, 0, 5).expect(202)["$id"]
    reply = _send(owner, b"x" * 11, 5, 11, id=id)
    assert reply.error[:2] == (400, "storage_invalid_content_range")
    assert owner.get(f"/functions/f/deployments/{id}").json["status"] == "waiting"


def test_an_id_without_a_range_is_ignored(owner: Project) -> None:
    archive = tar_gz({"main.py": PYTHON.format("plain")})
    sent = owner.upload("f", archive, headers={"x-appwrite-id": "chosen"}).expect(202)
    assert sent["$id"] != "chosen"
    assert owner.built("f", sent["$id"])["status"] == "ready"


@pytest.mark.parametrize("id", ["_x", "a/b", "../x", "a" * 37])
def test_a_chosen_id_must_be_one(owner: Project, id: str) -> None:
    error = _send(owner, b"x" * 10, 0, 5, id=id).error
    assert error[:2] == (400, "storage_invalid_appwrite_id")
    assert _count(owner) == 0


def test_the_upload_of_another_function_is_not_touched(owner: Project) -> None:
    owner.function("g")
    foreign = owner.deploy("g", {"main.py": PYTHON.format("g")})
    error = _send(owner, b"x" * 10, 0, 5, id=foreign["$id"]).error
    assert error[:2] == (400, "storage_invalid_appwrite_id")
    assert owner.get(f"/functions/g/deployments/{foreign['$id']}").expect(200) == foreign
    assert owner.execute("g")["responseBody"] == "g"


def test_uploads_of_projects_with_similar_names_stay_apart(server: Server) -> None:
    archive = tar_gz({"main.py": PYTHON.format("mine")})
    half = len(archive) // 2
    mine, other = server.project("similar"), server.project("similar.name")
    mine.function()
    other.function()
    _send(mine, archive, 0, half, id="name.d").expect(202)
    _send(other, b"x" * len(archive), 0, half, id="d").expect(202)
    _send(mine, archive, half, len(archive), id="name.d").expect(202)
    assert mine.built("f", "name.d")["status"] == "ready"
    assert other.get("/functions/f/deployments/d").json["status"] == "waiting"


def test_an_upload_can_be_canceled_and_deleted(owner: Project) -> None:
    path = "/functions/f/deployments/d"
    _send(owner, b"x" * 10, 0, 5, id="d").expect(202)
    assert owner.patch(f"{path}/status", {}).expect(200)["status"] == "canceled"
    assert _send(owner, b"x" * 10, 5, 10, id="d").expect(202)["status"] == "canceled"
    assert owner.built("f", "d")["status"] == "canceled"
    owner.delete(path).expect(204)
    assert _count(owner) == 0


def test_node_14_sends_the_chunk_beside_the_whole_file(owner: Project) -> None:
    archive = tar_gz({"main.py": PYTHON.format("node 14")})
    half = len(archive) // 2
    id = ""
    for start, stop in ((0, half), (half, len(archive))):
        files = {"code": ("code.tar.gz", archive), "file": ("blob", archive[start:stop])}
        headers = {
            "content-type": multipart_type(),
            "content-range": f"bytes {start}-{stop - 1}/{len(archive)}",
            **({"x-appwrite-id": id} if id else {}),
        }
        body = form({"activate": "true"}, files)
        reply = owner.call("POST", "/functions/f/deployments", body=body, headers=headers)
        id = reply.expect(202)["$id"]
    owner.built("f", id)
    assert owner.execute("f")["responseBody"] == "node 14"


def test_a_chunk_that_was_announced_but_not_sent_is_refused(owner: Project) -> None:
    headers = {"content-range": "bytes 0-9/20"}
    status, type, message = owner.upload("f", b"", headers=headers).error
    assert (status, type) == (400, "storage_invalid_content_range")
    assert "Python SDK" in message


def test_the_empty_path_before_an_upload_is_harmless(owner: Project) -> None:
    reply = owner.get("/functions/f/deployments/")
    assert reply.error[:2] == (404, "general_route_not_found")


@pytest.mark.parametrize(
    "body",
    [b"", b"--", b"no form at all", form({"activate": "true"})[:-20], b"--x\r\n\r\n"],
)
def test_a_damaged_form_is_refused(owner: Project, body: bytes) -> None:
    headers = {"content-type": multipart_type()}
    reply = owner.call("POST", "/functions/f/deployments", body=body, headers=headers)
    assert reply.error[:2] in (
        (400, "general_bad_request"),
        (400, "general_argument_invalid"),
    )
    headers = {"content-type": "multipart/form-data"}
    reply = owner.call("POST", "/functions/f/deployments", body=body, headers=headers)
    assert reply.error[0] == 400


def test_a_request_far_over_the_limit_is_refused(hasty: Server) -> None:
    project = hasty.project()
    project.function()
    reply = project.upload("f", b"x" * (13 * 1024 * 1024))
    assert reply.error[:2] == (400, "storage_invalid_file_size")
    assert project.deploy("f", {"main.py": PYTHON.format("small")})["status"] == "ready"


def test_nothing_is_left_of_uploads_on_their_way(hasty: Server) -> None:
    project = hasty.project()
    project.function()
    assert project.upload("f", b"x" * 100_001).status == 400
    archive = tar_gz({"main.py": PYTHON.format("kept")})
    id = _send(project, archive, 0, len(archive)).expect(202)["$id"]
    project.built("f", id)
    folder = hasty.emulator.services.ground.files.uploads
    assert not [path for path in folder.iterdir() if path.suffix == ".part"]
