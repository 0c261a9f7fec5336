"""Downloads: what was uploaded and what was built, in whole and in ranges."""

from __future__ import annotations

import io
import tarfile

import pytest

from .forms import tar_gz
from .people import in_console
from .server import Project, Server

PYTHON = "def main(context):\n    return context.res.text('hi')\n"
MISSING = (404, "deployment_not_found", "Deployment with the requested ID could not be found.")
RANGE = (
    416,
    "storage_invalid_range",
    "The requested range is not satisfiable. Please check the value of the Range header.",
)
ARCHIVE = tar_gz({"main.py": PYTHON, "data.txt": "0123456789" * 100})


@pytest.fixture(scope="module")
def owner(server: Server) -> Project:
    """A project with a deployment of `ARCHIVE` under the id `d`."""
    project = server.project()
    project.function()
    headers = {"content-range": f"bytes 0-{len(ARCHIVE) - 1}/{len(ARCHIVE)}", "x-appwrite-id": "d"}
    fields = {"activate": "true", "commands": "echo built > built.txt"}
    project.upload("f", ARCHIVE, fields=fields, headers=headers).expect(202)
    assert project.built("f", "d")["status"] == "ready"
    return project


@pytest.mark.parametrize("format", [None, "1.6.0", "2.5.0"])
@pytest.mark.parametrize("path", ["download", "download?type=source", "build/download?type=source"])
def test_the_source_comes_back_byte_for_byte(owner: Project, format: str | None, path: str) -> None:
    reply = owner.at(format).call("GET", f"/functions/f/deployments/d/{path}")
    assert (reply.status, reply.body) == (200, ARCHIVE)
    assert reply.header("content-type") == "application/gzip"
    assert reply.header("content-length") == str(len(ARCHIVE))
    assert reply.header("content-disposition") == 'attachment; filename="d-source.tar.gz"'
    assert reply.header("cache-control") == "private, max-age=3888000"


@pytest.mark.parametrize("path", ["download?type=output", "build/download"])
def test_the_output_is_an_archive_of_what_was_built(owner: Project, path: str) -> None:
    reply = owner.call("GET", f"/functions/f/deployments/d/{path}")
    assert reply.status == 200
    assert reply.header("content-disposition") == 'attachment; filename="d-output.tar.gz"'
    with tarfile.open(fileobj=io.BytesIO(reply.body)) as archive:
        built = {name.removeprefix("./") for name in archive.getnames()}
    assert {"main.py", "built.txt", "data.txt"} <= built


def test_the_1_6_server_names_the_file_after_the_deployment(server_16: Server) -> None:
    project = server_16.project()
    project.function()
    id = project.deploy("f", {"main.py": PYTHON})["$id"]
    reply = project.get(f"/functions/f/deployments/{id}/download")
    assert reply.header("content-disposition") == f'attachment; filename="{id}.tar.gz"'


@pytest.mark.parametrize(
    ("range", "first", "last"),
    [
        ("bytes=0-1", 0, 1),
        ("bytes=5-20", 5, 20),
        ("bytes=10-", 10, len(ARCHIVE) - 1),
        (f"bytes=3-{len(ARCHIVE) - 1}", 3, len(ARCHIVE) - 1),
    ],
)
def test_a_range_can_be_had(owner: Project, range: str, first: int, last: int) -> None:
    headers = {"range": range}
    reply = owner.call("GET", "/functions/f/deployments/d/download", headers=headers)
    assert (reply.status, reply.body) == (206, ARCHIVE[first : last + 1])
    assert reply.header("content-range") == f"bytes {first}-{last}/{len(ARCHIVE)}"
    assert reply.header("content-length") == str(last - first + 1)
    assert reply.header("accept-ranges") == "bytes"


@pytest.mark.parametrize(
    "range",
    ["bytes=0-0", "bytes=-5", "bytes=5-4", f"bytes=0-{len(ARCHIVE)}", "items=0-5", "bytes=a-b",
     "bytes=0-1,3-4", "bytes", f"bytes={len(ARCHIVE)}-"],
)  # fmt: skip
def test_a_range_that_cannot_be_had_is_refused(owner: Project, range: str) -> None:
    headers = {"range": range}
    reply = owner.call("GET", "/functions/f/deployments/d/download", headers=headers)
    assert reply.error == RANGE


def test_the_output_can_be_had_in_ranges_too(owner: Project) -> None:
    path = "/functions/f/deployments/d/build/download"
    reply = owner.call("GET", path, headers={"range": "bytes=0-1"})
    assert (reply.status, reply.body) == (206, b"\x1f\x8b")
    assert owner.call("GET", path, headers={"range": "bytes=0-999999"}).error == RANGE


def test_what_is_not_there_is_404(owner: Project) -> None:
    owner.upload("f", b"x", headers={"content-range": "bytes 0-0/9", "x-appwrite-id": "part"})
    for id in ("nothing", "part"):
        for path in ("download", "download?type=output", "build/download"):
            reply = owner.call("GET", f"/functions/f/deployments/{id}/{path}")
            assert reply.error == MISSING
    failed = owner.server.project()
    failed.function()
    id = failed.deploy("f", {})["$id"]
    assert failed.get(f"/functions/f/deployments/{id}/download").status == 200
    assert failed.get(f"/functions/f/deployments/{id}/build/download").error == MISSING


@pytest.mark.parametrize("path", ["download", "build/download"])
def test_the_kind_is_one_of_two(owner: Project, path: str) -> None:
    error = owner.call("GET", f"/functions/f/deployments/d/{path}?type=all").error
    assert error[2] == "Invalid `type` param: Value must be one of (source, output)"


def test_a_guest_cannot_download_but_the_project_may_be_in_the_query(owner: Project) -> None:
    bare = owner.having(x_appwrite_project=None)
    path = f"/functions/f/deployments/d/download?project={owner.id}"
    assert bare.at("1.6.0").call("GET", path).body == ARCHIVE
    cookie = in_console(owner.server).headers["cookie"]
    browser = bare.guest.having(cookie=cookie)
    assert browser.call("GET", f"{path}&mode=admin").body == ARCHIVE
    assert bare.guest.call("GET", path).error[:2] == (401, "general_unauthorized_scope")


def test_the_head_of_a_download_has_its_size(owner: Project) -> None:
    reply = owner.call("HEAD", "/functions/f/deployments/d/download")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.header("content-length") == str(len(ARCHIVE))
