"""Launch files of editors get entries, and keep all else that is in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator.cli.launch_file import LaunchFileUnclear, merged

ENTRY = {"name": "appwrite: f", "port": 9229}
OTHER = {"name": "appwrite: g", "port": 5678}

COMMENTED = """{
    // how we work
    "version": "0.2.0", /* "configurations": [] */
    "configurations": [
        { "name": "mine, [really]", "url": "http://x//y" }, // a comment, with "quotes" ]
        {
            "name": "appwrite: f", // ours
            "port": 1,
        },
    ],
    "compounds": [{ "configurations": ["mine, [really]"], "name": "all" }],
}
"""


def test_an_empty_file_becomes_a_launch_file() -> None:
    for text in ("", " \n"):
        assert json.loads(merged(text, [ENTRY])) == {"version": "0.2.0", "configurations": [ENTRY]}


def test_an_entry_takes_the_place_of_its_older_self_and_comments_stay() -> None:
    after = merged(COMMENTED, [ENTRY])
    assert after == COMMENTED.replace(
        """{
            "name": "appwrite: f", // ours
            "port": 1,
        }""",
        """{
            "name": "appwrite: f",
            "port": 9229
        }""",
    )
    assert merged(after, [ENTRY]) == after


def test_a_new_entry_comes_last() -> None:
    after = merged(COMMENTED, [OTHER])
    lines = after.splitlines()
    place = lines.index('            "name": "appwrite: g",')
    assert lines[place - 2 : place] == ["        },", "        {"]
    assert set(COMMENTED.splitlines()) <= set(lines)


def test_a_list_without_entries_gets_the_first() -> None:
    after = merged('{"configurations": []}', [ENTRY, OTHER])
    assert json.loads(after) == {"configurations": [ENTRY, OTHER]}


@pytest.mark.parametrize(
    "text",
    [
        '{"configurations": [',
        '{"configurations": {}}',
        "[]",
        "{}",
        "version: 1",
        '{"configurations": [] } }',
        '{"configurations": [], "configurations": [1]}',
        '{"other": {"configurations": []}}',
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(LaunchFileUnclear):
        merged(text, [ENTRY])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
named = st.fixed_dictionaries({"name": st.sampled_from(["a", "b", "appwrite: f"]), "more": values})


@given(st.lists(named, max_size=4), values, st.sampled_from([None, 0, 2]))
def test_any_launch_file_gets_the_entry_and_loses_nothing(
    configurations: list[object], more: object, indent: int | None
) -> None:
    before = {"more": more, "configurations": configurations, "last": [more]}
    after = json.loads(merged(json.dumps(before, indent=indent), [ENTRY]))
    found = [each for each in after["configurations"] if each not in configurations]
    assert found in ([ENTRY], [])
    assert ENTRY in after["configurations"]
    assert {**after, "configurations": []} == {**before, "configurations": []}
