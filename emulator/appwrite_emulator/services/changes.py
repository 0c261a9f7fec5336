"""Changes that whoever deploys a folder makes to what is found for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..near import meant
from ..project_file import Entry, made_id
from ..project_file.kinds import KEYS, Kind

_KINDS: dict[str, Kind] = {name: kind for name, kind in KEYS.values() if name != "path"}
_SIZES = ("build_specification", "runtime_specification")


class EntryRefused(ValueError):
    """A function asks for what cannot be had; the text is for its author."""


def changed(entries: Sequence[Entry], changes: Mapping[str, Any]) -> Sequence[Entry]:
    """The functions with settings of the caller's, by the names of Entry's fields.

    Raises EntryRefused for unknown ones, wrong values, and more functions than one.
    """
    if not changes:
        return entries
    if len(entries) > 1:
        ids = ", ".join(each.id for each in entries)
        raise EntryRefused(f"{', '.join(changes)} can be set for one function only, not for {ids}.")
    values = {name: _value(name, value) for name, value in changes.items()}
    if size := values.pop("specification", None):
        values = dict.fromkeys(_SIZES, size) | values
    return [replace(entries[0], **values)]


def named(path: Path, changes: Mapping[str, Any]) -> Sequence[Entry]:
    """A folder that does not look like a function, as the one that the caller says it is."""
    if not path.is_dir() or not {"runtime", "entrypoint"} <= changes.keys():
        return []
    id = made_id(path.name)
    return [Entry(id=id, name=id, runtime="", folder=path, execute=("any",))]


def _value(name: str, value: Any) -> Any:
    if name not in _KINDS:
        advice = meant(name, _KINDS) or f"There are {', '.join(_KINDS)}."
        raise EntryRefused(f"A function has no setting {name!r}. {advice}")
    kind = _KINDS[name]
    plain = list(value) if isinstance(value, tuple | set | frozenset) else value
    plain = dict(value) if isinstance(value, Mapping) else plain
    if not kind.accepts(plain):
        raise EntryRefused(f"{name} is {value!r}, it must be {kind.wanted}.")
    return kind.convert(plain)
