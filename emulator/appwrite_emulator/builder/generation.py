"""Generations: loadable copies of a developer's folder, which share all that did not change."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from ..manifest import Family
from ..trees import Tree
from . import folders
from .copying import Check, TreeMoved, never
from .installs import Found, find, left_out
from .laying import Base, Laying
from .needs import Need, Way, need
from .outputs import look_through
from .record import Recipe, Record

__all__ = [
    "Found",
    "Need",
    "Recipe",
    "Record",
    "TreeMoved",
    "Way",
    "conclude",
    "find",
    "lay",
    "left_out",
    "need",
    "prepare",
    "record_of",
    "sources_of",
]


def record_of(folder: Path) -> Record | None:
    """What is known of a generation; None for builds of uploads, and for one that lost a part."""
    base = Base.read(folder)
    return base.record if base else None


def sources_of(folder: Path) -> Mapping[str, str] | None:
    """The digests of the sources of a generation, by path; None for builds of uploads."""
    record = Record.read(folder)
    if record is None:
        return None
    return {path: source.digest for path, source in record.sources.items()}


def lay(
    tree: Tree,
    folder: Path,
    previous: Path | None,
    recipe: Recipe,
    *,
    found: Found | None = None,
    check: Check = never,
) -> Record:
    """Fill the build `folder` so that it can be loaded, without running anything. Blocking.

    What equals a file of the generation in `previous` is another name for that; the outputs of
    its commands come along, and its dependencies are linked, unless `found` is given: then those
    are copied. All files can be read by everybody and written by nobody. `check` is called between
    pieces of work and may raise to stop.

    Raises TreeMoved when the folder changed meanwhile, OSError; `folder` is then to be removed.
    """
    base = Base.read(previous)
    laying = Laying(tree, folder, recipe, base)
    laying.lay_sources()
    installed = laying.bring(found, check) if found else laying.link_installed()
    record = Record(
        fingerprint=tree.fingerprint,
        recipe=recipe,
        sources=laying.sources,
        outputs=laying.lay_outputs({each.path for each in installed}),
        installed=installed,
        stamp=_stamp(base, found),
        rewritten=base.record.rewritten if base else (),
    )
    folders.write_metadata(laying.code, recipe.entrypoint, recipe.era)
    (laying.code / folders.METADATA).chmod(0o444)
    record.write(folder)
    return record


def prepare(
    tree: Tree,
    folder: Path,
    previous: Path | None,
    recipe: Recipe,
    family: Family,
    *,
    found: Found | None = None,
    check: Check = never,
) -> None:
    """Fill the build `folder` for commands, which may change all they find. Blocking.

    The code root gets the sources and a copy of the dependencies: those of `previous`, or what is
    installed in the developer's folder when that is newer, or all there is. The sources as they
    are lie beside it. When the builder is done with it (`archive=None`), call `conclude`. Raises
    as `lay` does.
    """
    base = Base.read(previous)
    laying = Laying(tree, folder, recipe, base)
    laying.lay_aside()
    beside: str | None = ""
    if found and _is_better(found, base):
        laying.bring(found, check, writable=True)
        beside = found.stamp
    elif base and base.record.installed:
        laying.copy_installed(family, check)
        beside = None
    record = Record(
        fingerprint=tree.fingerprint,
        recipe=recipe,
        sources=laying.sources,
        stamp=_stamp(base, found),
        beside=beside,
    )
    record.write(folder)


def conclude(folder: Path, family: Family) -> Record:
    """Note what commands have made in the build `folder`, which `prepare` filled. Blocking."""
    record = Record.read(folder)
    assert record is not None, "prepare has written it"
    outputs = look_through(folder, record, family)
    record = dataclasses.replace(
        record,
        outputs=outputs.files,
        installed=tuple(outputs.installed),
        rewritten=tuple(outputs.rewritten),
    )
    record.write(folder)
    return record


def _stamp(base: Base | None, found: Found | None) -> str:
    if found:
        return found.stamp
    return base.record.stamp if base else ""


def _is_better(found: Found, base: Base | None) -> bool:
    """Whether commands should begin with what the developer has installed."""
    if base is None or not base.record.installed:
        return True
    return found.is_current and found.stamp != base.record.stamp
