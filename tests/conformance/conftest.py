"""Each language that can be run here is asked each case."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from .case import Case
from .languages import Language, languages
from .subject import House, Subject, open_house
from .table import STORIES


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    async with open_house() as house:
        yield house


@pytest.fixture
def function(house: House, request: pytest.FixtureRequest) -> Subject:
    """A conformance function, by language and entrypoint."""
    language, entrypoint = request.param
    return house.function(language, entrypoint)


@pytest.fixture
def program(house: House, request: pytest.FixtureRequest) -> tuple[Subject, Case]:
    """A program and the case it is made for."""
    language, case = request.param
    return house.program(language, case), case


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = set(metafunc.fixturenames)
    if {"function", "case"} <= names:
        rows = [(*one, case) for one in _functions() for case in one[0].profile.all_cases()]
        metafunc.parametrize(
            ("function", "case"),
            [((language, entrypoint), case) for language, entrypoint, case in rows],
            ids=[f"{language.key}/{entry}: {case.name}" for language, entry, case in rows],
            indirect=["function"],
        )
    elif "function" in names:
        functions = [*_functions(metafunc.function.__name__)]
        ids = [f"{language.key}/{entrypoint}" for language, entrypoint in functions]
        metafunc.parametrize("function", functions, ids=ids, indirect=True)
    elif "program" in names:
        programs = [(one, case) for one in languages() for case in one.profile.all_programs()]
        ids = [f"{language.key}: {case.name}" for language, case in programs]
        metafunc.parametrize("program", programs, ids=ids, indirect=True)
    elif "language" in names:
        metafunc.parametrize("language", languages(), ids=[each.key for each in languages()])


def _functions(test: str = "") -> Iterator[tuple[Language, str]]:
    """Every conformance function; of those that can take part in a story, if `test` tells one."""
    needed = {action for action, name in STORIES.values() if name == test}
    for language in languages():
        if not needed & language.profile.missing.keys():
            for entrypoint in language.profile.entrypoints:
                yield language, entrypoint
