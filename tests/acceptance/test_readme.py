"""What the README shows works as it is shown."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from appwrite_emulator import Config, Emulator, Repository, isolated
from appwrite_emulator.cli import main
from appwrite_emulator.cli.options import given
from appwrite_emulator.client.stubs import Stubs
from appwrite_emulator.client.workspace import prepare
from appwrite_emulator.project_file import read

from .command import source

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def block(language: str, words: str) -> str:
    """The only block of that language with these words in it."""
    (found,) = [text for text in blocks(language) if words in text]
    return found


@pytest.fixture
def quickstart() -> Emulator:
    return Emulator(port=0, project="quickstart", memory=True, on_stop=lambda: None)


async def as_curl(command: str) -> httpx2.Response:
    """What the command line for curl asks for, without need of curl."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-N", action="store_true")
    parser.add_argument("-X")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d")
    parser.add_argument("url")
    wanted = parser.parse_args(shlex.split(command.replace("\\\n", " "))[1:])
    headers = {"content-type": "application/x-www-form-urlencoded"} if wanted.d else {}
    headers |= {name.lower(): value for name, value in (line.split(": ", 1) for line in wanted.H)}
    method = wanted.X or ("POST" if wanted.d else "GET")
    async with (
        httpx2.AsyncClient() as client,
        client.stream(method, wanted.url, headers=headers, content=wanted.d) as reply,
    ):
        if not wanted.N:
            await reply.aread()
        return reply


async def deployed(emulator: Emulator) -> None:
    entries = read(ROOT / "examples" / "quickstart" / "appwrite.config.json").functions
    applied = await emulator.services.projects.apply("quickstart", entries, lambda id, text: None)
    assert not [each.reason for each in applied if each.reason]


async def test_the_curl_call_gets_a_postcard(quickstart: Emulator) -> None:
    async with quickstart as emulator:
        await deployed(emulator)
        command = block("sh", "/executions").replace("http://127.0.0.1:9080/v1", emulator.endpoint)
        execution = (await as_curl(command)).json()

    assert execution["status"] == "completed"
    assert "Dear Ada" in execution["responseBody"]


async def test_a_function_is_a_website_at_both_domains(quickstart: Emulator) -> None:
    (url,) = re.findall(r"`http://(\S+?):9080/(\S+)`\nin a browser", README)
    command = block("sh", "cards.localhost")
    async with quickstart as emulator, httpx2.AsyncClient() as client:
        await deployed(emulator)
        base = emulator.endpoint.removesuffix("/v1")
        made = await as_curl(command.replace("http://127.0.0.1:9080", base))
        pages = [
            await client.get(f"{base}/{url[1]}", headers={"host": host})
            for host in (url[0], "cards.localhost")
        ]

    assert made.status_code == 201
    assert ["Dear Ada" in page.text for page in pages] == [True, True]


async def test_a_key_of_the_api_is_held_to_its_scopes(quickstart: Emulator) -> None:
    command = block("sh", "/project/keys")
    async with quickstart as emulator, httpx2.AsyncClient() as client:
        base = emulator.endpoint.removesuffix("/v1")
        made = (await as_curl(command.replace("http://127.0.0.1:9080", base))).json()
        headers = {"x-appwrite-project": "quickstart", "x-appwrite-key": made["secret"]}
        replies = [
            await client.get(f"{emulator.endpoint}/{path}", headers=headers)
            for path in ("functions", "users")
        ]

    assert [reply.status_code for reply in replies] == [200, 401]


async def test_a_template_is_deployed_from_the_folder_that_stands_for_it() -> None:
    (declared,) = re.findall(r"--repositories (\S+)\n", README)
    command = block("sh", "/deployments/template")
    folder = Repository.parse(declared, ROOT)
    options = Config(port=0, project="quickstart", memory=True, repositories=(folder,))
    async with Emulator(options) as emulator:
        await deployed(emulator)
        base = emulator.endpoint.removesuffix("/v1")
        made = (await as_curl(command.replace("http://127.0.0.1:9080", base))).json()
        await emulator.control.settle()
        call = block("sh", "/executions").replace("http://127.0.0.1:9080", base)
        execution = (await as_curl(call)).json()

    assert execution["deploymentId"] == made["$id"]
    assert "Dear Ada" in execution["responseBody"]


