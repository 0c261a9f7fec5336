"""Every command below `appwrite functions` of the official CLI, with a key."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from appwrite_emulator import Emulator

from .cli import PROJECT, Cli, held
from .cli_calls import CALLS, UNABLE, Call, Fields

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


def test_every_command_of_functions(cli: Cli, emulator: Emulator) -> None:
    cli.told("client", "--endpoint", emulator.endpoint, "--project-id", PROJECT, "--key", "local")
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
        there = held(emulator, f"/functions{_named(call.at, ids)}")
        assert (there is None) == (call.held is None), f"{call.command}: {there}"
        _has(there or {}, call.held or {}, ids, call.at)


def _has(found: Fields, wanted: Fields, ids: dict[str, str], what: str) -> None:
    wanted = {key: _named(it, ids) if isinstance(it, str) else it for key, it in wanted.items()}
    assert {key: found.get(key) for key in wanted} == wanted, what


def _named(text: str, ids: dict[str, str]) -> str:
    """The text with ids in place of their names."""
    return re.sub(r"<(\w+)>", lambda match: ids[match[1]], text)
