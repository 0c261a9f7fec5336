"""The findings of one area: lines for people, facts for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Mark(StrEnum):
    """How a line is meant."""

    GOOD = "good"
    NOTE = "note"  # worth knowing; the emulator works all the same
    BAD = "bad"  # `start` with these options would fail


@dataclass(frozen=True, slots=True)
class Line:
    """One finding, and below it what to know or to do."""

    mark: Mark
    text: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One area. `key` names its facts in JSON and does not change."""

    key: str
    title: str
    lines: tuple[Line, ...]
    facts: Mapping[str, Any] | list[Any]


def problems(parts: tuple[Part, ...]) -> list[str]:
    """What is broken, each with its area."""
    bad = [(part, line) for part in parts for line in part.lines if line.mark is Mark.BAD]
    return [f"{part.title}: {line.text}. {line.more}".rstrip(" .") + "." for part, line in bad]
