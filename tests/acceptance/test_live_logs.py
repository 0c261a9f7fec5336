"""Live logs as people and programs follow them: over TCP, from a running emulator."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest

from appwrite_emulator import Emulator

from .test_emulator import HEADERS, archive

TALK = """import sys
def main(context):
    context.log("hello", context.req.path)
    context.error("one\\ntwo")
    print("printed")
    sys.stdout.write("half")
    return context.res.text("ok")
"""
CHATTER = """def main(context):
    for _ in range(20000):
        context.log("x" * 1000)
    return context.res.text("ok")
"""


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Emulator, httpx2.AsyncClient]]:
    async with Emulator(port=0) as emulator:
        base = emulator.endpoint.removesuffix("/v1")
        async with httpx2.AsyncClient(base_url=base, headers=HEADERS, timeout=15) as http:
            yield emulator, http


async def deploy(emulator: Emulator, http: httpx2.AsyncClient, id: str, source: str) -> str:
    function = {
        "functionId": id,
        "name": id,
        "runtime": "python-3.12",
        "entrypoint": "main.py",
        "commands": "echo building",
    }
    (await http.post("/v1/functions", json=function)).raise_for_status()
    reply = await http.post(
        f"/v1/functions/{id}/deployments",
        data={"activate": "true"},
        files={"code": ("code.tar.gz", archive(source), "application/gzip")},
    )
    await emulator.control.settle()
    return str(reply.json()["$id"])


async def execute(http: httpx2.AsyncClient, id: str) -> Any:
    reply = await http.post(f"/v1/functions/{id}/executions", json={"path": "/here"})
    return reply.json()


async def lines_until(reply: httpx2.Response, last: str, patience: float = 10) -> list[str]:
    lines = []
    with anyio.fail_after(patience):
        async for line in reply.aiter_lines():
            lines.append(line)
            if last in line:
                return lines
    raise AssertionError(f"{last!r} is not in {lines}")


async def test_programs_get_a_json_object_for_each_message() -> None:
    async with serving() as (emulator, http):
        await deploy(emulator, http, "talk", TALK)
        async with http.stream(
            "GET", "/_emulator/logs", headers={"accept": "application/x-ndjson"}
        ) as reply:
            assert reply.headers["content-type"] == "application/x-ndjson"
            execution = await execute(http, "talk")
            lines = [json.loads(line) for line in await lines_until(reply, '"half"')]
    assert [(line["level"], line["text"]) for line in lines] == [
        ("log", "hello /here"),
        ("error", "one\ntwo"),
        ("native", "printed"),
        ("native", "half"),
    ]
    for line in lines:
        assert (line["project"], line["functionId"]) == ("demo", "talk")
        assert line["executionId"] == execution["$id"]
        assert line["time"].endswith("+00:00")


async def test_people_get_text_of_builds_and_executions() -> None:
    async with serving() as (emulator, http), http.stream("GET", "/_emulator/logs") as reply:
        assert reply.headers["content-type"] == "text/plain; charset=UTF-8"
        deployment = await deploy(emulator, http, "talk", TALK)
        execution = await execute(http, "talk")
        lines = await lines_until(reply, "half")
    assert lines[0] == f"==> demo/talk build {deployment}"
    assert [line[13:] for line in lines if "building" in line] == ["build  building"]
    assert len([line for line in lines if "Deployment finished." in line]) == 1
    heading = lines.index(f"==> demo/talk execution {execution['$id']}")
    assert [line[13:] for line in lines[heading + 1 :]] == [
        "log    hello /here",
        "error  one",
        "       two",
        "native printed",
        "native half",
    ]


async def test_what_ends_an_execution_is_told_too() -> None:
    async with serving() as (emulator, http):
        await deploy(emulator, http, "broken", "import nothing_such\n")
        async with http.stream("GET", "/_emulator/logs?function=broken") as reply:
            execution = await execute(http, "broken")
            await lines_until(reply, "nothing_such")
    assert execution["status"] == "failed"


async def test_a_filter_leaves_the_others_out() -> None:
    async with serving() as (emulator, http):
        for id in ("talk", "other"):
            await deploy(emulator, http, id, TALK)
        async with http.stream("GET", "/_emulator/logs?function=talk&format=json") as reply:
            await execute(http, "other")
            await execute(http, "talk")
            lines = await lines_until(reply, '"half"')
    assert {json.loads(line)["functionId"] for line in lines} == {"talk"}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("format=xml", "`format` param: Value must be one of (text, json)"),
        ("function=%20", "`function` param"),
        ("follow=1", "It takes project, function, execution, format, activity."),
    ],
)
async def test_bad_parameters_are_refused_before_the_stream(query: str, text: str) -> None:
    async with serving() as (_, http):
        reply = await http.get(f"/_emulator/logs?{query}")
    assert reply.status_code == 400
    assert text in reply.json()["message"]


async def test_a_reader_that_does_not_read_holds_up_nobody_and_is_told_what_it_missed() -> None:
    async with serving() as (emulator, http):
        await deploy(emulator, http, "chatter", CHATTER)
        async with http.stream("GET", "/_emulator/logs?format=json") as reply:
            assert (await execute(http, "chatter"))["status"] == "completed"
            lines = await lines_until(reply, "dropped")
    assert json.loads(lines[-1])["dropped"] + len(lines) - 1 <= 20_000
    assert json.loads(lines[-1])["dropped"] > 1000


async def test_who_hangs_up_is_forgotten_and_who_stays_is_let_go_at_the_stop() -> None:
    async with serving() as (emulator, http):
        live_logs = emulator.services.ground.live_logs
        async with http.stream("GET", "/_emulator/logs"):
            assert len(live_logs) == 1
        with anyio.fail_after(5):
            while len(live_logs):  # noqa: ASYNC110
                await anyio.sleep(0.01)  # the end of a connection has no other signal here


async def test_a_stop_ends_open_streams_at_once() -> None:
    async with anyio.create_task_group() as group, Emulator(port=0) as emulator:
        base = emulator.endpoint.removesuffix("/v1")
        opened, closed = anyio.Event(), anyio.Event()

        async def follow() -> None:
            async with (
                httpx2.AsyncClient(headers=HEADERS) as http,
                http.stream("GET", f"{base}/_emulator/logs", timeout=15) as reply,
            ):
                opened.set()
                assert [line async for line in reply.aiter_lines()] == []
            closed.set()

        group.start_soon(follow)
        await opened.wait()
        began = anyio.current_time()
    assert closed.is_set()
    assert anyio.current_time() - began < 1.5, "less than the time requests get at a stop"


async def test_who_asks_for_activity_is_told_what_happens_in_facts() -> None:
    async with serving() as (emulator, http):
        await deploy(emulator, http, "talk", TALK)
        headers = {"accept": "application/x-ndjson"}
        async with http.stream("GET", "/_emulator/logs?activity=true", headers=headers) as reply:
            execution = await execute(http, "talk")
            told = [json.loads(line) for line in await lines_until(reply, '"ended"')]
    began, *said, ended = told
    assert (began["level"], began["facts"]["trigger"]) == ("began", "http")
    assert {each["level"] for each in said} == {"log", "error", "native"}
    assert ended["executionId"] == execution["$id"]
    assert ended["kind"] == "execution"
    facts = ended["facts"]
    assert (facts["status"], facts["responseStatusCode"], facts["cold"]) == ("completed", 200, True)
    assert facts["path"] == "/here"
