"""How one language differs: its `conformance.toml`, and the cases that follow from it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from .case import Case, Expect, read_case, read_expect
from .endings import NO_EXPORT
from .table import CASES, PROGRAMS

FILE = "conformance.toml"
_KEYS = {"entrypoints", "no_export", "interleaves", "missing", "differences", "cases", "programs"}
_UNKNOWN = Expect(status=500, body="", errors_have=("Unknown action",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A language's conformance function and where the contract lets it differ.

    `missing` are actions and programs that the language cannot have, `differences` whole
    expectations in place of the usual ones; each has a reason.
    """

    folder: Path
    entrypoints: tuple[str, ...]
    no_export: str = ""  # a file that loads and offers no function, if there can be one
    interleaves: bool = False  # executions in one process may overlap
    missing: Mapping[str, str] = field(default_factory=dict)
    differences: Mapping[str, Expect] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    programs: tuple[Case, ...] = ()

    def all_cases(self) -> Iterator[Case]:
        """What each entrypoint is asked: the shared cases as this language answers, its own."""
        for case in CASES:
            if case.request.action in self.missing:
                yield replace(case, expect=_UNKNOWN)
            else:
                yield self._differing(case)
        yield from self.cases

    def all_programs(self) -> Iterator[Case]:
        """Cases that are not about the conformance function itself."""
        for case in PROGRAMS:
            if case.entrypoint != NO_EXPORT:
                yield self._differing(replace(case, files={}))
            elif self.no_export:
                yield self._differing(replace(case, entrypoint=self.no_export))
        yield from self.programs

    def _differing(self, case: Case) -> Case:
        return replace(case, expect=self.differences.get(case.name, case.expect))


def read_profile(folder: Path) -> Profile:
    """The profile in `folder`. Raises ValueError when it says something that nobody reads."""
    given = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    if unknown := given.keys() - _KEYS:
        raise ValueError(f"{folder / FILE}: unknown keys: {', '.join(sorted(unknown))}")
    differences = {name: dict(rows) for name, rows in given.get("differences", {}).items()}
    reasons = {name: str(rows.pop("reason", "")) for name, rows in differences.items()}
    return Profile(
        folder=folder,
        entrypoints=tuple(given["entrypoints"]),
        no_export=given.get("no_export", ""),
        interleaves=given.get("interleaves", False),
        missing=given.get("missing", {}),
        differences={name: read_expect(rows) for name, rows in differences.items()},
        reasons=reasons,
        cases=tuple(read_case(rows) for rows in given.get("cases", ())),
        programs=tuple(read_case(rows) for rows in given.get("programs", ())),
    )
