"""The commands of `state`: what they say, what they refuse, and what they leave alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appwrite_emulator.cli import main
from appwrite_emulator.state import StateDB

COMMANDS = {
    "export": ("export", "{file}"),
    "import": ("import", "{file}"),
    "repair": ("repair",),
    "reset": ("reset", "--yes"),
}
ALL = pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
BUT_IMPORT = pytest.mark.parametrize(
    "command", [COMMANDS[name] for name in ("export", "repair", "reset")]
)


def run(*arguments: str | Path, input: str = "") -> Result:
    # Without a sandbox the builds lie beside the state, wherever the tests run and as whom.
    env = {"APPWRITE_EMULATOR_SANDBOX": "off"}
    return CliRunner(env=env).invoke(main, ["state", *map(str, arguments)], input=input)


def on(state: Path, command: tuple[str, ...]) -> Result:
    file = state.parent.parent / "a.tar.gz"
    return run(*(word.format(file=file) for word in command), "--state", state)


def refused(result: Result) -> str:
    """The one line that says why."""
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("appwrite-emulator: ")
    return line


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state file with two functions."""
    path = tmp_path / "data" / "state.json"
    with StateDB.open(path) as db:
        fill(db, "a", "b")
    return path


def fill(db: StateDB, *ids: str) -> None:
    for id in ids:
        db.table("functions").put(f"p/{id}", {"$id": id, "name": id})


def ids(state: Path) -> list[str]:
    with StateDB.open(state) as db:
        return [row["$id"] for row in db.table("functions").rows()]


def damage(state: Path) -> None:
    text = state.read_text()
    state.write_text(text.replace('"$id":"b",', '"$id":"b"'))


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_every_command_teaches_with_examples(command: tuple[str, ...]) -> None:
    help = run(*command, "--help").output
    assert "Examples:\n    appwrite-emulator state " in help
    assert "Stop the emulator of that" in " ".join(help.split())


def test_an_export_says_what_it_holds(state: Path, tmp_path: Path) -> None:
    result = run("export", tmp_path / "a.tar.gz", "--state", state)
    size = (tmp_path / "a.tar.gz").stat().st_size
    assert result.exit_code == 0
    assert result.output == f"{tmp_path}/a.tar.gz: 2 functions ({size:,} bytes)\n"


def test_the_state_of_a_project_is_found_as_start_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "appwrite.config.json").write_text("no project at all")
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    with StateDB.open(tmp_path / ".appwrite-emulator" / "state.json") as db:
        fill(db, "a")
    for arguments in ([], [".."], [tmp_path]):
        assert "1 function" in run("export", "a.tar.gz", *arguments, "--force").output
    assert refused(run("repair", ".")).startswith("appwrite-emulator: There is no state ")


