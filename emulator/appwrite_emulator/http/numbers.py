"""Numbers of which only some are meant, such as the statuses of a redirect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .validators import WhiteList


@dataclass(frozen=True, slots=True)
class NumberOf:
    """One of some whole numbers, also as a text; cleaned to a number."""

    values: Sequence[int]

    @property
    def text(self) -> str:
        return WhiteList(tuple(map(str, self.values))).text

    def clean(self, value: Any) -> int:
        for number in self.values:
            if str(value) == str(number):
                return number
        raise ValueError(self.text)