async def test_every_route_of_the_control_api_is_shown_and_answers(quickstart: Emulator) -> None:
    commands = re.findall(r"^\|.*`(curl .*)` \|$", README, re.MULTILINE)
    async with quickstart as emulator:
        await deployed(emulator)
        base = emulator.endpoint.removesuffix("/v1")
        snapshot = emulator.control.snapshot().id
        for command in commands:
            shown = command.replace("http://127.0.0.1:9080", base).replace("ID", snapshot)
            assert (await as_curl(shown)).is_success, command
        refusal = (await as_curl(f"curl {base}/_emulator/")).json()["message"]
    routes = re.findall(r"(?:GET|POST|DELETE) (/_emulator/[a-z]+)", refusal)
    assert [re.search(r"/_emulator/[a-z]+", command)[0] for command in commands] == routes  # type: ignore[index]  # each has one


def test_the_state_is_put_back_as_shown() -> None:
    code = block("python", "emulator.snapshot()")
    exec(compile(code, "README.md", "exec"), {})


VISIT = """
import json
import os
from urllib.parse import quote
from urllib.request import Request, urlopen


def main(context):
    url = os.environ["APPWRITE_FUNCTION_API_ENDPOINT"] + "/tablesdb/main/tables/visits/rows"
    headers = {
        "content-type": "application/json",
        "x-appwrite-project": os.environ["APPWRITE_FUNCTION_PROJECT_ID"],
        "x-appwrite-key": context.req.headers["x-appwrite-key"],
    }
    values = [context.req.body_json["user"]]
    query = quote(json.dumps({"method": "equal", "attribute": "user", "values": values}))
    with urlopen(Request(f"{url}?queries[0]={query}", headers=headers)) as reply:
        number = json.load(reply)["total"] + 1
    row = json.dumps({"rowId": "unique()", "data": {"number": number}}).encode()
    with urlopen(Request(url, row, headers)) as reply:
        return context.res.json(json.load(reply))
"""


def test_a_stub_answers_a_function_as_shown(tmp_path: Path) -> None:
    source(tmp_path, "visit/main.py", VISIT)
    names: dict[str, Any] = {}
    exec(compile(block("python", "appwrite.stub.get(ROWS"), "README.md", "exec"), names)
    with Emulator(port=0) as emulator:
        emulator.deploy(tmp_path / "visit")
        stubs = Stubs(emulator.services.stubs, emulator.in_loop, emulator.project)
        with isolated(emulator) as appwrite:
            handle = SimpleNamespace(stub=stubs, functions=appwrite.functions)
            names["test_a_visit_is_counted"](handle)
            stubs.check()


async def test_a_stub_is_declared_over_http_as_shown(quickstart: Emulator) -> None:
    command = block("sh", "/_emulator/stubs -d")
    async with quickstart as emulator:
        base = emulator.endpoint.removesuffix("/v1")
        declared = (await as_curl(command.replace("http://127.0.0.1:9080", base))).json()

    assert (declared["path"], declared["by"]) == ("/v1/messaging/messages/*", "postcard")
    assert [each["status"] for each in declared["replies"]] == [429, 200]


def test_the_application_can_be_made(tmp_path: Path) -> None:
    names: dict[str, object] = {}

    exec(compile(block("python", "asgi("), "README.md", "exec"), names)

    assert callable(names["app"])


def test_the_file_of_options_is_one(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    (tmp_path / "appwrite-emulator.toml").write_text(text)

    config = Config.load(tmp_path, environ={})

    assert (config.port, config.strict) == (9090, True)
    assert config.keys[0].scopes == ("functions.read", "executions.read")
    assert set(tomllib.loads(text)) <= {field.name for field in fields(Config)}


def test_every_start_that_is_shown_finds_what_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = re.findall(r"^(?:.*bin/)?appwrite-emulator start (.*)$", README, re.MULTILINE)
    for line in shown:
        values = main.commands["start"].make_context("start", shlex.split(line)).params
        workspace = prepare(values["directory"], given(values))
        assert workspace.project
        assert all(each.path.is_dir() for each in workspace.config.repositories)
    assert len(shown) == 5


def test_every_command_has_its_place() -> None:
    (section,) = re.findall(r"\n## Commands\n(.*?)\n## ", README, re.DOTALL)
    named = {name for row in re.findall(r"^\| (.*) \|", section, re.M) for name in row.split("`")}
    assert {*main.commands} <= named


def test_the_first_screen_holds_both_commands() -> None:
    first = README.splitlines()[:24]

    assert sum("python3 -m venv .venv" in line for line in first) == 2


def test_every_relative_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert "://" in target or (ROOT / target).exists(), target


def test_the_event_that_is_shown_calls_who_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(block("sh", "trigger event"))[1:]
    with Emulator(port=0, project="quickstart", memory=True) as emulator:
        monkeypatch.setenv("APPWRITE_ENDPOINT", emulator.endpoint)
        done = CliRunner().invoke(main, words)

    assert done.exit_code == 0, done.output
    assert done.output == (
        "No function listens to users.ann.create. "
        "One whose events have users.*.create would be called.\n"
    )
