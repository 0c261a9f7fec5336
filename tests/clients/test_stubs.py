"""Unmodified SDKs get what stubs answer, also in the form of their typed models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator import Emulator
from appwrite_emulator.client.stubs import Stubs
from appwrite_emulator.services.stubs import StubCall

from .environments import Environments, installed
from .programs import PROJECT, SCRIPTS, beside, run
from .test_sdks import PYTHON

POSTS = "/databases/main/collections/posts/documents"
QUERIES = [
    {"method": "equal", "attribute": "author", "values": ["ann"]},
    {"method": "limit", "values": [5]},
]
FILE = {
    "$createdAt": "2026-01-31T12:00:00.000+00:00",
    "$updatedAt": "2026-01-31T12:00:00.000+00:00",
    "$permissions": [],
    "bucketId": "photos",
    "folder": "",
    "key": "",
    "signature": "",
    "mimeType": "text/plain",
    "sizeOriginal": 3,
    "sizeActual": 3,
    "chunksTotal": 1,
    "chunksUploaded": 1,
    "encryption": False,
    "compression": "none",
}

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


def test_node_sdk_meets_stubs(
    emulator: Emulator, environments: Environments, tmp_path: Path
) -> None:
    modules = installed(lambda: environments.node("node-appwrite", "27.1.0"))
    _check(emulator, ["node", str(beside(modules, tmp_path) / "node" / "stubbed.mjs")])


@pytest.mark.parametrize("version", [each for each in PYTHON if int(each.split(".")[0]) >= 17])
def test_typed_python_sdks_meet_stubs(
    emulator: Emulator, environments: Environments, version: str
) -> None:
    python = installed(lambda: environments.python("appwrite", version))
    _check(emulator, [str(python), "-B", f"{SCRIPTS}/python/stubbed.py"])


def _check(emulator: Emulator, command: Sequence[str]) -> None:
    stubs = Stubs(emulator.services.stubs, emulator.in_loop, PROJECT)
    stubs.get(POSTS, query={"queries": QUERIES}).documents([{"$id": "one"}])
    document = {"documentId": "one", "data": {"title": "Hello"}}
    stubs.post(POSTS, json=document).document({"$id": "one", "title": "Hello"})
    stubs.get(f"{POSTS}/*").error("document_not_found")
    deleted = stubs.delete(f"{POSTS}/one").empty()
    # SDKs may ask first how much of a large file is there already.
    stubs.get("/storage/buckets/photos/files/*").error("storage_file_not_found")
    files = stubs.post("/storage/buckets/photos/files", json={"fileId": str}).answer(_file)

    said = json.loads(run(command, emulator))

    assert said == {
        "total": 1,
        "created": "one",
        "missing": "404 document_not_found",
        "file": "cat",
        "large": "whale",
        "unmatched": "501 emulator_service_not_emulated",
    }
    deleted.assert_called(1)
    ranges = [call.headers.get("content-range", "") for call in files.calls]
    assert ranges == ["", "bytes 0-5242879/6291456", "bytes 5242880-6291455/6291456"]
    assert [each.call.path for each in stubs.unmatched] == ["/v1/messaging/messages"]


def _file(call: StubCall) -> dict[str, Any]:
    return {**FILE, "$id": call.json["fileId"], "name": call.json["file"]}
