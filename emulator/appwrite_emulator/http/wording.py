"""How records are told in events: as the API tells them in the server's own format."""

from __future__ import annotations

from dataclasses import dataclass

from ..models import Deployment, Execution
from . import render
from .request import Version


@dataclass(frozen=True, slots=True)
class Wording:
    """Renders what services tell of by themselves, without a request."""

    format: Version

    def execution(self, execution: Execution, texts: tuple[str, str]) -> render.Wire:
        """An execution with its logs and errors."""
        return render.execution(execution, texts, self.format)

    def deployment(self, deployment: Deployment) -> render.Wire:
        """A deployment."""
        return render.deployment(deployment, self.format)
