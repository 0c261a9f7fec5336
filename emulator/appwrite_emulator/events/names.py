"""Names of an event: under which ones it goes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

_TWINS = {"collections": "tables", "documents": "rows", "attributes": "columns"}
_TWINS |= {new: old for old, new in _TWINS.items()}


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
