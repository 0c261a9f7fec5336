"""Remains: what calls have left behind in a worker, its folders and its processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .premises import Litter


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What there was of one worker when it was looked after."""

    key: str  # of its target
    pending: Mapping[str, int] = field(default_factory=dict)  # of user code, by kind
    processes: tuple[str, ...] = ()  # command lines
    files: tuple[Litter, ...] = ()
    broken: tuple[str, ...] = ()  # what it had when it was loaded, and has changed
    is_mute: bool = False  # it can say what is pending, and did not

    @property
    def is_over(self) -> bool:
        """Whether the worker had to be ended for it."""
        return bool(self.pending or self.processes or self.broken or self.is_mute)

    def __bool__(self) -> bool:
        return self.is_over or bool(self.files)
