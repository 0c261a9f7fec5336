"""Markers: what `@pytest.mark.appwrite(...)` says of a test, on it, its class or its module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .options import defaults, refuse

if TYPE_CHECKING:
    from ..client.terms import Terms


def terms_of(item: pytest.Item) -> Terms:
    """The terms of a test; of each keyword the nearest marker counts. A wrong one fails the
    test, with a text that names it, the keyword, the value and what there is."""
    from ..client.terms import Terms, TermsRefused

    options = defaults(item.config) | _marked(item)
    try:
        return Terms.of(options, folders=_folders(item), name=item.nodeid)
    except TermsRefused as exc:
        reason = str(exc)
    refuse(f"{item.nodeid}: @pytest.mark.appwrite: {reason}")


def _marked(item: pytest.Item) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for mark in item.iter_markers("appwrite"):
        if mark.args:
            refuse(
                f"{item.nodeid}: @pytest.mark.appwrite has {mark.args[0]!r} without a keyword. "
                "Write functions=, seed=, clock=, strict=, fresh= or timeout=."
            )
        found = {**mark.kwargs, **found}
    return found


def _folders(item: pytest.Item) -> tuple[Any, ...]:
    """Where relative paths are looked for."""
    return (item.path.parent, item.config.rootpath)
