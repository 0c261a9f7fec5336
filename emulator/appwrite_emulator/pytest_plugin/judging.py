"""Judging: a function that has failed unexpectedly fails its test, in the test's own phase."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from .trial import trial_of


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Look at what functions did when the test's own code has ended well."""
    result = yield
    if trial := trial_of(item):
        try:
            trial.appwrite.check()
        except AssertionError as exc:
            trial.verdict = exc
            raise
    return result
