"""Project files: what is read, what is refused and how, and which files are deployed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator.project_file import (
    Entry,
    ProjectFile,
    ProjectFileError,
    deployed_files,
    find,
    read,
)

HELLO: dict[str, Any] = {"$id": "hello", "name": "Hello", "runtime": "node-22", "path": "code"}


def _project(folder: Path, content: Any, name: str = "appwrite.config.json") -> Path:
    (folder / "code").mkdir(exist_ok=True)
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def _read(folder: Path, **keys: Any) -> ProjectFile:
    return read(_project(folder, {"projectId": "demo", "functions": [HELLO | keys]}))


def _refusal(folder: Path, content: Any) -> str:
    with pytest.raises(ProjectFileError) as caught:
        read(_project(folder, content))
    return str(caught.value)


def _refused_key(folder: Path, key: str, value: Any) -> str:
    return _refusal(folder, {"projectId": "demo", "functions": [HELLO | {key: value}]})


def _entry(folder: Path, files: dict[str, str], **values: Any) -> Entry:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    return Entry(id="hello", name="Hello", runtime="node-22", folder=folder, **values)


def _deployed(folder: Path, files: dict[str, str], **values: Any) -> list[str]:
    return [path.as_posix() for path in deployed_files(_entry(folder, files, **values))]


def test_the_new_name_of_the_file_wins_over_the_old_one(tmp_path: Path) -> None:
    old = _project(tmp_path, {}, "appwrite.json")
    assert find(tmp_path) == old
    new = _project(tmp_path, {})
    assert find(tmp_path) == new


def test_folders_above_are_searched_only_when_asked_for(tmp_path: Path) -> None:
    path = _project(tmp_path, {})
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find(tmp_path / "a" / "b") is None
    assert find(tmp_path / "a" / "b", upward=True) == path


def test_every_key_of_a_function_is_read(tmp_path: Path) -> None:
    keys = {
        "entrypoint": "main.js",
        "commands": "npm install",
        "execute": ["any"],
        "events": ["users.*.create"],
        "scopes": ["users.read"],
        "schedule": "0 0 * * *",
        "timeout": 30,
        "enabled": False,
        "logging": False,
        "buildSpecification": "s-1vcpu-1gb",
        "runtimeSpecification": "s-2vcpu-2gb",
        "deploymentRetention": 7,
    }
    entry = _read(tmp_path, **keys).functions[0]
    lists = {key: tuple(value) for key, value in keys.items() if isinstance(value, list)}
    assert entry.settings == {"name": "Hello", "runtime": "node-22"} | keys | lists
    assert (entry.id, entry.folder) == ("hello", tmp_path / "code")


def test_only_what_the_file_gives_is_a_setting(tmp_path: Path) -> None:
    entry = _read(tmp_path, schedule=None).functions[0]
    assert entry.settings == {"name": "Hello", "runtime": "node-22"}


def test_what_says_nothing_about_functions_is_ignored(tmp_path: Path) -> None:
    server_fields = {"$createdAt": "2024", "live": True, "deployment": "abc", "vcs": {"a": 1}}
    content = {
        "projectId": "demo",
        "buckets": 7,
        "settings": None,
        "functions": [HELLO | server_fields],
    }
    assert [each.id for each in read(_project(tmp_path, content)).functions] == ["hello"]


def test_a_file_without_functions_is_a_project(tmp_path: Path) -> None:
    project = read(_project(tmp_path, '\ufeff{"projectId": "demo"}'))
    assert (project.project_id, project.functions) == ("demo", ())


def test_the_one_specification_of_older_files_is_both(tmp_path: Path) -> None:
    entry = _read(tmp_path, specification="a", runtimeSpecification="b").functions[0]
    assert (entry.build_specification, entry.runtime_specification) == ("a", "b")


@pytest.mark.parametrize(
    "variables",
    [{"A": "1", "B": ""}, [{"key": "A", "value": "1"}, {"key": "B", "value": "", "secret": True}]],
)
def test_variables_come_in_two_shapes(tmp_path: Path, variables: Any) -> None:
    assert _read(tmp_path, vars=variables).functions[0].variables == (("A", "1"), ("B", ""))


@pytest.mark.parametrize("ignore", ["*.md\n/dist", ["*.md", "/dist"]])
def test_ignore_comes_in_two_shapes(tmp_path: Path, ignore: Any) -> None:
    assert _read(tmp_path, ignore=ignore).functions[0].ignore == ("*.md", "/dist")


def test_a_function_without_path_lies_below_functions(tmp_path: Path) -> None:
    (tmp_path / "functions" / "Hello").mkdir(parents=True)
    assert _read(tmp_path, path=None).functions[0].folder == tmp_path / "functions" / "Hello"


def test_an_included_file_holds_the_functions_and_their_paths(tmp_path: Path) -> None:
    below = tmp_path / "config"
    below.mkdir()
    _project(below, [HELLO], "functions.json")
    content = {"projectId": "demo", "includes": {"functions": "config/functions.json"}}
    assert read(_project(tmp_path, content)).functions[0].folder == below / "code"


@pytest.mark.parametrize(
    "name", ["../functions.json", "a#b.json", "a\0b", "", 7, "/etc/x.json", "missing.json"]
)
def test_includes_that_lead_nowhere_are_refused(tmp_path: Path, name: Any) -> None:
    text = _refusal(tmp_path, {"projectId": "demo", "includes": {"functions": name}})
    assert "includes.functions is" in text or "missing.json: it cannot be read" in text


def test_functions_are_not_both_listed_and_included(tmp_path: Path) -> None:
    content = {"projectId": "demo", "functions": [], "includes": {"functions": "f.json"}}
    assert "listed and included" in _refusal(tmp_path, content)


def test_broken_json_is_refused_with_its_place(tmp_path: Path) -> None:
    text = _refusal(tmp_path, '{\n  "projectId": demo\n}')
    assert text.startswith(f"{tmp_path / 'appwrite.config.json'}:2:16: not valid JSON")


@pytest.mark.parametrize("content", [[], 7, {"functions": []}, {"projectId": 7}])
def test_a_file_that_is_no_project_is_refused(tmp_path: Path, content: Any) -> None:
    assert str(tmp_path / "appwrite.config.json") in _refusal(tmp_path, content)


@pytest.mark.parametrize("id", ["console", "a b", "", "x" * 37, None])
def test_a_project_id_that_no_project_can_have_is_refused(tmp_path: Path, id: Any) -> None:
    assert "projectId is" in _refusal(tmp_path, {"projectId": id})


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("timeout", "15", "a whole number from 1"),
        ("timeout", True, "a whole number"),
        ("timeout", 0, "a whole number"),
        ("enabled", "yes", "true or false"),
        ("execute", "any", "a list of texts"),
        ("events", [1], "a list of texts"),
        ("commands", ["npm i"], "a text"),
        ("name", "", "1 to 128"),
        ("vars", {"A": 1}, "numbers in quotes"),
        ("vars", [{"key": "A"}], "`key` and `value`"),
        ("vars", "A=1", "an object of texts"),
        ("ignore", [1], "patterns"),
        ("ignore", {}, "patterns"),
        ("deploymentRetention", -1, "a whole number"),
    ],
)
def test_a_wrong_value_is_refused_naming_all(
    tmp_path: Path, key: str, value: Any, wanted: str
) -> None:
    text = _refused_key(tmp_path, key, value)
    assert text.startswith(f'{tmp_path / "appwrite.config.json"}: function "hello": {key} is ')
    if wanted != "patterns":
        assert json.dumps(value) in text
        assert wanted in text


@pytest.mark.parametrize("id", ["-a", "a/b", "x" * 37, 7, "ü"])
def test_an_id_that_no_function_can_have_is_refused(tmp_path: Path, id: Any) -> None:
    assert "$id is" in _refused_key(tmp_path, "$id", id)


@pytest.mark.parametrize("key", ["$id", "name", "runtime"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    row = {name: value for name, value in HELLO.items() if name != key}
    text = _refusal(tmp_path, {"projectId": "demo", "functions": [row]})
    assert f"{key} is missing" in text


@pytest.mark.parametrize("path", ["nowhere", "appwrite.config.json", "a\0b"])
def test_a_missing_folder_is_named(tmp_path: Path, path: str) -> None:
    text = _refused_key(tmp_path, "path", path)
    assert f"path is {json.dumps(path)}, there is no such folder in {tmp_path}" in text


def test_an_id_is_listed_once(tmp_path: Path) -> None:
    text = _refusal(tmp_path, {"projectId": "demo", "functions": [HELLO, HELLO]})
    assert "'hello' is listed 2 times" in text


def test_files_are_deployed_in_order_with_dotfiles(tmp_path: Path) -> None:
    files = {"main.js": "", "lib/b.js": "", "lib/a.js": "", ".env": "", ".gitignore": ""}
    assert _deployed(tmp_path, files) == [
        ".env", ".gitignore", "lib/a.js", "lib/b.js", "main.js",
    ]  # fmt: skip


def test_what_is_never_source_stays_here(tmp_path: Path) -> None:
    files = {
        "main.py": "",
        ".git/config": "",
        "lib/.git": "gitdir: elsewhere",
        ".appwrite/x": "",
        ".appwrite-emulator/state.json": "",
        "lib/__pycache__/a.pyc": "",
    }
    assert _deployed(tmp_path, files) == ["main.py"]


def test_gitignore_rules_are_read_as_git_reads_them(tmp_path: Path) -> None:
    files = {
        ".gitignore": "*.log\n!keep.log\n/dist/\n# comment\n",
        "a.log": "",
        "keep.log": "",
        "dist/a.js": "",
        "sub/dist/a.js": "",
        "sub/b.log": "",
    }
    assert _deployed(tmp_path, files) == [".gitignore", "keep.log", "sub/dist/a.js"]


def test_the_nearest_gitignore_decides(tmp_path: Path) -> None:
    files = {
        ".gitignore": "*.log\n",
        "sub/.gitignore": "!*.log\n/local\n",
        "sub/a.log": "",
        "sub/local": "",
        "sub/deep/local": "",
    }
    assert _deployed(tmp_path, files) == [
        ".gitignore", "sub/.gitignore", "sub/a.log", "sub/deep/local",
    ]  # fmt: skip


def test_ignore_rules_come_on_top_and_decide(tmp_path: Path) -> None:
    files = {".gitignore": ".env\n", ".env": "", "notes.md": "", "sub/notes.md": "", "main.js": ""}
    found = _deployed(tmp_path, files, ignore=("*.md", "!.env"))
    assert found == [".env", ".gitignore", "main.js"]


def test_a_pattern_that_is_none_is_refused(tmp_path: Path) -> None:
    entry = _entry(tmp_path, {"sub/.gitignore": "!\n"})
    with pytest.raises(ProjectFileError, match=r"sub/\.gitignore: .*'!'"):
        list(deployed_files(entry))


INSTALLED = {"main.js": "", "node_modules/a/index.js": "", "env/pyvenv.cfg": "", "env/lib.py": ""}


def test_installed_dependencies_go_along_when_nothing_installs_them(tmp_path: Path) -> None:
    assert len(_deployed(tmp_path, INSTALLED, commands="")) == len(INSTALLED)


def test_installed_dependencies_stay_here_when_commands_install_them(tmp_path: Path) -> None:
    assert _deployed(tmp_path, INSTALLED, commands="npm install") == ["main.js"]


def test_links_are_deployed_as_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.js").touch()
    (tmp_path / "alias").symlink_to("real")
    assert _deployed(tmp_path, {}) == ["alias", "real/a.js"]


def test_pipes_are_no_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert _deployed(tmp_path, {"main.js": ""}) == ["main.js"]
