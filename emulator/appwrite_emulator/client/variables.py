"""The variables of a function, as a test sets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping

from .. import models
from .stage import Stage

__tracebackhide__ = True  # pytest shows the line of the test, none of here

_LONGEST_KEY, _LONGEST_VALUE = 255, 8192  # characters


class Variables(MutableMapping[str, str]):
    """The environment variables of one function, those of its `.env` too.

    What is set here wins over the `.env`, and the next call sees it, in a new process. Commands of
    the build are not run again, so what they made of the old value stays.
    """

    def __init__(self, function: str, stage: Stage) -> None:
        self._function = function
        self._stage = stage

    def __getitem__(self, key: str) -> str:
        return self._all()[key]

    def __setitem__(self, key: str, value: str) -> None:
        """Raises TypeError, ValueError for what cannot be a variable."""
        _check(key, value)
        self._stage.in_loop(self._set, key, value)

    def __delitem__(self, key: str) -> None:
        """Raises KeyError."""
        if not self._stage.in_loop(self._delete, key):
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return f"Variables({self._all()!r})"

    def _all(self) -> Mapping[str, str]:
        return self._stage.in_loop(self._read)

    def _read(self) -> Mapping[str, str]:
        return self._stage.emulator.services.environments.given(self._row())

    def _set(self, key: str, value: str) -> None:
        services = self._stage.emulator.services
        project, id = self._stage.project, self._function
        if known := self._find(key):
            services.variables.update(project, id, known.id, {"value": value})
        else:
            row = {"key": key, "value": value, "secret": False}
            services.variables.create(project, id, "unique()", row)
        self._uncover(key)

    def _delete(self, key: str) -> bool:
        """Whether there was such a variable."""
        services = self._stage.emulator.services
        is_there = key in self._read()
        if known := self._find(key):
            services.variables.delete(self._stage.project, self._function, known.id)
        self._uncover(key)
        return is_there

    def _uncover(self, key: str) -> None:
        """Let the stored value win over that of the `.env`, until a restore."""
        environments, function = self._stage.emulator.services.environments, self._row()
        local = environments.laid_over(function)
        rest = {name: value for name, value in local.items() if name != key}
        environments.lay_over(function, rest)

    def _find(self, key: str) -> models.Variable | None:
        known = self._stage.emulator.services.variables.of(self._row())
        return next((each for each in known if each.key == key), None)

    def _row(self) -> models.Function:
        return self._stage.emulator.services.functions.get(self._stage.project, self._function)


def _check(key: str, value: str) -> None:
    for name, each in (("key", key), ("value", value)):
        if not isinstance(each, str):
            raise TypeError(
                f"The {name} of a variable is {each!r}, a {type(each).__name__}. It must be a text."
            )
        if "\0" in each:
            raise ValueError(f"The {name} of a variable is {each!r}. It cannot have a NUL.")
        if any("\ud800" <= letter <= "\udfff" for letter in each):
            raise ValueError(f"The {name} of a variable is {each!r}. It cannot have a surrogate.")
    if not 0 < len(key) <= _LONGEST_KEY or "=" in key:
        raise ValueError(
            f"The key of a variable is {key[:80]!r}. It must have 1 to {_LONGEST_KEY} characters, "
            "none of them '='."
        )
    if len(value) > _LONGEST_VALUE:
        raise ValueError(
            f"The value of {key!r} has {len(value):,} characters, {_LONGEST_VALUE:,} are possible."
        )
