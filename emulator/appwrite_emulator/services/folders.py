"""Folders: make deployments of functions' folders, as quickly as what changed in them allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import anyio
from anyio import to_thread

from ..builder import generation
from ..builder.generation import Need, TreeMoved, Way
from ..catalog import InterpreterMissing
from ..errors import ApiError, resolve
from ..models import Deployment, Function, unique_id
from ..project_file import Entry, ProjectFileError, environment
from ..trees import Tree, scan
from .bringing import Bringing, Brought, Load, Outcome
from .functions import Functions
from .generations import Generations, builds_of
from .ground import Ground
from .looks import Look, stamp
from .origins import Origins
from .plans import Plans
from .under_way import Work, WorkKind

_MOVES = 20  # changes while the folder is being copied
_QUIET = 0.02  # seconds without a change after which a folder is taken as it is
_LOOKS = 12  # for quiet, after which it is taken though it goes on changing
_RESTLESS = "Its files were changed again and again while they were copied. Save once more."


@dataclass(frozen=True, slots=True)
class Change:
    """What is about to be deployed."""

    work: Work
    files: tuple[str, ...]  # relative to the folder, sorted
    need: Need  # whether commands run, or what is installed is copied, and why
    replaces: str  # the id of a deployment that was sent to us and was active until now


Basis = tuple[Function, Mapping[str, str]]
"""The record of a function, and the variables that are laid over its own."""


class Folders:
    """Makes deployments of functions' folders."""

    def __init__(
        self,
        ground: Ground,
        functions: Functions,
        generations: Generations,
        bringing: Bringing,
        plans: Plans,
    ) -> None:
        self._ground = ground
        self._functions = functions
        self._generations = generations
        self._bringing = bringing
        self._plans = plans
        self.origins = Origins()
        self._bases: dict[str, Deployment] = {}  # to go on from when a reset has removed the rows
        self.collect: Callable[[set[str]], Awaitable[None]] = _leave
        """Removes builds that nothing names any more."""

    def skipped(self, runtime: str) -> frozenset[str]:
        """The names of folders that are not watched: the dependencies of the language."""
        family = self._ground.catalog.family(runtime)
        return family.left_out if family else frozenset()

    def kept_builds(self) -> set[str]:
        """Builds that are needed though perhaps no row names them."""
        return set().union(*map(builds_of, self._bases.values()))

    def notes(self, function: Function, look: Look) -> list[str]:
        """What the developer should know of the folder although it works here."""
        outside = look.tree.outside if look.tree else ()
        notes = [f"{path} leads out of the folder: a push leaves it behind" for path in outside]
        if (stray := self.stray(function)) and not stray.fingerprint:
            notes.append("what was pushed answers, until the next save in its folder")
        newest, limit = self._generations.latest_ready(function), self._ground.config.size_limit
        if newest and newest.source_size > limit > 0:
            notes.append(
                f"its files have {newest.source_size:,} bytes: packed, those of a push may have "
                f"{limit:,} (--size-limit)"
            )
        return notes

    def basis(self, project: str, function_id: str) -> Basis | None:
        """What the function stands on beside the files of its folder, if it is there."""
        function = self._functions.find(project, function_id)
        return (function, self._plans.laid_over(function)) if function else None

    def forget(self, project: str, function_id: str) -> None:
        """Its folder will not be deployed again."""
        self._bases.pop(f"{project}/{function_id}", None)

    def stray(self, function: Function) -> Deployment | None:
        """What answers, if it is not the newest that was made of the folder."""
        active, latest = self._generations.active(function), self._generations.latest(function)
        is_own = active and latest and active.fingerprint == latest.fingerprint
        return None if is_own else active

    async def take_in(
        self,
        function: Function,
        entry: Entry,
        before: Look | None = None,
        on_begin: Callable[[Change], None] = lambda change: None,
        *,
        why: str = "",
    ) -> tuple[Look, Brought]:
        """Deploy what the folder holds, unless that is active already.

        `why` asks for a build. Returns what the folder was seen to hold, and what came of it.
        Raises EpochPassed after a restore.
        """
        look, epoch = before, self._ground.epochs.of(function.project)
        for _ in range(_MOVES):
            look = await self.look(function, entry, look)
            try:
                brought = await self._deploy(function, entry, look, on_begin, why)
            except TreeMoved:
                continue
            except (ApiError, InterpreterMissing, ProjectFileError, OSError) as exc:
                self._ground.epochs.check(function.project, epoch)  # a restore may be why
                return look, Brought(Outcome.BROKEN, error=self._text_of(exc))
            self.origins.note(brought.deployment_id, entry.folder)
            return look, brought
        assert look is not None, "it was looked at"
        return look, Brought(Outcome.BROKEN, error=_RESTLESS)

    async def look(self, function: Function, entry: Entry, before: Look | None = None) -> Look:
        """What the folder holds now."""
        env = stamp(entry.folder)
        own = replace(entry, ignore=(*entry.ignore, "/.env"))  # its values go by the environment
        try:
            skip, markers = generation.left_out(*await self._bringing.languages(function))
            tree = before.tree if before else None
            reading = partial(scan, own, skip=skip, markers=markers, before=tree)
            return Look(entry.folder, await to_thread.run_sync(reading), env)
        except (ApiError, InterpreterMissing, ProjectFileError, OSError) as exc:
            return Look(entry.folder, None, env, self._text_of(exc))

    async def rest(self, function: Function, entry: Entry, before: Look) -> Look:
        """What the folder holds when it has not changed for a moment: no half save is taken."""
        look = before
        for _ in range(_LOOKS):
            look = await self.look(function, entry, look)
            await anyio.sleep(_QUIET)
            if look.is_current():
                break
        return look

    async def _deploy(
        self,
        function: Function,
        entry: Entry,
        look: Look,
        on_begin: Callable[[Change], None],
        why: str,
    ) -> Brought:
        variables = {}
        if look.environment:  # a trip to a thread for each of many functions would add up
            variables = await to_thread.run_sync(environment, entry.folder)
        self._plans.lay_over(function, variables)
        if look.tree is None:
            return Brought(Outcome.BROKEN, error=look.problem)
        active = self._generations.active(function)
        if not why and self._is_served(function, active, look.tree.fingerprint):
            return Brought(Outcome.UNCHANGED, active.id if active else "")
        load = await self._load(function, entry, look.tree, active)
        load, need = await to_thread.run_sync(self._bringing.weigh, load)
        if why and function.commands and need.way is not Way.BRING:
            need = Need(Way.BUILD, need.reason or why)
        work = Work(WorkKind.RELOAD, function.project, function.id, load.id)
        self._ground.under_way.begin(work)
        try:
            on_begin(self._change(work, load, need, active))
            brought = await self._bringing.bring(load, need.way)
        finally:
            self._ground.under_way.end(work)
        if brought.outcome is Outcome.LIVE:
            await self._conclude(function)
        return brought

    async def _load(
        self, function: Function, entry: Entry, tree: Tree, active: Deployment | None
    ) -> Load:
        family, launch = await self._bringing.languages(function)
        return Load(
            id=unique_id(),
            function=function,
            entry=entry,
            tree=tree,
            base=self._generations.latest_ready(function) or self._bases.get(_key(function)),
            active=active,
            family=family,
            recipe=self._bringing.recipe(function, launch),
            launch=launch,
        )

    def _change(self, work: Work, load: Load, need: Need, active: Deployment | None) -> Change:
        known = self._sources(load.base) if load.base else {}
        replaces = active.id if active and not active.fingerprint else ""
        return Change(work, tuple(_differing(known, load.tree.files)), need, replaces)

    def _sources(self, deployment: Deployment) -> Mapping[str, str]:
        return generation.sources_of(self._ground.files.build(deployment.build)) or {}

    async def _conclude(self, function: Function) -> None:
        """Remember what to go on from, and drop what is no longer needed."""
        current = self._functions.get(function.project, function.id)
        garbage = self._generations.trim(current)
        if base := self._generations.latest_ready(current):
            before, self._bases[_key(function)] = self._bases.get(_key(function)), base
            garbage |= builds_of(before) if before else set()
        if garbage:
            self._ground.start(self.collect, garbage, name="collect builds")

    def _is_served(self, function: Function, active: Deployment | None, fingerprint: str) -> bool:
        """Whether a deployment of what the folder holds would bring nothing new.

        What was sent to us after the folder was last deployed stays until the folder changes.
        """
        if active is None:
            return False
        if active.fingerprint:
            settings = (function.runtime, function.entrypoint, function.commands)
            is_same = (active.runtime, active.entrypoint, active.commands) == settings
            return is_same and active.fingerprint == fingerprint
        latest = self._generations.latest(function)
        return latest is not None and latest.fingerprint == fingerprint

    def _text_of(self, exc: Exception) -> str:
        if isinstance(exc, ApiError):
            return resolve(exc, self._ground.config.appwrite).message
        return str(exc)


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """The paths that are in one only, or of another content."""
    return sorted(path for path in {*old, *new} if old.get(path) != new.get(path))


def _key(function: Function) -> str:
    return f"{function.project}/{function.id}"


async def _leave(builds: set[str]) -> None:
    pass
