"""Appwrite's table of the names of an event, followed row by row and as slowly as it is written;
and the patterns that it declares and fires."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import appwrite_emulator

_DATA = Path(appwrite_emulator.__file__).parent / "data" / "events.json"
TREES: Mapping[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))["trees"]
_FIRED = Path(__file__).with_name("fired_events.json")
FIRED: Mapping[str, list[str]] = json.loads(_FIRED.read_text(encoding="utf-8"))
"""The patterns on the routes of Appwrite, by version."""


def declared(tree: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """The patterns of a vocabulary: each action and each attribute of one."""
    for word, below in tree.items():
        if word.startswith("$"):
            continue
        here = f"{before}.{word}" if before else word
        if below.get("$resource"):
            yield from declared(below, f"{here}.[{word}]")
        else:
            yield here
            yield from declared(below, here)


DECLARED = {version: list(declared(tree)) for version, tree in TREES.items()}


def params_of(pattern: str) -> dict[str, str]:
    """A value for each placeholder, in their order."""
    return {name: f"{name}1" for name in re.findall(r"\[([^]]*)\]", pattern)}


def names(pattern: str, params: Mapping[str, str]) -> list[str]:
    """What `events.generate` must give."""
    found: list[str] = []
    for shape in _shapes(pattern):
        for stars in _stars(pattern, list(params)):
            name = shape
            for key, value in params.items():
                name = name.replace(f"[{key}]", "*" if key in stars else value)
            found.append(name)
    first = _once(found)
    if not pattern.startswith("databases."):
        return first
    return _once([each for name in first for each in (name, _twin(name))])


def _shapes(pattern: str) -> list[str]:
    """The column "Pattern" of the table, top down."""
    p = pattern.split(".")
    sub = len(p) > 3 and p[3][0] == "["
    subsub = len(p) > 5 and p[5][0] == "["
    start = 6 if subsub else 4 if sub else 2
    action = p[start] if len(p) > start else ""
    attribute = p[start + 1] if len(p) == start + 2 else ""
    base1 = f"{p[0]}.{p[1]}"
    base2 = f"{base1}.{p[2]}.{p[3]}" if sub else ""
    base3 = f"{base2}.{p[4]}.{p[5]}" if subsub else ""
    rows: list[str] = []
    if action and subsub:
        rows += [f"{base3}.{action}.{attribute}"] if attribute else []
        rows += [f"{base3}.{action}", base3]
    elif action and sub:
        rows += [f"{base2}.{action}.{attribute}"] if attribute else []
        rows += [f"{base2}.{action}", base2]
    elif action:
        rows += [f"{base1}.{action}"]
    if action and attribute:
        rows += [f"{base1}.{action}.{attribute}"]
    if subsub:
        rows += [base3]
    if sub:
        rows += [base2]
    return _once([*rows, base1])


def _stars(pattern: str, keys: list[str]) -> list[set[str]]:
    """Which placeholders become `*`, one name after the other."""
    p = pattern.split(".")
    subsub = len(p) > 5 and p[5][0] == "["
    rows: list[set[str]] = [set(), set(keys)]
    for k in keys:
        for c in keys:
            if subsub:
                for s in keys:
                    rows += [{s}, {s, c}, {c}] if s not in (c, k) else []
            elif c != k:
                rows += [{c}]
    return rows


def _twin(name: str) -> str:
    p = name.split(".")
    for old, new in (("collections", "tables"), ("documents", "rows"), ("attributes", "columns")):
        for place in (2, 4):
            if len(p) > place and p[place] in (old, new):
                p[place] = new if p[place] == old else old
    return ".".join(p)


def _once(items: list[str]) -> list[str]:
    return [each for n, each in enumerate(items) if each not in items[:n]]


def is_subscribable(pattern: str) -> bool:
    """What `events.is_valid` must say: the rules of the validator, one after the other."""
    p = pattern.split(".")
    n = len(p)
    if n < 2 or n > 7 or p[0] in ("", "0") or p[1] in ("", "0") or p[0] not in _UNION:
        return False
    kind = _UNION[p[0]]
    sub = kind.get(p[2], {}) if n > 3 else {}
    subsub = sub.get(p[4], {}) if n > 5 and "$resource" in sub else {}
    if "$resource" in subsub:
        return n < 7 or p[6] in sub or (p[6] == "upsert" and p[6] in subsub)
    if "$resource" in sub:
        return (n == 4 or p[4] in sub) and (n != 6 or p[5] in sub[p[4]])
    return (n == 2 or p[2] in kind) and (n != 4 or p[3] in kind[p[2]])


def _united(trees: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    union: dict[str, Any] = {}
    for tree in trees:
        for word, below in tree.items():
            if word == "$resource" and below:
                union[word] = {}
            elif not word.startswith("$"):
                union[word] = _united([union.get(word, {}), below])
    return union


_UNION = _united(TREES.values())
