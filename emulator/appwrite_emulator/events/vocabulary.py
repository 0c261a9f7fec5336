"""The words that names of events are made of, and which may follow which."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Word:
    """A word of the vocabulary: what may follow it, and whether an id comes in between."""

    takes_id: bool = False
    words: dict[str, Word] = field(default_factory=dict)

    def add(self, tree: Mapping[str, Any]) -> None:
        self.takes_id |= tree.get("$resource", False)
        for name, below in tree.items():
            if not name.startswith("$"):
                self.words.setdefault(name, Word()).add(below)


@cache
def subscribable() -> Word:
    """What functions may name: the union of what the generations of Appwrite declare."""
    return _union(_data()["trees"].values())


@cache
def fired() -> Word:
    """What can happen: besides the declared events those that Appwrite fires undeclared.

    Functions hear of these through shorter names, as of `messages.M.delete` by `messages.*`.
    """
    data = _data()
    return _union([*data["trees"].values(), data["undeclared"]])


def _union(trees: Iterable[Mapping[str, Any]]) -> Word:
    union = Word()
    for tree in trees:
        union.add(tree)
    return union


def _data() -> Any:
    path = Path(__file__).parents[1] / "data" / "events.json"
    return json.loads(path.read_text(encoding="utf-8"))
