"""The functions of a project, by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .. import models
from ..near import meant
from ..printable import clean
from .function import Function
from .people import People
from .stage import Stage
from .variables import Variables

__tracebackhide__ = True  # pytest shows the line of the test, none of here
_NONE = (
    "There is none: deploy some. With pytest, appwrite_directory in its settings file names the "
    "folder of your project, unless it is the root folder of the tests."
)


class FunctionUnknown(KeyError):
    """There is no such function in the project."""

    def __init__(self, id: str, known: Sequence[str]) -> None:
        there = f"There are: {', '.join(known)}." if known else _NONE
        super().__init__(f"There is no function {id!r}. {meant(id, known) or there}")

    def __str__(self) -> str:
        return str(self.args[0])


class FunctionUndeployed(Exception):
    """A function of the project could not be deployed when the tests began."""

    def __init__(self, id: str, reason: str) -> None:
        said = "\n".join(map(clean, reason.split("\n")))
        super().__init__(f"Function {id!r} was not deployed: {said}")


class Functions(Mapping[str, Function]):
    """The functions of a project by their ids."""

    def __init__(self, stage: Stage, people: People) -> None:
        self._stage = stage
        self._people = people

    def __getitem__(self, id: str) -> Function:
        """The function.

        Raises FunctionUnknown, a KeyError that names those that there are; FunctionUndeployed
        with the reason when it is one of the project's that could not be deployed.
        """
        known = self._every()
        found = next((each for each in known if each.id == id), None)
        if id in self._stage.undeployed and not (found and found.deployment_id):
            raise FunctionUndeployed(id, self._stage.undeployed[id])
        if found is None:
            raise FunctionUnknown(id, [each.id for each in known])
        return Function(id, self._stage, self._people)

    def __iter__(self) -> Iterator[str]:
        return iter([each.id for each in self._every()])

    def __len__(self) -> int:
        return len(self._every())

    def __repr__(self) -> str:
        return f"<Functions {', '.join(self)}>"

    def _every(self) -> list[models.Function]:
        every = self._stage.emulator.services.functions.every
        return self._stage.in_loop(every, self._stage.project)


class VariablesOf(Mapping[str, Variables]):
    """The variables of each function, by the function's id."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def __getitem__(self, id: str) -> Variables:
        """Raises FunctionUnknown."""
        return self._functions[id].variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)
