"""Requirements: tests that need a language which this machine may not have."""

from __future__ import annotations

import pytest

from .options import refuse, required_runtimes
from .trial import TRIAL

_MISSING = pytest.StashKey[dict[str, str]]()
"""Why runtimes cannot be run here, by their names; "" for those that can."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip the test when a runtime that it requires is missing, or fail it when it must not be."""
    if TRIAL in item.stash:  # it is run once more
        del item.stash[TRIAL]
    for mark in item.iter_markers("requires_runtime"):
        _require(item, mark)


def _require(item: pytest.Item, mark: pytest.Mark) -> None:
    if mark.kwargs or not mark.args or not all(isinstance(each, str) for each in mark.args):
        refuse(
            f"{item.nodeid}: @pytest.mark.requires_runtime wants names of languages or runtimes: "
            'requires_runtime("node", "php-8.4").'
        )
    for name in mark.args:
        reason = _missing(item, name)
        if reason and _must_be_there(name, required_runtimes(item.config)):
            refuse(f"{reason} It is required by appwrite_required_runtimes.")
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))  # pytest tells the place of the test


def _must_be_there(name: str, required: list[str]) -> bool:
    return any(name == each or name.startswith(f"{each}-") for each in required)


def _missing(item: pytest.Item, name: str) -> str:
    """Why `name` cannot be run; found out once a session."""
    from .availability import RuntimeUnknown, missing
    from .project import options_for

    known = item.config.stash.setdefault(_MISSING, {})
    if name in known:
        return known[name]
    try:
        known[name] = missing(name, options_for(item.config))
    except RuntimeUnknown as exc:
        reason = str(exc)
    else:
        return known[name]
    refuse(f"{item.nodeid}: @pytest.mark.requires_runtime: {reason}")
