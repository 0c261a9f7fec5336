"""Needs: whether a folder's new content can be served at once, or what has to happen before."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

from ..manifest import Family
from .installs import Found
from .record import Recipe, Record


class Way(StrEnum):
    """How a folder becomes a deployment."""

    LAY = "lay"  # at once, with the dependencies of the last one
    BRING = "bring"  # with a copy of what is installed in the folder
    BUILD = "build"  # by its commands, in a copy, on top of what was installed last


class Need(NamedTuple):
    """What has to happen, and why: "package.json changed"; no reason for what is instant."""

    way: Way
    reason: str = ""


_INSTANT = Need(Way.LAY)


def need(
    recipe: Recipe,
    sources: Mapping[str, str],
    family: Family,
    *,
    last: Record | None,
    found: Found | None,
) -> Need:
    """What it takes to serve `sources` (path: digest) by `recipe`.

    `last` is the generation to go on from, `found` what is installed in the developer's folder.
    """
    built = _built(recipe, sources, family)
    outdated = _outdated(recipe, sources, family, last)
    if found and not built and (found.is_current or not recipe.commands):
        if last is None or last.stamp != found.stamp:
            return Need(Way.BRING, outdated or f"{found.names} changed")
        if not _changed_dependencies(sources, family, last):
            return _INSTANT
    reason = outdated or built or _rewriting(last)
    return Need(Way.BUILD, reason) if reason and recipe.commands else _INSTANT


def _outdated(
    recipe: Recipe, sources: Mapping[str, str], family: Family, last: Record | None
) -> str:
    """Why what was installed and made last cannot be gone on from."""
    if last is None:
        return "first build"
    was = last.recipe
    if (was.runtime, was.version) != (recipe.runtime, recipe.version):
        return f"the runtime is {recipe.runtime} now"
    if was.commands != recipe.commands:
        return "the commands changed"
    if changed := _changed_dependencies(sources, family, last):
        return f"{' and '.join(changed)} changed"
    if was.variables != recipe.variables:
        return "variables changed"
    return ""


def _built(recipe: Recipe, sources: Mapping[str, str], family: Family) -> str:
    """Why commands must run after every change: they make what is executed."""
    if not recipe.commands:
        return ""
    is_output = any(fnmatchcase(recipe.entrypoint, each) for each in family.built_entrypoints)
    if is_output or recipe.entrypoint not in sources:
        return f"{recipe.entrypoint} is built"
    return ""


def _rewriting(last: Record | None) -> str:
    return f"the commands change {last.rewritten[0]}" if last and last.rewritten else ""


def _changed_dependencies(sources: Mapping[str, str], family: Family, last: Record) -> list[str]:
    """The files, sorted, that say what to install and differ: they lie at the root."""
    before = {path: source.digest for path, source in last.sources.items()}
    return sorted(
        path
        for path in {*sources, *before}
        if "/" not in path
        and any(fnmatchcase(path, each) for each in family.dependency_files)
        and sources.get(path) != before.get(path)
    )
