"""Event names: which ones a function may subscribe to, and which ones an event carries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_TWINS = {"collections": "tables", "documents": "rows", "attributes": "columns"}
_TWINS |= {new: old for old, new in _TWINS.items()}


@dataclass(slots=True)
class _Word:
    """A word of the vocabulary: what may follow it, and whether an id comes in between."""

    takes_id: bool = False
    words: dict[str, _Word] = field(default_factory=dict)

    def add(self, tree: Mapping[str, Any]) -> None:
        self.takes_id |= tree.get("$resource", False)
        for name, below in tree.items():
            if not name.startswith("$"):
                self.words.setdefault(name, _Word()).add(below)


@cache
def _vocabulary() -> _Word:
    """The union of what the generations of Appwrite know."""
    path = Path(__file__).parent / "data" / "events.json"
    union = _Word()
    for tree in json.loads(path.read_text(encoding="utf-8"))["trees"].values():
        union.add(tree)
    return union


def is_valid(pattern: str) -> bool:
    """Whether a function may name `pattern` among its events, by name alone.

    `functions.*` names are valid here; that functions may not subscribe to them is for the caller
    to say. Ids are never checked. Source: Appwrite 1.6.2 and 1.9.6, whose checks have holes that
    are kept, except that `databases.*.collections.*.documents.*.upsert` is let in.
    """
    parts = pattern.split(".")
    if not 2 <= len(parts) <= 7 or any(part in ("", "0") for part in parts[:2]):
        return False
    root = _vocabulary().words.get(parts[0])
    if root is None:
        return False
    sub = root.words.get(parts[2]) if len(parts) > 2 else None
    if len(parts) <= 3 or sub is None or not sub.takes_id:
        return _is_action(root, parts[2:4] if len(parts) == 4 else parts[2:3])
    leaf = sub.words.get(parts[4]) if len(parts) > 4 else None
    if len(parts) <= 5 or leaf is None or not leaf.takes_id:
        return _is_action(sub, parts[4:6] if len(parts) == 6 else parts[4:5])
    # Upstream looks the last word up one level too high, and so knows no upsert of documents.
    return not parts[6:] or parts[6] in sub.words or parts[6] == "upsert" in leaf.words


def _is_action(word: _Word, path: list[str]) -> bool:
    """Whether `path` (an action or a sub-resource, then an attribute; or nothing) follows."""
    for part in path:
        if part not in word.words:
            return False
        word = word.words[part]
    return True


def generate(pattern: str, params: Mapping[str, str]) -> list[str]:
    """Every name under which an event goes out, the most specific first.

    `pattern` is such as `functions.[functionId].executions.[executionId].create`; `params` has the
    value of each placeholder, in an order that decides the order of partial wildcards. Names of
    database events are followed by their twin of the other generation (`tables` for
    `collections`). Raises ValueError when a placeholder has no value. Source: Appwrite 1.9.6.
    """
    parts = pattern.split(".")
    levels = _levels(parts)
    for part in parts[1 : 2 * levels : 2]:
        if part[1:-1] not in params:
            raise ValueError(f"{part} is missing from the params.")
    names = (
        ".".join(values.get(part, part) for part in shape)
        for shape in _shapes(parts, levels)
        for values in _values(params, levels)
    )
    unique = dict.fromkeys(names)
    return list(unique if parts[0] != "databases" else dict.fromkeys(_with_twins(unique)))


def _levels(parts: list[str]) -> int:
    """How many pairs of a type and a placeholder `parts` begins with: 1 to 3."""
    if len(parts) > 5 and parts[5].startswith("["):
        return 3
    return 2 if len(parts) > 3 and parts[3].startswith("[") else 1


def _shapes(parts: list[str], levels: int) -> Iterator[list[str]]:
    """The pattern and its shorter forms, placeholders not yet replaced."""
    base, action = parts[: 2 * levels], parts[2 * levels : 2 * levels + 1]
    attribute = parts[2 * levels + 1 :] if len(parts) == 2 * levels + 2 else []
    if action and levels > 1:
        yield base + action + attribute
        yield base + action
        yield base
    if action and levels == 1:
        yield base + action
    if action and attribute:
        yield parts[:2] + action + attribute
    for level in range(levels, 0, -1):
        yield parts[: 2 * level]


def _values(params: Mapping[str, str], levels: int) -> Iterator[dict[str, str]]:
    """What replaces the placeholders, one name after the other."""
    ids = {f"[{key}]": value for key, value in params.items()}
    yield ids
    yield dict.fromkeys(ids, "*")
    for key in ids:
        for current in ids:
            if levels == 3:
                for other in ids:
                    if other not in (current, key):
                        yield {**ids, other: "*"}
                        yield {**ids, other: "*", current: "*"}
                        yield {**ids, current: "*"}
            elif current != key:
                yield {**ids, current: "*"}


def _with_twins(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield name
        parts = name.split(".")
        yield ".".join(_TWINS.get(p, p) if i in (2, 4) else p for i, p in enumerate(parts))
