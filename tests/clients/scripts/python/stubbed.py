"""Calls of services that are not emulated, by PyPI's appwrite; see test_stubs.py."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from appwrite.client import Client
from appwrite.exception import AppwriteException
from appwrite.input_file import InputFile
from appwrite.query import Query
from appwrite.services.databases import Databases
from appwrite.services.messaging import Messaging
from appwrite.services.storage import Storage


def refusal(call: Callable[[], Any]) -> str:
    try:
        call()
    except AppwriteException as exc:
        return f"{exc.code} {exc.type}"
    return ""


client = (
    Client()
    .set_endpoint(os.environ["APPWRITE_ENDPOINT"])
    .set_project(os.environ["APPWRITE_PROJECT_ID"])
    .set_key(os.environ["APPWRITE_API_KEY"])
)
databases, storage = Databases(client), Storage(client)
queries = [Query.equal("author", ["ann"]), Query.limit(5)]
said = {
    "total": databases.list_documents("main", "posts", queries).total,
    "created": databases.create_document("main", "posts", "one", {"title": "Hello"}).id,
    "missing": refusal(lambda: databases.get_document("main", "posts", "two")),
    "file": storage.create_file("photos", "cat", InputFile.from_bytes(b"cat", "cat.txt")).id,
    "large": storage.create_file(
        "photos", "whale", InputFile.from_bytes(b"\0" * 6 * 1024 * 1024, "whale.bin")
    ).id,
    "unmatched": refusal(lambda: Messaging(client).list_messages()),
}
databases.delete_document("main", "posts", "one")
sys.stdout.write(json.dumps(said))
