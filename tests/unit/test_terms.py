"""What a test wants is checked before anything is done for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator.client.terms import Terms, TermsRefused


async def later(appwrite: object) -> None:
    """A seed that nobody awaits."""


def seed(appwrite: object) -> None:
    """A seed that makes nothing."""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    near, far = tmp_path / "near", tmp_path / "far"
    for folder in (near, far):
        (folder / "functions").mkdir(parents=True)
    (far / "only-far").mkdir()
    (far / "state.tar.gz").touch()
    return near, far


def test_without_options_a_test_is_strict_and_plain() -> None:
    terms = Terms.of({}, name="test_it")

    assert terms == Terms(name="test_it")
    assert terms.is_plain
    assert terms.strict


@pytest.mark.parametrize("form", [str, Path, lambda path: [path], lambda path: (Path(path),)])
def test_paths_are_looked_for_in_the_nearest_folder_first(
    form: Callable[[str], Any], folders: tuple[Path, Path]
) -> None:
    near, far = folders

    assert Terms.of({"functions": form("functions")}, folders=folders).functions == (
        near / "functions",
    )
    assert Terms.of({"functions": form("only-far")}, folders=folders).functions == (
        far / "only-far",
    )


def test_a_path_may_be_absolute(folders: tuple[Path, Path]) -> None:
    path = folders[1] / "only-far"

    assert Terms.of({"functions": str(path)}, folders=folders[:1]).functions == (path,)


def test_a_seed_is_a_function_or_a_file(folders: tuple[Path, Path]) -> None:
    assert Terms.of({"seed": seed}).seed is seed
    assert Terms.of({"seed": "state.tar.gz"}, folders=folders).seed == folders[1] / "state.tar.gz"


@pytest.mark.parametrize(
    ("given", "clock"),
    [
        (None, None),
        ("frozen", "frozen"),
        ("2026-03-01T12:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        (datetime(2026, 3, 1, 12), datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_a_clock_is_a_moment_or_stands_still(given: object, clock: object) -> None:
    assert Terms.of({"clock": given}).clock == clock


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"function": "x"}, "no 'function'. Did you mean functions? There are "),
        ({"xyz": "x"}, "no 'xyz'. There are functions, seed, clock, strict, fresh, timeout."),
        ({"functions": 3}, "functions is 3, it must be the path of a folder, or a list of them."),
        ({"functions": ["a", 3]}, "functions is ['a', 3], it must be"),
        ({"functions": "nowhere"}, "functions is 'nowhere', and there is no such path in "),
        ({"functions": "/nowhere"}, "functions is '/nowhere', and there is no such path."),
        ({"functions": "state.tar.gz"}, "state.tar.gz. Give the folder of a function"),
        ({"seed": "nowhere"}, "seed is 'nowhere', and there is no such path in "),
        ({"seed": "functions"}, "functions. Give a file of `appwrite-emulator state export`"),
        ({"seed": 3}, "seed is 3, it must be a function that takes `appwrite`, or a path"),
        ({"seed": later}, "seed is the async function later, which nobody awaits."),
        ({"clock": "tomorrow"}, "clock is 'tomorrow', it must be a datetime, a text like"),
        ({"clock": 5}, "clock is 5, it must be a datetime"),
        ({"strict": "no"}, "strict is 'no', it must be True or False."),
        ({"fresh": 1}, "fresh is 1, it must be True or False."),
        ({"timeout": 0}, "timeout is 0, it must be a number of seconds above 0."),
        ({"timeout": True}, "timeout is True, it must be a number of seconds above 0."),
        ({"timeout": float("nan")}, "timeout is nan, it must be a number"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name_and_value(
    options: dict[str, Any], words: str, folders: tuple[Path, Path]
) -> None:
    with pytest.raises(TermsRefused) as caught:
        Terms.of(options, folders=folders)

    assert words in str(caught.value)


def test_tests_share_what_they_begin_with_unless_it_differs() -> None:
    given = Terms.of({"seed": seed, "clock": "2026-03-01"})

    assert given.shares == Terms.of({"seed": seed, "clock": "2026-03-01", "fresh": True}).shares
    assert given.shares != Terms.of({"seed": seed, "clock": "2026-03-02"}).shares
    assert given.shares != Terms.of({"seed": partial(seed), "clock": "2026-03-01"}).shares
    assert Terms.of({"clock": "frozen"}).shares == Terms().shares
