"""Baselines: what tests begin with, made once for all that want the same."""

from __future__ import annotations

from typing import NamedTuple

from ..services.control import Snapshot

_MOST = 64


class Baseline(NamedTuple):
    """Rows that some tests begin with, and the rows on top of which they were made."""

    wanted: tuple[object, ...]
    under: Snapshot
    rows: Snapshot


class Baselines:
    """The baselines of a session, the last used last."""

    def __init__(self) -> None:
        self._kept: list[Baseline] = []

    def find(self, wanted: tuple[object, ...], now: Snapshot) -> Snapshot | None:
        """The rows for `wanted`, made when all else was as it is `now`.

        What has changed since beneath them, such as a user that a fixture of the session has made,
        would be lost with them.
        """
        for each in self._kept:
            if each.wanted == wanted and each.under.rows == now.rows:
                self._kept = [*(other for other in self._kept if other is not each), each]
                return each.rows
        return None

    def add(self, baseline: Baseline) -> list[Snapshot]:
        """Keep it; the snapshots that nobody needs any more."""
        old = [each for each in self._kept if each.wanted == baseline.wanted]
        kept = [each for each in self._kept if each.wanted != baseline.wanted]
        old += kept[: len(kept) - _MOST + 1] if len(kept) >= _MOST else []
        self._kept = [*kept[-(_MOST - 1) :], baseline]
        return [each.rows for each in old]

    def drop(self) -> list[Snapshot]:
        """Keep none; the snapshots there were."""
        kept, self._kept = self._kept, []
        return [each.rows for each in kept]
