"""What was meant by a name that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def meant(name: object, known: Iterable[str]) -> str:
    """A question that names up to three of `known` that are near, or ""."""
    if not isinstance(name, str):
        return ""
    near = difflib.get_close_matches(name, list(known), n=3)
    return f"Did you mean {' or '.join(near)}?" if near else ""
