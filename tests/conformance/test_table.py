"""No case is silently missing, and no language departs from one without a reason."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from appwrite_emulator.manifest import Family

from . import test_stories
from .endings import REQUIRED
from .languages import FUNCTIONS, families, languages
from .profile import Profile, read_profile
from .table import CASES, NOT_HERE, OF_ONE_LANGUAGE, OWN, PROGRAMS, STORIES, UPSTREAM

MUST = "CONFORMANCE_FAMILIES"
"""Variable with the families that must be there, separated by commas."""


@pytest.fixture(params=families(), ids=lambda family: family.key)
def profile(request: pytest.FixtureRequest) -> Profile:
    """The profile of each family, whether its interpreter is here or not."""
    family: Family = request.param
    return read_profile(FUNCTIONS / family.key)


def test_every_language_that_must_be_here_is_tested() -> None:
    must = (os.environ.get(MUST) or "python").split(",")  # the emulator's own is always here
    missing = set(must) - {language.key for language in languages()}
    assert not missing, f"Not found, though {MUST} names it: {', '.join(sorted(missing))}"


def test_every_row_is_run_or_listed_once() -> None:
    run = {case.serves for case in (*CASES, *PROGRAMS)}
    rows = Counter([*run, *REQUIRED, *STORIES, *OF_ONE_LANGUAGE, *NOT_HERE])
    assert rows == Counter([*UPSTREAM, *OWN])


def test_every_story_is_told() -> None:
    told = {name for name in vars(test_stories) if name.startswith("test_")}
    assert told == {test for _, test in STORIES.values()}


@pytest.mark.parametrize(("row", "family"), OF_ONE_LANGUAGE.items())
def test_a_row_of_one_language_is_in_its_file(row: str, family: str) -> None:
    profile = read_profile(FUNCTIONS / family)
    assert row in {case.name for case in (*profile.cases, *profile.programs)}


def test_names_are_unique(profile: Profile) -> None:
    names = Counter(case.name for case in (*profile.all_cases(), *profile.all_programs()))
    assert not [name for name, count in names.items() if count > 1]


def test_a_difference_names_a_case_differs_and_has_a_reason(profile: Profile) -> None:
    usual = {case.name: case.expect for case in (*CASES, *PROGRAMS)}
    for name, expect in profile.differences.items():
        assert name in usual, f"'{name}' is no case"
        assert expect != usual[name], f"'{name}' expects what is expected anyway"
        assert profile.reasons[name], f"'{name}' differs without a reason"


def test_what_a_language_cannot_have_has_a_reason(profile: Profile) -> None:
    actions = {case.request.action for case in CASES} | {action for action, _ in STORIES.values()}
    for name, reason in profile.missing.items():
        assert name in actions | {*REQUIRED}, f"'{name}' is neither an action nor a program"
        assert reason, f"'{name}' is missing without a reason"


def test_programs_of_every_language_are_there(profile: Profile) -> None:
    there = {case.name for case in profile.programs}
    assert {*REQUIRED} - there == {*REQUIRED} & profile.missing.keys()
