"""Functions that call services which are not emulated get the answers that a test declares."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import pytest

from appwrite_emulator import Appwrite, Emulator, isolated
from appwrite_emulator.client.stubs import Stubs, StubsFailed

from .command import source

NODE = """
export default async ({ req, res }) => {
  const at = process.env.APPWRITE_FUNCTION_API_ENDPOINT;
  const headers = {
    "content-type": "application/json",
    "x-appwrite-project": process.env.APPWRITE_FUNCTION_PROJECT_ID,
    "x-appwrite-key": req.headers["x-appwrite-key"],
  };
  const posts = `${at}/databases/main/collections/posts/documents`;
  const query = encodeURIComponent(JSON.stringify({ method: "equal", attribute: "author",
    values: [req.bodyJson.author] }));
  const found = await (await fetch(`${posts}?queries[0]=${query}`, { headers })).json();
  const body = JSON.stringify({ documentId: "unique()", data: { number: found.total + 1 } });
  const made = await fetch(posts, { method: "POST", headers, body });
  return res.json({ status: made.status, reply: await made.json() });
};
"""
PYTHON = """
import json
import os
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen


def call(context, method, path, body=None):
    headers = {
        "content-type": "application/json",
        "x-appwrite-project": os.environ["APPWRITE_FUNCTION_PROJECT_ID"],
        "x-appwrite-key": context.req.headers["x-appwrite-key"],
    }
    url = os.environ["APPWRITE_FUNCTION_API_ENDPOINT"] + path
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data, headers, method=method)) as reply:
            return reply.status, json.load(reply)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def main(context):
    posts = "/databases/main/collections/posts/documents"
    query = {"method": "equal", "attribute": "author", "values": [context.req.body_json["author"]]}
    _, found = call(context, "GET", f"{posts}?{urlencode({'queries[]': json.dumps(query)})}")
    body = {"documentId": "unique()", "data": {"number": found["total"] + 1}}
    status, reply = call(context, "POST", posts, body)
    return context.res.json({"status": status, "reply": reply})
"""
POSTS = "/databases/main/collections/posts/documents"
QUERY = {"queries": [{"method": "equal", "attribute": "author", "values": ["ann"]}]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    source(folder, "functions/node/main.mjs", NODE)
    source(folder, "functions/python/main.py", PYTHON)
    return folder


@pytest.fixture(scope="module")
def emulator(folder: Path) -> Iterator[Emulator]:
    with Emulator(port=0) as emulator:
        emulator.deploy(folder)
        yield emulator


@pytest.fixture
def appwrite(emulator: Emulator) -> Iterator[Appwrite]:
    with isolated(emulator) as appwrite:
        yield appwrite


@pytest.fixture
def stubs(emulator: Emulator) -> Stubs:
    return Stubs(emulator.services.stubs, emulator.in_loop, emulator.project)


@pytest.mark.parametrize("function", ["node", "python"])
def test_a_function_reads_and_writes_documents(
    appwrite: Appwrite, stubs: Stubs, function: str
) -> None:
    listed = stubs.get(POSTS, query=QUERY).documents([{"$id": "one"}])
    made = stubs.post(POSTS, json={"data": {"number": 2}}).json({"$id": "two"}, 201)

    execution = appwrite.functions[function].call(json={"author": "ann"})

    assert execution.json() == {"status": 201, "reply": {"$id": "two"}}
    listed.assert_called(1, by=function)
    made.assert_called(1, by=f"function:{function}", json={"documentId": "unique()"})
    assert [call.execution for call in stubs.calls] == [execution.id] * 2
    assert [call.reply_status for call in stubs.calls] == [200, 201]
    stubs.check()


@pytest.mark.parametrize("function", ["node", "python"])
def test_a_function_meets_the_errors_of_a_service(
    appwrite: Appwrite, stubs: Stubs, function: str
) -> None:
    stubs.get(POSTS).documents([])
    stubs.post(POSTS).error("general_rate_limit_exceeded")

    execution = appwrite.functions[function].call(json={"author": "ann"})

    assert execution.json()["status"] == 429
    assert execution.json()["reply"]["type"] == "general_rate_limit_exceeded"


@pytest.mark.parametrize("function", ["node", "python"])
def test_a_call_that_meets_no_stub_says_which_is_near(
    appwrite: Appwrite, stubs: Stubs, function: str
) -> None:
    stubs.get(POSTS).documents([])
    stubs.post(POSTS, json={"data": {"number": 2}}).json({})

    with pytest.raises(StubsFailed) as failed:
        appwrite.functions[function].call(json={"author": "ann"})

    (execution,) = appwrite.executions(function)
    assert execution.json()["status"] == 501
    near = f"near: POST /v1{POSTS} differs in body.data.number: 1 instead of 2"
    assert str(failed.value).splitlines() == [
        f"POST /v1{POSTS} met no stub.",
        f"  called by: function {function} in execution {execution.id}",
        "  body: {'documentId': 'unique()', 'data': {'number': 1}}",
        f"  {near}",
        f"  near: GET /v1{POSTS} differs in the method: POST instead of GET",
        f'Declare one: appwrite.stub.post("{POSTS}").json({{...}}). A test with '
        "@pytest.mark.appwrite(strict=False) goes on without; check=False is about how a function "
        "ends, not about what it calls.",
    ]


def test_a_function_that_waits_too_long_for_a_service_is_ended(
    appwrite: Appwrite, stubs: Stubs, folder: Path
) -> None:
    appwrite.deploy(folder / "functions" / "node", id="hasty", timeout=1)
    stub = stubs.get(POSTS).json({}, delay=600)

    execution = appwrite.functions["hasty"].call(json={"author": "ann"}, check=False)

    assert execution.outcome == "timed out"
    stub.assert_called(1, by="hasty")


def test_what_one_test_declares_is_not_there_in_the_next(emulator: Emulator, stubs: Stubs) -> None:
    with isolated(emulator, strict=False) as appwrite:
        stubs.get(POSTS).documents([])
        appwrite.functions["python"].call(json={"author": "ann"})
        assert (len(stubs.calls), len(stubs.unmatched)) == (1, 1)
    with isolated(emulator, strict=False) as appwrite:
        assert (stubs.calls, stubs.unmatched) == ([], [])
        failed = appwrite.functions["python"].call(json={"author": "ann"})
        assert "KeyError: 'total'" in failed.errors


def test_an_emulator_that_stops_waits_for_no_delay() -> None:
    with ThreadPoolExecutor() as pool:
        with Emulator(port=0) as emulator:
            stubs = Stubs(emulator.services.stubs, emulator.in_loop, emulator.project)
            reached = threading.Event()
            stubs.get("/databases").answer(lambda call: reached.set(), delay=3600)
            url = f"{emulator.endpoint}/databases?project={emulator.project}"
            reply = pool.submit(urlopen, url)
            assert reached.wait(15)
        with reply.result() as answered:
            assert answered.status == 204
