"""Inspections: which functions run under a debugger, and where it attaches."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from anyio import to_thread

from ..catalog import Launch
from ..execution.bench import Stand
from ..execution.executor import Executor
from ..execution.inspection import Inspect
from ..execution.relay import HOST, PortTaken
from ..files import CODE_ROOT
from ..manifest import Debugger
from ..models import Function
from .ground import Ground
from .live_logs import NOTE
from .under_way import Work, WorkKind


@dataclass(frozen=True, slots=True)
class Inspection:
    """How the inspection of one function stands; `problem` says why it runs without a debugger."""

    function: Function
    stand: Stand | None = None
    debugger: Debugger | None = None
    problem: str = ""
    folder: Path | None = None  # of the source, if it is followed

    @property
    def address(self) -> str:
        """Where debuggers attach; empty when they cannot."""
        return f"{HOST}:{self.stand.port}" if self.stand else ""

    @property
    def line(self) -> str:
        """How it stands, for people."""
        return f"debugger at {self.address}" if self.stand else f"no debugger: {self.problem}"

    def to_json(self) -> dict[str, Any]:
        """The same for programs; in `launch` the developer's folder is still `{local}`."""
        code = str(self.stand.folder / CODE_ROOT) if self.stand else None
        return {
            "project": self.function.project,
            "functionId": self.function.id,
            "address": self.address or None,
            "code": code,
            "folder": str(self.folder) if self.folder else None,
            "launch": self._launch(),
            "problem": self.problem or None,
        }

    def _launch(self) -> dict[str, Any] | None:
        """The entry of an editor's launch file."""
        if self.stand is None or self.debugger is None:
            return None
        words = {"{port}": self.stand.port, "{remote}": str(self.stand.folder / CODE_ROOT)}
        return {
            "name": f"appwrite: {self.function.id}",
            **_filled(json.loads(self.debugger.launch), words),
        }


def _filled(value: Any, words: dict[str, Any]) -> Any:
    """`value` with each text that is a word replaced by what it stands for."""
    if isinstance(value, dict):
        return {key: _filled(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, words) for each in value]
    return words.get(value, value) if isinstance(value, str) else value


class Inspections:
    """Decides how functions are inspected. Those that are not asked for cost nothing."""

    def __init__(self, ground: Ground, executor: Executor) -> None:
        self._ground = ground
        self._executor = executor
        self._known: dict[str, Inspection] = {}
        self.is_told = False  # whether what is known so far was told, so that news are
        self.folder_of: Callable[[Function], Path | None] = lambda function: None
        """The folder that becomes a function's deployments, if one is followed."""

    def is_wanted(self, function: Function) -> bool:
        """Whether the function is to run under a debugger."""
        return self._ground.config.inspected(function.id) is not None

    async def inspect(self, function: Function, launch: Launch, build: Path) -> Inspect | None:
        """How the function's `build` is inspected; None when it is not, or cannot be."""
        if not self.is_wanted(function):
            return None
        name = f"{function.project}/{function.id}"
        state, found = await self._look(function, launch, build)
        before = self._known.get(name)
        self._known[name] = state
        if self.is_told and (before is None or before.line != state.line):
            self.note(function, state.line, {"address": state.address or None})
        if state.stand is None or state.debugger is None:
            return None
        return Inspect(name=name, debugger=state.debugger, found=found, folder=state.stand.folder)

    async def _look(
        self, function: Function, launch: Launch, build: Path
    ) -> tuple[Inspection, str]:
        """How it stands, and what the debugger's own program found."""
        state, found = Inspection(function, debugger=launch.inspect), ""
        if launch.inspect is None:
            return replace(state, problem=self._unknown(launch)), found
        if find := await to_thread.run_sync(launch.finding, build / CODE_ROOT, self._ground.lend):
            said = await self._ground.probe(find)
            if said is None:
                return replace(state, problem=launch.inspect.remedy), found
            found = said.strip()
        wanted = self._ground.config.inspected(function.id)
        assert wanted is not None, "others are not looked at"
        name, usual = f"{function.project}/{function.id}", launch.inspect.port
        try:
            stand = await self._executor.stand(name, wanted.port, preferred=usual)
        except PortTaken as exc:
            problem = f"{exc}. Choose another: --inspect {function.id}=PORT"
            return replace(state, problem=problem), found
        return replace(state, stand=stand), found

    def _unknown(self, launch: Launch) -> str:
        known = [family.name for family in self._ground.catalog.families if family.inspect]
        return (
            f"{launch.runtime} has no --inspect. It works for {', '.join(known) or 'no language'}"
        )

    def note(self, function: Function, text: str, facts: dict[str, Any]) -> None:
        """Tell live what is to be known of the debugger."""
        work = Work(WorkKind.INSPECTION, function.project, function.id, function.deployment_id)
        self._ground.live_logs.happens(work, NOTE, lambda: (text, {"about": "inspect", **facts}))

    def states(self) -> list[Inspection]:
        """How all inspections stand that were begun."""
        known = (self._known[name] for name in sorted(self._known))
        return [replace(each, folder=self.folder_of(each.function)) for each in known]
