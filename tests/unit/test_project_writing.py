"""Adding functions to project files: what is added, and what stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator.project_file import Entry, ProjectFileError, read, writing
from appwrite_emulator.project_file.writing import with_function

ROW: dict[str, Any] = {"$id": "new", "path": "functions/new", "execute": ["any"], "events": []}


def _entry(folder: Path, id: str = "new") -> Entry:
    (folder / "functions" / id).mkdir(parents=True)
    return Entry(id=id, name="New", runtime="node-22", folder=folder / "functions" / id,
                 entrypoint="src/main.js", commands="", execute=("any",))  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "depth", "unit"),
    [
        (
            '{\n    "projectId": "p",\n    "functions": []\n}\n',
            '{\n    "projectId": "p",\n    "functions": [\n        NEW\n    ]\n}\n',
            2,
            "    ",
        ),
        (
            '{\n  "functions": [\n    {"$id": "a"} ],\n  "x": {"y":1}\n}',
            '{\n  "functions": [\n    {"$id": "a"},\n    NEW ],\n  "x": {"y":1}\n}',
            2,
            "  ",
        ),
        ('{"projectId":"p"}', '{"projectId":"p", "functions": [{"$id": "new"}]}', 0, ""),
        (
            '{"functions":[{"a":"]"}],"z":[]}',
            '{"functions":[{"a":"]"}, {"$id": "new"}],"z":[]}',
            0,
            "",
        ),
        ("[]", "[\n    NEW\n]", 1, "    "),
        ('[{"$id":"a"}]\n', '[{"$id":"a"}, {"$id": "new"}]\n', 0, ""),
        ("{}", '{\n    "functions": [\n        NEW\n    ]\n}', 2, "    "),
        (
            '{\r\n\t"projectId": "p"\r\n}\r\n',
            '{\r\n\t"projectId": "p",\r\n\t"functions": [\r\n\t\tNEW\r\n\t]\r\n}\r\n',
            2,
            "\t",
        ),
    ],
)
def test_a_function_is_added_in_the_style_of_the_file(
    before: str, after: str, depth: int, unit: str
) -> None:
    newline = "\r\n" if "\r\n" in before else "\n"
    new = newline.join(
        unit * (depth * (number > 0) + deep) + line
        for number, (deep, line) in enumerate([(0, "{"), (1, '"$id": "new"'), (0, "}")])
    )
    assert with_function(before, {"$id": "new"}) == after.replace("NEW", new)


_NAMES = st.text(max_size=5)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(
    content=st.dictionaries(_NAMES, _JSON, max_size=4),
    functions=st.none() | st.lists(st.dictionaries(_NAMES, _JSON, max_size=2)),
    indent=st.sampled_from([None, 0, 1, 4, "\t"]),
    is_ascii=st.booleans(),
)
def test_nothing_else_changes(
    content: dict[str, Any],
    functions: list[Any] | None,
    indent: int | str | None,
    is_ascii: bool,
) -> None:
    content = content if functions is None else {**content, "functions": functions}
    text = json.dumps(content, indent=indent, ensure_ascii=is_ascii)
    changed = with_function(text, ROW)
    assert json.loads(changed) == {**content, "functions": [*(functions or ()), ROW]}
    kept = _shared(text, changed) + _shared(text[::-1], changed[::-1])
    assert kept >= len(text), "something is put in, nothing is taken out"


def _shared(one: str, other: str) -> int:
    """With how many characters both begin."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))


def test_a_new_file_is_as_appwrites_command_writes_it(tmp_path: Path) -> None:
    path = writing.create(tmp_path, "shop", [_entry(tmp_path)])
    assert path.read_text() == json.dumps(
        {
            "projectId": "shop",
            "functions": [
                {
                    "$id": "new", "name": "New", "runtime": "node-22", "path": "functions/new",
                    "entrypoint": "src/main.js", "commands": "", "execute": ["any"], "events": [],
                    "scopes": [], "schedule": "", "timeout": 15, "enabled": True, "logging": True,
                }
            ],
        },
        indent=4,
    ) + "\n"  # fmt: skip
    assert [entry.id for entry in read(path).functions] == ["new"]


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "appwrite.config.json").write_text("mine")
    with pytest.raises(ProjectFileError, match=r"appwrite\.config\.json is there already"):
        writing.create(tmp_path, "shop", [])
    assert (tmp_path / "appwrite.config.json").read_text() == "mine"


def test_functions_are_added_where_they_are_listed(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "functions.json").write_text("[]")
    main = tmp_path / "appwrite.json"
    main.write_text('{"projectId": "p", "includes": {"functions": "parts/functions.json"}}')
    before = main.read_text()
    assert writing.add(read(main), _entry(tmp_path)) == tmp_path / "parts" / "functions.json"
    assert main.read_text() == before
    (entry,) = read(main).functions
    assert entry.folder.resolve() == (tmp_path / "functions" / "new").resolve()


def test_a_link_to_a_project_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text('{"projectId": "p"}')
    (tmp_path / "real.json").chmod(0o640)
    link = tmp_path / "appwrite.config.json"
    link.symlink_to("real.json")
    writing.add(read(link), _entry(tmp_path))
    assert link.is_symlink()
    assert (tmp_path / "real.json").stat().st_mode & 0o777 == 0o640
    assert [entry.id for entry in read(link).functions] == ["new"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [link.name, "functions", "real.json"]
