"""The handle: what a test does with the emulator, and sees of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..services.under_way import Work
from .execution import Execution
from .functions import Function, Functions
from .people import People
from .stage import Stage


class Appwrite:
    """The emulator, as one test has it to itself.

    Whatever the test changes through this, the API or its functions is undone when it ends.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._people = People(stage.api)
        self.functions = Functions(stage, self._people)
        """The functions of the project by their ids."""

    def __repr__(self) -> str:
        return f"<Appwrite project {self.project!r} at {self.endpoint}>"

    @property
    def endpoint(self) -> str:
        """The URL of the API, such as `http://127.0.0.1:40123/v1`."""
        return self._stage.api.endpoint

    @property
    def project(self) -> str:
        """The id of the project."""
        return self._stage.project

    @property
    def key(self) -> str:
        """An API key that may do everything."""
        return self._stage.api.key

    def deploy(self, path: Path | str, **changes: Any) -> list[Function]:
        """Deploy what lies at `path`, as `Emulator.deploy` does; the functions it has made or
        changed."""
        applied = self._stage.emulator.deploy(path, **changes)
        return [self.functions[each.id] for each in applied]

    def fire(
        self, event: str, payload: Mapping[str, Any] | None = None, *, user: str = ""
    ) -> list[Execution]:
        """Make up an event, wait until all is quiet, and return what it has called.

        `event` is a full name, such as `databases.main.collections.posts.documents.1.create`;
        `user` is the id of who did it, who need not exist. Raises EventRefused, NotSettled.
        """
        fired = self._stage.emulator.fire(event, payload, user=user)
        self.settle()
        return [self._stage.execution(each.function_id, each.id) for each in fired.executions]

    def settle(self, timeout: float | None = None) -> list[Work]:
        """Wait until no build and no execution is pending; what was waited for.

        Raises NotSettled, a TimeoutError that names what is pending after `timeout` seconds.
        """
        return self._stage.emulator.settle(self._stage.timeout if timeout is None else timeout)

    def executions(self, function: str = "") -> list[Execution]:
        """All executions, or those of one function, in the order of creation."""
        return self._stage.executions(function)

    def check(self) -> None:
        """Raise FunctionFailed when a function has failed unexpectedly, whoever has called it.

        The fixture does so when the test's own code has ended.
        """
        self._stage.judge.require(self.executions())