def test_an_export_replaces_a_file_only_when_forced(state: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.tar.gz"
    target.write_text("precious")
    assert "is there already. Give --force" in refused(on(state, COMMANDS["export"]))
    assert target.read_text() == "precious"
    assert on(state, (*COMMANDS["export"], "--force")).exit_code == 0
    assert run("import", target, "--state", tmp_path / "new" / "state.json").exit_code == 0


def test_an_export_to_a_place_that_cannot_be_is_refused(state: Path, tmp_path: Path) -> None:
    assert "is a folder" in refused(run("export", tmp_path, "--state", state))
    assert "There is no folder" in refused(run("export", tmp_path / "x" / "a", "--state", state))


def test_an_import_into_nothing_needs_no_force(state: Path, tmp_path: Path) -> None:
    on(state, COMMANDS["export"])
    new = tmp_path / "new" / "state.json"
    result = run("import", tmp_path / "a.tar.gz", "--state", new)
    assert result.exit_code == 0
    assert result.output.startswith(f"{new}: 2 functions, exported at 2")
    assert ids(new) == ["a", "b"]
    assert [path.name for path in new.parent.glob("*.tar.gz")] == []


def test_an_import_over_rows_is_forced_and_keeps_them(state: Path, tmp_path: Path) -> None:
    on(state, COMMANDS["export"])
    with StateDB.open(state) as db:
        fill(db, "c")
    message = refused(on(state, COMMANDS["import"]))
    assert f"{state} has 3 functions. Give --force" in message
    assert ids(state) == ["a", "b", "c"]

    result = on(state, (*COMMANDS["import"], "--force"))
    assert result.exit_code == 0
    assert ids(state) == ["a", "b"]
    (kept,) = state.parent.glob("state.json.replaced-*.tar.gz")
    assert f"What was there before is in {kept}\n" in result.output
    again = run("import", kept, "--state", state, "--force")
    assert again.exit_code == 0
    assert ids(state) == ["a", "b", "c"]


def test_an_import_that_is_refused_keeps_no_archive(state: Path, tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_text("nonsense")
    assert "cannot be imported" in refused(on(state, (*COMMANDS["import"], "--force")))
    assert ids(state) == ["a", "b"]
    assert list(state.parent.glob("*.tar.gz")) == []


def test_an_import_of_no_file_makes_nothing(tmp_path: Path) -> None:
    new = tmp_path / "new" / "state.json"
    assert "There is no file" in refused(run("import", tmp_path / "no", "--state", new))
    assert "There is no file" in refused(run("import", tmp_path, "--state", new))
    assert not new.parent.exists()


def test_a_sound_state_is_not_repaired(state: Path) -> None:
    before = state.read_bytes(), state.stat().st_mtime_ns
    result = run("repair", "--state", state)
    assert (result.exit_code, result.output) == (0, f"{state} is sound: nothing was changed\n")
    assert (state.read_bytes(), state.stat().st_mtime_ns) == before


def test_a_repair_tells_first_and_then_does(state: Path) -> None:
    damage(state)
    damaged = state.read_bytes()
    told = run("repair", "--state", state, "--dry-run")
    assert told.exit_code == 0
    assert state.read_bytes() == damaged
    lost, kept = told.output.splitlines()
    assert lost == "lost  state.json:5: functions p/b: Expecting ',' delimiter"
    assert kept == f"{state}: can be kept: 1 function"

    done = run("repair", "--state", state)
    assert done.exit_code == 0
    (original,) = state.parent.glob("state.json.damaged-*")
    assert original.read_bytes() == damaged
    assert done.output.splitlines() == [
        lost,
        f"The damaged file is now {original}",
        f"{state}: kept: 1 function",
    ]
    assert ids(state) == ["a"]
    assert "is sound" in run("repair", "--state", state).output


def test_a_state_of_which_nothing_can_be_read_is_left_alone(state: Path) -> None:
    state.write_text("nonsense")
    result = run("repair", "--state", state)
    assert result.exit_code == 2
    assert "Nothing in" in result.stderr
    assert "state.json.bak" in result.stderr
    assert state.read_text() == "nonsense"


def test_a_reset_asks(state: Path) -> None:
    result = run("reset", "--state", state, input="n\n")
    assert result.exit_code == 1
    assert f"Forget 2 functions in {state}? [y/N]" in result.output
    assert ids(state) == ["a", "b"]
    assert run("reset", "--state", state, input="y\n").exit_code == 0
    assert ids(state) == []


def test_a_reset_removes_rows_and_files_and_keeps_the_rest(state: Path, tmp_path: Path) -> None:
    on(state, COMMANDS["export"])
    on(state, (*COMMANDS["import"], "--force"))  # leaves an archive
    (state.parent / "sources" / "old").write_text("archive")
    (state.parent / "builds" / "old" / "src").mkdir(parents=True)
    (state.parent / "caches").mkdir()
    with StateDB.open(state) as db:
        fill(db, "secret")
    result = run("reset", "--yes", "--state", state)
    assert (result.exit_code, result.output) == (0, f"{state} is empty; it had 3 functions\n")
    left = [path for path in state.parent.rglob("*") if path.is_file()]
    assert not [path for path in left if b"secret" in path.read_bytes()]
    names = sorted(path.name for path in state.parent.iterdir() if path.name[0] != ".")
    archive = next(state.parent.glob("*.tar.gz")).name
    assert names == [
        "builds",
        "caches",
        "logs",
        "sources",
        "state.json",
        "state.json.lock",
        archive,
    ]
    assert not [path for path in (state.parent / "builds").iterdir() if path.name[0] != "."]


def test_a_reset_works_on_a_damaged_state(state: Path) -> None:
    damage(state)
    assert "it had 1 function" in run("reset", "--yes", "--state", state).output
    assert ids(state) == []


@ALL
def test_a_state_in_use_is_refused_with_its_owner(
    state: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "a.tar.gz").write_text("x") if command[0] == "import" else None
    with StateDB.open(state, address="http://127.0.0.1:9080"):
        message = refused(on(state, command))
    expected = rf"state.json is in use by pid {os.getpid()} (http://127.0.0.1:9080, since "
    assert expected in message
    assert "stop it or pass another state file" in message


@BUT_IMPORT
def test_a_state_that_is_not_there_is_refused_and_not_made(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    message = refused(on(tmp_path / "none" / "state.json", command))
    assert f"There is no state {tmp_path}/none/state.json. Run appwrite-emulator start" in message
    assert not (tmp_path / "none").exists()


@ALL
def test_a_folder_that_is_not_there_and_options_without_a_state_are_refused(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    words = [word.format(file=tmp_path / "a") for word in command]
    assert f"{tmp_path}/x does not exist" in refused(run(*words, tmp_path / "x"))
    (tmp_path / "appwrite-emulator.toml").write_text("memory = true")
    assert "no state is kept" in refused(run(*words, tmp_path))


@ALL
def test_a_folder_in_the_place_of_the_state_file_is_named(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    state = tmp_path / "data" / "state.json"
    state.mkdir(parents=True)
    (tmp_path / "a.tar.gz").write_text("x") if command[0] == "import" else None
    assert f"{state}: Is a directory" in refused(on(state, command))
    assert list(state.iterdir()) == []


def test_export_and_import_refuse_a_damaged_state_with_the_next_step(
    state: Path, tmp_path: Path
) -> None:
    damage(state)
    before = state.read_bytes()
    (tmp_path / "b.tar.gz").write_text("x")
    for words in (("export", tmp_path / "a.tar.gz"), ("import", tmp_path / "b.tar.gz")):
        message = refused(run(*words, "--state", state))
        assert f"{state}:5:" in message
        assert f"appwrite-emulator state repair --state {state}" in message
        assert state.read_bytes() == before


def test_the_lock_file_is_json_for_other_tools(state: Path) -> None:
    with StateDB.open(state, address="http://127.0.0.1:9080"):
        owner = json.loads(state.with_name("state.json.lock").read_text())
    assert owner["address"] == "http://127.0.0.1:9080"
