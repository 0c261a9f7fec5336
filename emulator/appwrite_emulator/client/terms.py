"""Terms: what a test wants of the emulator, checked before anything is done for it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..clock import parse_moment
from ..near import meant

__tracebackhide__ = True  # pytest shows the line of the test, none of here

if TYPE_CHECKING:
    from .handle import Appwrite

Seed = Callable[["Appwrite"], object]
"""Makes what a test finds: called once, its rows are put back for every test with it."""

FROZEN = "frozen"
"""A clock that stands still at the moment at which the test begins."""


class TermsRefused(ValueError):
    """A test asks for what cannot be; the text names the keyword, the value and what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How one test begins, and what it may do."""

    functions: tuple[Path, ...] = ()  # deployed on top of what is there
    seed: Seed | Path | None = None  # a path: a file of `state export`
    clock: datetime | str | None = None  # where the clock stands still; None: it runs
    strict: bool = True  # functions that fail unexpectedly fail the test
    fresh: bool = False  # no function keeps a process from before
    timeout: float = 30.0  # seconds that waiting may take
    name: str = ""  # of the test

    @property
    def shares(self) -> tuple[object, ...]:
        """What tests have in common that begin with the same rows."""
        return self.functions, self.seed, None if self.clock == FROZEN else self.clock

    @property
    def is_plain(self) -> bool:
        """Whether nothing has to be made for the test to begin with."""
        return not self.functions and self.seed is None

    @classmethod
    def of(
        cls, options: Mapping[str, Any], *, folders: Sequence[Path] = (), name: str = ""
    ) -> Terms:
        """The terms that `options` give by their names. Relative paths are looked for in `folders`,
        by default in the current one. Raises TermsRefused."""
        for option in options:
            if option not in _CHECKS:
                raise TermsRefused(f"there is no {option!r}. {_known(option)}")
        places = folders or (Path.cwd(),)
        values = {each: _CHECKS[each](each, value, places) for each, value in options.items()}
        return cls(**values, name=name)


def _known(name: str) -> str:
    return f"{meant(name, _CHECKS)} There are {', '.join(_CHECKS)}.".lstrip()


def _refused(option: str, value: object, wanted: str) -> TermsRefused:
    return TermsRefused(f"{option} is {value!r}, it must be {wanted}.")


def _functions(option: str, value: Any, places: Sequence[Path]) -> tuple[Path, ...]:
    paths = [value] if isinstance(value, str | os.PathLike) else value
    if not isinstance(paths, list | tuple) or not all(
        isinstance(each, str | os.PathLike) for each in paths
    ):
        raise _refused(option, value, "the path of a folder, or a list of them")
    found = tuple(_found(option, each, places) for each in paths)
    for each in found:
        if not each.is_dir():
            raise TermsRefused(
                f"{option} names the file {each}. Give the folder of a function, one whose "
                "subfolders are functions, or that of a project."
            )
    return found


def _found(option: str, path: str | os.PathLike[str], places: Sequence[Path]) -> Path:
    for place in places:
        if (found := place / path).exists():
            return found.resolve()
    tried = " and ".join(dict.fromkeys(str(each) for each in places))
    where = "" if Path(path).is_absolute() else f" in {tried}"
    raise TermsRefused(f"{option} is {os.fspath(path)!r}, and there is no such path{where}.")


def _seed(option: str, value: Any, places: Sequence[Path]) -> Seed | Path | None:
    if isinstance(value, str | os.PathLike):
        found = _found(option, value, places)
        if not found.is_file():
            raise TermsRefused(
                f"{option} names the folder {found}. Give a file of `appwrite-emulator state "
                "export`, or a function that takes `appwrite`."
            )
        return found
    if inspect.iscoroutinefunction(value):
        raise TermsRefused(
            f"{option} is the async function {value.__name__}, which nobody awaits. Give a plain "
            "one: all that `appwrite` does works there."
        )
    if value is not None and not callable(value):
        raise _refused(option, value, "a function that takes `appwrite`, or a path of a file")
    seed: Seed | None = value
    return seed


def _clock(option: str, value: Any, places: Sequence[Path]) -> datetime | str | None:
    if value is None or value == FROZEN:
        return FROZEN if value else None
    try:
        return parse_moment(value)
    except (TypeError, ValueError) as exc:
        wanted = f'a datetime, a text like "2026-03-01T12:00Z", or "{FROZEN}" for now'
        raise _refused(option, value, wanted) from exc


def _switch(option: str, value: Any, places: Sequence[Path]) -> bool:
    if not isinstance(value, bool):
        raise _refused(option, value, "True or False")
    return value


def _seconds(option: str, value: Any, places: Sequence[Path]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise _refused(option, value, "a number of seconds above 0")
    return float(value)


_CHECKS: dict[str, Callable[[str, Any, Sequence[Path]], Any]] = {
    "functions": _functions,
    "seed": _seed,
    "clock": _clock,
    "strict": _switch,
    "fresh": _switch,
    "timeout": _seconds,
}
