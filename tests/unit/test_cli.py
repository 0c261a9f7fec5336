"""The command line: options from Config, what a command is about to run, errors as one line."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from appwrite_emulator import __version__
from appwrite_emulator.cli import main
from appwrite_emulator.cli.driving import explained
from appwrite_emulator.cli.options import GROUPS, config_options, given
from appwrite_emulator.cli.report import function_lines
from appwrite_emulator.client.workspace import guarded, prepare
from appwrite_emulator.config import Config, ConfigError, Key
from appwrite_emulator.project_file import ProjectFileError
from appwrite_emulator.services.projects import Applied, Outcome


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def _parse(*arguments: str) -> dict[str, Any]:
    """What the command line of a command with all options gives."""
    parsed: dict[str, Any] = {}

    @click.command()
    @config_options()
    def command(**values: Any) -> None:
        parsed.update(given(values))

    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return parsed


def _project(folder: Path, **content: Any) -> None:
    text = json.dumps({"projectId": "shop"} | content)
    (folder / "appwrite.config.json").write_text(text, "utf-8")


def test_the_version_is_told() -> None:
    assert _run("--version").output == f"appwrite-emulator, version {__version__}\n"


@pytest.mark.parametrize(("wish", "is_coloured"), [("", True), ("1", False)])
def test_colours_can_be_declined(tmp_path: Path, wish: str, is_coloured: bool) -> None:
    arguments = ("doctor", str(tmp_path), "--memory", "--port", "0")
    result = CliRunner().invoke(main, arguments, env={"NO_COLOR": wish}, color=True)
    assert ("\x1b[" in result.stdout) is is_coloured


@pytest.mark.parametrize("command", ["start", "exec"])
def test_every_option_of_the_configuration_is_in_the_help(command: str) -> None:
    help = _run(command, "--help").output
    for spec in fields(Config):
        assert f"--{spec.name.replace('_', '-')} " in help


@pytest.mark.parametrize("command", ["start", "exec", "doctor"])
def test_every_option_of_the_configuration_is_under_a_heading(command: str) -> None:
    help = _run(command, "--help").output
    general = help[help.index("\nOptions:") : help.index("\nServing:")]
    assert all(f"--{spec.name.replace('_', '-')}" not in general for spec in fields(Config))
    assert "--help" in general
    for title in GROUPS:
        assert f"\n{title}:\n" in help


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["strat"], "No such command 'strat'. (Did you mean one of: 'start', 'state'?)"),
        (["trigger", "shedule"], "No such command 'shedule'. Did you mean 'schedule'?"),
        (["start", "--prot", "1"], "'--port'"),
    ],
)
def test_near_names_of_commands_and_options_are_told(arguments: list[str], words: str) -> None:
    result = _run(*arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_the_help_has_examples() -> None:
    for arguments in ([], ["start"], ["exec"], ["init"], ["env"]):
        assert "Examples:\n    appwrite-emulator " in _run(*arguments, "--help").output


def test_the_help_of_a_command_tells_its_own_defaults() -> None:
    assert "[default: 9080]" in " ".join(_run("start", "--help").output.split())
    assert "[default: a free one]" in " ".join(_run("exec", "--help").output.split())


def test_what_is_not_given_is_left_to_other_sources() -> None:
    assert _parse() == {}


def test_options_become_values_of_their_types() -> None:
    arguments = (
        "--port 0 --state a/b.json --no-strict --appwrite 1.6 --sync-timeout 0.5 "
        "--key one=users.read,users.write --keys two --runtimes x --hosts a.test --origin http://b"
    )
    assert _parse(*arguments.split()) == {
        "port": 0,
        "state": Path("a/b.json"),
        "strict": False,
        "appwrite": "1.6",
        "sync_timeout": 0.5,
        "keys": (Key("one", ("users.read", "users.write")), Key("two")),
        "runtimes": (Path("x"),),
        "hosts": ("a.test",),
        "origins": ("http://b",),
    }
    assert Config(**_parse(*arguments.split())).port == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "x"],
        ["--sync-timeout", "soon"],
        ["--workers", "1.5"],
        ["--key", "=a"],
        ["--key", "a="],
        ["--key", "a=functions.raed"],
        ["--appwrite", "2"],
        ["--sandbox", "maybe"],
        ["--nothing"],
    ],
)
def test_wrong_options_are_refused_by_name(arguments: list[str]) -> None:
    result = _run("start", *arguments)
    assert result.exit_code == 2
    assert f"'{arguments[0]}'" in result.output or arguments[0] in result.output


@pytest.mark.parametrize("command", [["start"], ["exec", "--dir"]])
def test_a_folder_that_cannot_be_served_is_refused_in_one_line(
    tmp_path: Path, command: list[str]
) -> None:
    _project(tmp_path, functions=7)
    for folder, text in ((tmp_path, "functions is 7"), (tmp_path / "x", "does not exist")):
        result = _run(*command, str(folder), *(["true"] if len(command) > 1 else []))
        assert (result.exit_code, result.stdout) == (2, "")
        assert text in result.stderr
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--port", "70000"], "port is 70000, it must be from 0 to 65535"),
        (["--function-timeout", "0"], "function_timeout is 0, it must be from 1 to 86400"),
        (["--sync-timeout", "nan"], "sync_timeout is nan, it must be from 0.1 to 900"),
        (["--build-timeout", "-1"], "build_timeout is -1, it must be from 1 to 86400"),
        (["--size-limit", "-1"], "size_limit is -1, it must be from 0 to"),
        (["--build-size-limit", "0"], "build_size_limit is 0, it must be from 1 to"),
        (["--workers", "0"], "workers is 0, it must be from 1 to 1024"),
        (["--keep-executions", "0"], "keep_executions is 0, it must be from 1 to 10000000"),
        (["--execution-retention", "-1"], "execution_retention is -1, it must be from 0 to 36500"),
        (["--project", "a b"], "project has 'a b', it must be like my-project"),
        (["--hosts", "http://a"], "hosts has 'http://a', it must be like dev.example.com"),
        (["--origin", "a.test"], "origins has 'a.test', it must be like https://"),
        (["--origin", "http://a.test/"], "origins has 'http://a.test/', it must be like"),
        (["--runtimes", "none"], "none does not exist. --runtimes wants a folder"),
        (["--state", ".", "--port", "0"], "Is a directory. Name a file in it"),
        (
            ["--host", "none.invalid", "--key", "x", "--memory"],
            "cannot listen on none.invalid port ",
        ),
        (["--memory", "--state", "x.json"], "exclude each other"),
        (["--host", "0.0.0.0"], "at least one --key"),
    ],
)
@pytest.mark.parametrize("command", ["start", "exec"])
def test_options_that_cannot_work_are_refused_in_one_line(
    tmp_path: Path, command: str, arguments: list[str], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _run(command, *arguments, *(["true"] if command == "exec" else []))
    assert (result.exit_code, result.stdout) == (2, "")
    assert text in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_project_file_names_the_project(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    _project(tmp_path, functions=[{"$id": "a", "name": "a", "runtime": "node-22", "path": "code"}])
    workspace = prepare(tmp_path, {})
    assert workspace.config.project == "shop"
    assert [entry.id for entry in workspace.entries] == ["a"]


def test_a_given_project_wins_over_the_file(tmp_path: Path) -> None:
    _project(tmp_path)
    assert prepare(tmp_path, {"project": "mine"}).config.project == "mine"


def test_a_folder_without_project_file_is_an_empty_project(tmp_path: Path) -> None:
    _project(tmp_path)
    (tmp_path / "below").mkdir()
    workspace = prepare(tmp_path / "below", {})
    assert (workspace.project, workspace.entries) == (None, ())


def test_without_a_folder_the_nearest_project_upward_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _project(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    workspace = prepare(None, {})
    assert (workspace.directory, workspace.config.project) == (tmp_path, "shop")


def test_arguments_win_over_the_file_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "appwrite-emulator.toml").write_text("port = 1\nworkers = 2\n", "utf-8")
    config = prepare(tmp_path, {"port": 3}).config
    assert (config.port, config.workers) == (3, 2)


def test_folders_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="missing does not exist"):
        prepare(tmp_path / "missing", {})
    with pytest.raises(ConfigError, match="file is a file"):
        prepare(tmp_path / "file", {})
    with pytest.raises(ConfigError, match="--runtimes wants a folder"):
        prepare(tmp_path, {"runtimes": (tmp_path / "missing",)})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.test"])
def test_listening_to_other_machines_needs_a_key_and_is_strict(host: str) -> None:
    with pytest.raises(ConfigError, match="--key"):
        guarded(Config(host=host))
    assert guarded(Config(host=host, keys=(Key("s"),))).strict


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "127.0.0.2"])
def test_listening_to_this_machine_is_open(host: str) -> None:
    assert guarded(Config(host=host)) == Config(host=host)


def test_what_cannot_run_is_told_once_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    same = [ConfigError("port is odd"), ConfigError("port is odd")]
    with pytest.raises(SystemExit) as caught, explained():
        raise ExceptionGroup("tasks", [ExceptionGroup("inner", same), ProjectFileError("no name")])
    assert caught.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert sorted(lines) == ["appwrite-emulator: no name", "appwrite-emulator: port is odd"]


def test_our_own_mistakes_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError), explained():
        raise ZeroDivisionError


def test_functions_are_told_in_columns_with_reasons_below() -> None:
    applied = [
        Applied(id="a", runtime="node-22", outcome=Outcome.DEPLOYED, seconds=1.26),
        Applied(id="long", runtime="go-1.23", outcome=Outcome.UNCHANGED, seconds=0, notes=("hm",)),
        Applied(id="b", runtime="x", outcome=Outcome.FAILED, seconds=0, reason="one\ntwo"),
    ]
    assert [click.unstyle(line) for line in function_lines(applied)] == [
        "✓ a     node-22  ready, deployed in 1.3 s",
        "✓ long  go-1.23  ready, unchanged",
        "✗ b     x        failed",
        "    one",
        "    two",
        "! hm (long)",
    ]


def test_a_note_on_many_functions_is_one_line() -> None:
    applied = [
        Applied(id=id, runtime="x", outcome=Outcome.UNCHANGED, seconds=0, notes=("hm",))
        for id in "abcdefg"
    ]
    *_, last = function_lines(applied)
    assert click.unstyle(last) == "! hm (a, b, c, d and 3 more)"
