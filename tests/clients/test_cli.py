"""The official CLI, unmodified, against an emulator over TCP: every command of functions."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from appwrite_emulator import Emulator

from .cli import Cli
from .cli_calls import CALLS, NEW, OLD, UNABLE, Call, Fields
from .environments import Environments, installed
from .recorder import Recorder, recording

PROJECT = "clients"
SOURCE = """\
module.exports = async ({ req, res, log }) => {
  log('said hello');
  const url = req.path + (req.queryString ? `?${req.queryString}` : '');
  const who = process.env.WHO ?? 'nobody';
  return res.text(`hello ${who}: ${req.method} ${url} ${req.bodyText} ${req.headers['x-a']}`);
};
"""
FUNCTION = {
    "$id": "hello",
    "name": "Hello",
    "runtime": "node-22",
    "path": "functions/hello",
    "entrypoint": "main.js",
    "commands": "true",
    "execute": ["any"],
    "events": [],
    "scopes": ["users.read"],
    "schedule": "",
    "timeout": 20,
    "enabled": True,
    "logging": True,
    "specification": "s-0.5vcpu-512mb",
}
PROJECT_FILES = {OLD: "appwrite.json", NEW: "appwrite.config.json"}

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


@pytest.fixture(params=PROJECT_FILES)
def cli(request: pytest.FixtureRequest, environments: Environments, tmp_path: Path) -> Cli:
    """Each version, in a project folder with the function `hello`."""
    version: str = request.param
    modules = installed(lambda: environments.node("appwrite-cli", version))
    cli = Cli(modules, version, tmp_path)
    write_project(cli)
    return cli


@pytest.fixture
def recorder(emulator: Emulator) -> Iterator[Recorder]:
    with recording(emulator.endpoint) as recorder:
        yield recorder


def write_project(cli: Cli, **changes: Any) -> None:
    """The project file, with changes to the function's entry, and the function's folder."""
    folder = cli.folder / "functions" / "hello"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.js").write_text(SOURCE, encoding="utf-8")
    (folder / ".env").write_text("WHO=world\n", encoding="utf-8")
    file = {"projectId": PROJECT, "functions": [{**FUNCTION, **changes}]}
    (cli.folder / PROJECT_FILES[cli.version]).write_text(json.dumps(file), encoding="utf-8")


def held(emulator: Emulator, path: str) -> Any:
    """What the emulator answers at a path below /functions; None when nothing is there."""
    headers = {"x-appwrite-project": PROJECT, "x-appwrite-key": emulator.key}
    try:
        with urlopen(Request(f"{emulator.endpoint}/functions{path}", headers=headers)) as reply:
            return json.load(reply)
    except HTTPError as error:
        error.close()
        if error.code != 404:
            raise
        return None


def use_key(cli: Cli, emulator: Emulator, recorder: Recorder) -> None:
    """`appwrite client`, which asks the server for its version alone."""
    said = cli.run(
        *("client", "--endpoint", recorder.endpoint),
        *("--project-id", PROJECT, "--key", emulator.key),
    )
    assert (said.code, "Success: Setting client" in said.text) == (0, True), said.text
    assert recorder.taken() == ["GET /v1/health/version"]
    prefs = json.loads(cli.prefs.read_text(encoding="utf-8"))
    wanted = {"endpoint": recorder.endpoint, "key": emulator.key}
    assert prefs[prefs["current"]] == wanted


def test_every_command_of_functions(cli: Cli, emulator: Emulator, recorder: Recorder) -> None:
    use_key(cli, emulator, recorder)
    ids: dict[str, str] = {}
    for call in CALLS:
        if call.only in ("", cli.version):
            _make(call, cli, emulator, ids)
    given = {call.command.split()[0] for call in CALLS if call.only in ("", cli.version)}
    offered = set(re.findall(r"^  ([a-z-]+) ", cli.run("functions", "--help").text, re.MULTILINE))
    assert offered - given - {"help"} == set(UNABLE[cli.version])


def _make(call: Call, cli: Cli, emulator: Emulator, ids: dict[str, str]) -> None:
    said = cli.run(
        "functions", *(_named(word, ids) for word in shlex.split(call.command)), "--json"
    )
    if call.refusal:
        assert (said.code, call.refusal in said.text) == (1, True), f"{call.command}: {said}"
        return
    assert said.code == 0, f"{call.command}: {said}"
    printed = json.loads(said.text or "{}")
    if call.keep:
        ids[call.keep] = printed["$id"]
    _has(printed, call.printed, ids, call.command)
    if call.at:
        emulator.settle()
        there = held(emulator, _named(call.at, ids))
        assert (there is None) == (call.held is None), f"{call.command}: {there}"
        _has(there or {}, call.held or {}, ids, call.at)


def _has(found: Fields, wanted: Fields, ids: dict[str, str], what: str) -> None:
    wanted = {key: _named(it, ids) if isinstance(it, str) else it for key, it in wanted.items()}
    assert {key: found.get(key) for key in wanted} == wanted, what


def _named(text: str, ids: dict[str, str]) -> str:
    """The text with ids in place of their names."""
    return re.sub(r"<(\w+)>", lambda match: ids[match[1]], text)
