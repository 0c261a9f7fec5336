"""The stage: what the parts of a handle share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import models
from ..emulator import Emulator
from ..models import Caller
from .api import Api
from .execution import Execution
from .judge import Judge


@dataclass(frozen=True, slots=True)
class Stage:
    """One emulator in one test."""

    emulator: Emulator
    api: Api
    judge: Judge
    timeout: float  # seconds that waiting may take
    undeployed: Mapping[str, str] = field(default_factory=dict)  # why, by ids of functions

    @property
    def project(self) -> str:
        return self.api.project

    def executions(self, function: str = "") -> list[Execution]:
        """All executions of the project, or of one function, in the order of creation."""
        return self.emulator.in_loop(self._all, function)

    def execution(self, function: str, id: str) -> Execution:
        """One execution. Raises ApiError function_not_found, execution_not_found."""
        return self.emulator.in_loop(self._one, function, id)

    async def _all(self, function: str) -> list[Execution]:
        rows = self.emulator.services.executions.of(self.project, function)
        return [await self._told(row) for row in rows]

    async def _one(self, function: str, id: str) -> Execution:
        caller = Caller(self.project, is_privileged=True)
        return await self._told(self.emulator.services.executions.get(caller, function, id))

    async def _told(self, row: models.Execution) -> Execution:
        services = self.emulator.services
        texts = await services.executions.texts(row)
        return Execution.of(row, texts, services.witness.sight(row.id))
