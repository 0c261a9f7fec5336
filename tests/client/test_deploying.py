"""Functions that tests deploy themselves, and what is said when that cannot be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator import Appwrite, Emulator, isolated
from appwrite_emulator.client.function import Function
from appwrite_emulator.services.changes import EntryRefused
from appwrite_emulator.services.projects import DeployFailed, NothingThere

HELLO = "def main(context):\n    return context.res.text('Hello')\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two functions in a folder."""
    for name in ("cakes", "rolls"):
        (tmp_path / "shop" / name).mkdir(parents=True)
        (tmp_path / "shop" / name / "main.py").write_text(HELLO.replace("Hello", name))
    return tmp_path / "shop"


def test_a_folder_of_functions_is_deployed(appwrite: Appwrite, folder: Path) -> None:
    deployed = appwrite.deploy(folder)

    assert [each.id for each in deployed] == ["cakes", "rolls"]
    assert [each.call().text for each in deployed] == ["cakes", "rolls"]


def test_one_function_is_deployed_with_changes(appwrite: Appwrite, folder: Path) -> None:
    changes: dict[str, Any] = {"id": "bread", "timeout": 3, "execute": ("users",)}
    (function,) = appwrite.deploy(str(folder / "rolls"), **changes, variables={"A": "1"})

    assert (function.id, function.variables["A"]) == ("bread", "1")
    assert function.call(user="ann").text == "rolls"
    assert function._row().timeout == 3


def test_functions_of_a_test_are_gone_in_the_next(appwrite: Appwrite) -> None:
    assert list(appwrite.functions) == ["python", "node"]


def test_a_tiny_function_is_written_in_the_test(appwrite: Appwrite) -> None:
    php = b"<?php return fn($context) => $context->res->text('Hallo');"
    files: dict[str, str | bytes] = {
        "main.js": """
            import { word } from "./lib/word.mjs";
            export default ({ res }) => res.text(word);
        """,
        "lib/word.mjs": 'export const word = "Hello";\n',
        "package.json": '{"type": "module"}',
    }
    (greet,) = appwrite.deploy(files=files, id="greet", runtime="node-22")
    (hallo,) = appwrite.deploy(files={"index.php": php}, id="hallo", runtime="php-8.3")

    assert greet.call().text == "Hello"
    assert hallo.call().text == "Hallo"


def test_a_lone_file_is_the_entrypoint_whatever_its_name(appwrite: Appwrite) -> None:
    code = "def main(ctx):\n    return ctx.res.text('odd')\n"
    (odd,) = appwrite.deploy(files={"odd.py": code}, id="odd", runtime="python-3.12")

    assert odd.call().text == "odd"


def test_what_is_written_anew_is_live(appwrite: Appwrite) -> None:
    appwrite.deploy(files={"main.py": HELLO}, id="greet")
    (greet,) = appwrite.deploy(files={"main.py": HELLO.replace("Hello", "Bye")}, id="greet")

    assert greet.call().text == "Bye"
    assert len(greet.deployments) == 2


