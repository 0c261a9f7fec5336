"""`doctor`: what it finds in a folder and on a machine, and how it tells it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from appwrite_emulator.cli import main
from appwrite_emulator.cli.doctor import machine
from appwrite_emulator.cli.doctor.page import page
from appwrite_emulator.cli.doctor.parts import Line, Mark, Part, problems
from appwrite_emulator.state import StateDB

from .. import gits
from ..receiver import receiving

ROOT = Path(__file__).parents[2]
FLAG = "--repositories"
KEYS = [
    "ok", "problems", "version", "project", "runtimes", "sandbox", "watching", "state", "port",
    "python",
]  # fmt: skip


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments])


def _report(*arguments: str, code: int = 0) -> Any:
    result = _run(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def _tree(folder: Path) -> list[tuple[Path, bytes]]:
    return sorted(
        (path, path.read_bytes() if path.is_file() else b"") for path in folder.rglob("*")
    )


@pytest.fixture
def free() -> list[str]:
    """Options by which the port does not matter."""
    return ["--port", "0"]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something listens that does not speak HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_an_empty_folder_can_be_served_and_stays_empty(tmp_path: Path, free: list[str]) -> None:
    report = _report(str(tmp_path), *free)
    assert list(report) == KEYS
    assert (report["ok"], report["problems"]) == (True, [])
    assert report["project"] == {
        "directory": str(tmp_path), "file": None, "id": None, "functions": [],
    }  # fmt: skip
    assert report["state"] == {
        "file": str(tmp_path / ".appwrite-emulator" / "state.json"),
        "condition": "new",
        "size": 0,
        "problem": None,
    }
    assert report["port"]["condition"] == "any"
    assert list(tmp_path.iterdir()) == []


def test_the_keys_of_the_report_are_in_the_help() -> None:
    help = " ".join(_run("--help").output.split())
    assert f"The keys of --json: {', '.join(KEYS)}." in help
    assert "repositories add the key repositories, webhooks the key webhooks." in help


def test_runtimes_are_told_with_interpreter_version_and_what_is_missing(
    tmp_path: Path, free: list[str]
) -> None:
    runtimes = {each["id"]: each for each in _report(str(tmp_path), *free)["runtimes"]}
    python = runtimes["python-3.11"]
    assert python["family"] == "python"
    assert os.access(python["interpreter"], os.X_OK)
    assert python["exact"] == (python["version"].split(".")[:2] == ["3", "11"])
    assert runtimes["swift-5.9"]["missing"] or runtimes["swift-5.9"]["interpreter"]


def test_a_language_that_is_missing_is_told_with_its_remedy(
    tmp_path: Path, free: list[str]
) -> None:
    family = tmp_path / "more" / "cobol"
    family.mkdir(parents=True)
    (family / "runtime.toml").write_text(
        'name = "COBOL"\nruntimes = ["cobol-3"]\ncommand = ["{interpreter}"]\n'
        'interpreters = ["no-such-cobol"]\nremedy = "Install COBOL {version}."\n'
    )
    (tmp_path / "code").mkdir()
    row = {"$id": "old", "name": "old", "runtime": "cobol-3", "path": "code"}
    text = json.dumps({"projectId": "shop", "functions": [row]})
    (tmp_path / "appwrite.config.json").write_text(text)
    arguments = [str(tmp_path), "--runtimes", str(tmp_path / "more"), *free]

    report = _report(*arguments, code=1)
    lines = _run(*arguments).output

    assert report["problems"] == [
        "Runtimes: cobol-3 is needed by old. Runtime 'cobol-3' needs COBOL, but none is on PATH. "
        "Install COBOL 3."
    ]
    assert "! cobol is missing" in lines
    assert "✗ cobol-3 is needed by old" in lines
    assert lines.rstrip().endswith("Not ready: see the line with ✗.")


def test_a_manifest_that_is_wrong_is_a_line(tmp_path: Path, free: list[str]) -> None:
    (tmp_path / "more" / "cobol").mkdir(parents=True)
    (tmp_path / "more" / "cobol" / "runtime.toml").write_text("name = 5\n")
    report = _report(str(tmp_path), "--runtimes", str(tmp_path / "more"), *free, code=1)
    assert "cobol/runtime.toml" in report["problems"][0]


def test_what_a_bare_folder_is_taken_for_is_told(tmp_path: Path, free: list[str]) -> None:
    (tmp_path / "functions" / "snake").mkdir(parents=True)
    (tmp_path / "functions" / "snake" / "main.py").touch()
    report = _report(str(tmp_path), *free)
    assert report["project"]["functions"] == ["snake"]
    assert report["project"]["file"] is None
    assert "snake: functions/snake, main.py by python-3" in _run(str(tmp_path), *free).output


def test_a_project_file_that_is_wrong_is_a_line(tmp_path: Path, free: list[str]) -> None:
    (tmp_path / "appwrite.config.json").write_text('{"projectId": "p", "functions": 7}')
    report = _report(str(tmp_path), *free, code=1)
    assert "functions is 7" in report["problems"][0]


def test_a_state_is_sound_with_its_size(tmp_path: Path, free: list[str]) -> None:
    path = tmp_path / "state.json"
    state = StateDB.open(path)
    state.table("functions").put("p/f", {"$id": "f", "project": "p"})
    state.close()
    before = _tree(tmp_path)
    report = _report(str(tmp_path), "--state", str(path), *free)["state"]
    assert report["condition"] == "sound"
    assert report["size"] == path.stat().st_size
    assert _tree(tmp_path) == before


def test_a_state_that_is_open_names_who_has_it(tmp_path: Path, free: list[str]) -> None:
    state = StateDB.open(tmp_path / "state.json", address="http://127.0.0.1:1")
    try:
        report = _report(str(tmp_path), "--state", str(tmp_path / "state.json"), *free)["state"]
    finally:
        state.close()
    assert report["condition"] == "in use"
    assert f"in use by pid {os.getpid()} (http://127.0.0.1:1" in report["problem"]


def test_a_damaged_state_is_told_with_line_and_column(tmp_path: Path, free: list[str]) -> None:
    (tmp_path / "state.json").write_text('{\n"functions": {oops}\n}')
    before = _tree(tmp_path)
    report = _report(str(tmp_path), "--state", str(tmp_path / "state.json"), *free, code=1)
    assert report["state"]["condition"] == "damaged"
    assert "state.json:2:15" in report["problems"][0]
    assert _tree(tmp_path) == before


def test_the_end_of_a_write_that_was_cut_short_is_told(tmp_path: Path, free: list[str]) -> None:
    (tmp_path / "state.json.journal").write_bytes(b'{"seq":1,"cr')
    result = _run(str(tmp_path), "--state", str(tmp_path / "state.json"), *free)
    assert result.exit_code == 0
    assert "12 bytes of a write that was cut short will be set aside." in result.output


def test_a_state_that_is_a_folder_cannot_be_read(tmp_path: Path, free: list[str]) -> None:
    (tmp_path / "state.json").mkdir()
    report = _report(str(tmp_path), "--state", str(tmp_path / "state.json"), *free, code=1)
    assert report["state"]["condition"] == "unreadable"
    assert "cannot be opened" in report["problems"][0]


def test_a_state_in_memory_is_no_file(tmp_path: Path, free: list[str]) -> None:
    state = _report(str(tmp_path), "--memory", *free)["state"]
    assert (state["file"], state["condition"]) == (None, "memory")


def test_a_port_is_free_or_taken(tmp_path: Path, taken: int) -> None:
    report = _report(str(tmp_path), "--port", str(taken), code=1)
    assert report["port"]["condition"] == "taken"
    assert f"port {taken}: Address already in use" in report["problems"][0]


def test_wrong_options_and_folders_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for arguments, text in (
        ([str(tmp_path / "none")], "does not exist. Give the folder"),
        ([str(tmp_path / "file")], "is a file, not a folder"),
        ([str(tmp_path), "--port", "70000"], "port is 70000"),
        ([str(tmp_path), "--runtimes", "/none"], "--runtimes wants a folder"),
    ):
        result = _run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert text in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_the_packages_are_those_the_project_depends_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[<>=]", text)[0] for text in project["dependencies"]]
    assert sorted(names) == list(machine.PACKAGES)
    assert tuple(project["optional-dependencies"]["fast"]) == machine.FAST


def test_few_watches_are_told_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "max_user_watches").write_text("1024\n")
    (tmp_path / "max_user_instances").write_text("128\n")
    monkeypatch.setattr(machine, "_INOTIFY", tmp_path)
    (line,) = machine.examine_watching().lines
    assert (line.mark, line.text) == (
        Mark.NOTE,
        "inotify: 1,024 watches, 128 instances for each user",
    )
    assert "sysctl" in line.more


def test_lines_fit_in_80_columns_and_a_path_stays_whole() -> None:
    path = "/" + "long/" * 30
    lines = (Line(Mark.GOOD, f"node {path}", "word " * 40), Line(Mark.BAD, "broken", "Mend it."))
    parts = (Part("a", "Area", lines, {}),)
    shown = [re.sub(r"\x1b\[\d*m", "", line) for line in page(parts)]
    assert [line for line in shown if len(line) > 80] == [f"    {path}"]
    assert "  ✗ broken" in shown
    assert problems(parts) == ["Area: broken. Mend it."]


def test_the_whole_report_fits_in_80_columns(tmp_path: Path, free: list[str]) -> None:
    result = _run(str(tmp_path), *free)
    assert result.exit_code == 0
    assert "\x1b" not in result.output
    long = [line.strip(" ✓!✗") for line in result.output.splitlines() if len(line) > 80]
    assert not [line for line in long if " " in line], "only what cannot be broken"


def test_repositories_are_told_where_some_are_declared(tmp_path: Path, free: list[str]) -> None:
    git = gits.repository(tmp_path / "git", {"a": "a"})
    plain = gits.write(tmp_path / "plain", {"a": "a"})
    declared = {"o/git": (git, "git"), "o/plain": (plain, "folder"), "o/x": (git / "x", "nothing")}
    options = [text for id, (path, _) in declared.items() for text in (FLAG, f"{id}={path}")]
    report = _report(str(tmp_path), *free, *options)
    assert list(report) == [*KEYS, "repositories"]
    assert report["repositories"]["declared"] == [
        {"id": id, "path": str(path), "kind": kind} for id, (path, kind) in declared.items()
    ]
    assert report["repositories"]["git"] == shutil.which("git")
    lines = _run(str(tmp_path), *free, *options).output
    assert f"! o/x {git}/x: no such folder" in " ".join(lines.split())


def test_git_is_missed_only_for_git_repositories(
    tmp_path: Path, free: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git = gits.repository(tmp_path / "git", {"a": "a"})
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is missing" in _run(str(tmp_path), *free, FLAG, f"o/git={git}").output
    plain = gits.write(tmp_path / "plain", {"a": "a"})
    assert "git is missing" not in _run(str(tmp_path), *free, FLAG, f"o/plain={plain}").output


def test_webhooks_are_told_where_some_are_declared(tmp_path: Path, free: list[str]) -> None:
    with socket.socket() as nobody, receiving() as receiver:
        nobody.bind(("127.0.0.1", 0))
        absent = f"http://localhost:{nobody.getsockname()[1]}/"
        options = ["--webhook", f"users.*={receiver.url()}", "--webhook", f"teams.*={absent}"]
        report = _report(str(tmp_path), *free, *options)
        lines = " ".join(_run(str(tmp_path), *free, *options).output.split())
    assert report["webhooks"] == [
        {"url": receiver.url(), "events": ["users.*"], "answers": True},
        {"url": absent, "events": ["teams.*"], "answers": False},
    ]
    assert f"! {absent} nobody answers there now" in lines
    assert receiver.all() == [], "it was only looked for"


def test_a_webhook_that_start_would_refuse_is_broken(tmp_path: Path, free: list[str]) -> None:
    declared = "user.*=http://localhost:1/"
    report = _report(str(tmp_path), *free, "--webhook", declared, code=1)
    (problem,) = report["problems"]
    assert "has the event 'user.*', which Appwrite does not have" in problem
