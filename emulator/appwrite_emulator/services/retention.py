"""Retention: remove rows that have outlived the time they are kept for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from anyio.lowlevel import checkpoint

from ..clock import stamp
from ..models import Row
from ..people import Session, Token
from .deployments import Deployments
from .executions import Executions
from .functions import Functions
from .ground import Ground
from .records import Records

_AT_ONCE = 1000  # executions that are removed while others wait


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows went, of all projects."""

    executions: int
    deployments: int
    sessions: int
    tokens: int

    def to_json(self) -> dict[str, int]:
        return asdict(self)


class Retention:
    """Knows what is too old. Files are not its business: who calls it collects them."""

    def __init__(
        self,
        ground: Ground,
        functions: Functions,
        deployments: Deployments,
        executions: Executions,
    ) -> None:
        self._ground = ground
        self._functions = functions
        self._deployments = deployments
        self._executions = executions
        self._sessions = Records(ground, Session)
        self._tokens = Records(ground, Token)

    async def apply(self) -> Removed:
        """Remove old executions, deployments by their function's retention, and what expired."""
        return Removed(
            executions=await self._remove_executions(),
            deployments=self._remove_deployments(),
            sessions=self._remove_expired(self._sessions),
            tokens=self._remove_expired(self._tokens),
        )

    async def _remove_executions(self) -> int:
        """There may be many: others work in between."""
        days = self._ground.config.execution_retention
        if not days:
            return 0
        moment, count = self._before(timedelta(days=days)), 0
        while removed := self._executions.delete_older(moment, _AT_ONCE):
            count += removed
            await checkpoint()
        return count

    def _remove_deployments(self) -> int:
        return sum(
            self._deployments.delete_older(function, self._before(timedelta(days=days)))
            for function in self._functions.every()
            if (days := function.deployment_retention)
        )

    def _remove_expired(self, records: Records[Session] | Records[Token]) -> int:
        now = self._ground.now()

        def is_over(row: Row) -> bool:
            return bool(row["expire"] < now)

        return records.remove_where(is_over)

    def _before(self, age: timedelta) -> str:
        return stamp(self._ground.clock.now() - age)
