"""Ids made of names that people give."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from itertools import count

_LONGEST = 36


def made_id(name: str, *, taken: Collection[str] = (), otherwise: str = "function") -> str:
    """The id nearest to `name` that is valid and not `taken`; `otherwise` for a name of no use."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    id = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("._-")[:_LONGEST] or otherwise
    if id not in taken:
        return id
    numbered = (f"{id[: _LONGEST - 4]}-{number}" for number in count(2))
    return next(each for each in numbered if each not in taken)