def test_what_was_written_goes_with_its_test(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with isolated(emulator) as appwrite:
        (greet,) = appwrite.deploy(files={"main.py": HELLO}, id="greet")
        assert greet.call().text == "Hello"
        assert [path.name for path in tmp_path.glob("*/*/*")] == ["main.py"]
    assert not list(tmp_path.iterdir())


def test_a_build_that_fails_shows_the_end_of_its_log(appwrite: Appwrite) -> None:
    files: dict[str, str | bytes] = {"main.py": HELLO}
    with pytest.raises(DeployFailed, match=r"(?s)greet was not deployed: .*no flour here"):
        appwrite.deploy(files=files, id="greet", commands="echo no flour here; exit 3")

    assert "greet" in appwrite.functions


def test_new_code_that_does_not_load_is_told_with_its_place(appwrite: Appwrite) -> None:
    appwrite.deploy(files={"main.py": HELLO}, id="greet")
    with pytest.raises(DeployFailed, match=r"(?s)greet was not deployed.*main\.py.*line 3"):
        appwrite.deploy(files={"main.py": f"{HELLO}def ("}, id="greet")

    assert appwrite.functions["greet"].call().text == "Hello"


@pytest.mark.parametrize(
    ("changes", "kind", "text"),
    [
        ({"runtime": "python-3.99"}, DeployFailed, "runtime is 'python-3.99', which Appwrite does"),
        ({"runtim": "a"}, EntryRefused, "no setting 'runtim'. Did you mean runtime?"),
        ({"timeout": "5"}, EntryRefused, "timeout is '5', it must be a whole number from 1"),
        ({"execute": "any"}, EntryRefused, "execute is 'any', it must be a list of texts"),
        ({"variables": {"A": 1}}, EntryRefused, "variables is {'A': 1}, it must be an object of"),
        ({"id": "no/id"}, EntryRefused, "id is 'no/id', it must be an id: at most 36"),
        ({"enabled": 1}, EntryRefused, "enabled is 1, it must be true or false"),
        ({"specification": "xl"}, DeployFailed, "specification is 'xl', which Appwrite does not"),
        ({"schedule": "hourly"}, DeployFailed, "schedule is 'hourly', which is no cron"),
        ({"events": ["bake"]}, DeployFailed, "events has 'bake', which functions cannot"),
        ({"folder": "x"}, EntryRefused, "no setting 'folder'"),
    ],
)
def test_wrong_changes_are_refused(
    appwrite: Appwrite, folder: Path, changes: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=re.escape(text)):
        appwrite.deploy(folder / "rolls", **changes)
    assert "rolls" not in appwrite.functions


def test_changes_are_for_one_function(appwrite: Appwrite, folder: Path) -> None:
    with pytest.raises(EntryRefused, match="timeout can be set for one function only, not for"):
        appwrite.deploy(folder, timeout=3)


def test_where_nothing_is_it_is_said(appwrite: Appwrite, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("flour\n")

    with pytest.raises(NothingThere, match=r"empty holds no function\. Give a folder"):
        appwrite.deploy(tmp_path / "empty")
    with pytest.raises(NothingThere, match="oven is no folder"):
        appwrite.deploy(tmp_path / "oven")
    with pytest.raises(NothingThere, match=r"notes\.txt is no folder"):
        appwrite.deploy(tmp_path / "notes.txt", runtime="node-22", entrypoint="notes.txt")


def test_a_folder_that_looks_like_nothing_is_what_it_is_said_to_be(
    appwrite: Appwrite, tmp_path: Path
) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "handler.js").write_text(
        "exports.default = function (given) { return given.res.text('odd'); };"
    )
    (odd,) = appwrite.deploy(tmp_path / "odd", runtime="node-22", entrypoint="handler.js")

    assert (odd.id, odd.call().text) == ("odd", "odd")


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({}, TypeError, "Give the path of a folder, or files: one of both."),
        ({"path": "a", "files": {"main.py": ""}}, TypeError, "one of both"),
        ({"files": {"main.py": HELLO}}, TypeError, "needs an id"),
        ({"files": {}, "id": "greet"}, ValueError, "files is empty"),
        ({"files": {"../main.py": HELLO}, "id": "greet"}, ValueError, "files has '../main.py'"),
        ({"files": {"/main.py": HELLO}, "id": "greet"}, ValueError, "files has '/main.py'"),
        ({"files": {"main.py": 3}, "id": "greet"}, TypeError, "files['main.py'] is 3"),
        ({"files": {"main.py": HELLO}, "id": "a/b"}, EntryRefused, "id is 'a/b'"),
        ({"files": {"main.py": HELLO}, "id": ""}, EntryRefused, "id is ''"),
        ({"files": {"main.py": HELLO}, "id": ".."}, EntryRefused, "id is '..'"),
        ({"files": {"main.py": HELLO}, "id": "g" * 300}, EntryRefused, "id is 'ggg"),
        ({"files": {"main.py": HELLO}, "id": "g\0"}, EntryRefused, "id is 'g"),
        ({"files": [("main.py", HELLO)], "id": "greet"}, TypeError, "files is [("),
        ({"files": {3: HELLO}, "id": "greet"}, TypeError, "files has the name 3"),
        ({"files": {"notes.txt": "x"}, "id": "greet"}, NothingThere, "holds no function"),
    ],
)
def test_files_that_make_no_function_are_refused(
    appwrite: Appwrite, arguments: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=re.escape(text)):
        appwrite.deploy(**arguments)


def test_a_function_is_built_again_only_when_it_changed(appwrite: Appwrite, folder: Path) -> None:
    (first,) = appwrite.deploy(folder / "rolls")
    before = first.deployment
    (again,) = appwrite.deploy(folder / "rolls")

    assert isinstance(again, Function)
    assert again.deployment == before
