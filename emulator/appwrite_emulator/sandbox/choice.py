"""Which rung of confinement this machine gives, and what to say about it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from . import probe
from .command import Sandbox
from .limits import LimitsSandbox
from .off import OffSandbox
from .report import Containment, Report

Mode = Literal["auto", "require", "off"]
_NOBODY = (65534, 65534)


class SandboxMissing(Exception):
    """This machine gives no sandbox that contains files and processes."""


@dataclass(frozen=True, slots=True)
class Probes:
    """The three questions that decide; each answers by trying."""

    bwrap: Callable[[], str | None] = probe.bwrap
    landlock: Callable[[], int] = probe.landlock
    is_root: Callable[[], bool] = probe.is_root


def choose(mode: Mode = "auto", *, probes: Probes | None = None) -> Sandbox:
    """The best rung there is.

    `off` lifts every limit. `require` raises SandboxMissing, with the reasons, when files and
    processes of the user cannot be kept from user code.
    """
    if mode == "off":
        return OffSandbox(Report(rung="off", reasons=lambda: ("switched off",)))
    sandbox = _limits(probes or Probes())
    if mode == "require" and not _contains(sandbox.report):
        raise SandboxMissing(
            " | ".join([f"{SandboxMissing.__doc__} {sandbox.report.line}", *sandbox.report.why])
        )
    return sandbox


def _contains(report: Report) -> bool:
    return report.files is Containment.YES and report.signals is Containment.YES


def _limits(probes: Probes) -> LimitsSandbox:
    owner = _NOBODY if probes.is_root() else None
    permissions = Containment.NO if owner is None else Containment.PARTLY
    watched = sys.platform == "linux"
    report = Report(
        rung="limits",
        files=permissions,
        signals=permissions,
        pids=Containment.YES if watched else Containment.PARTLY,
        memory="watcher" if watched else "none",
        uid=None if owner is None else owner[0],
        reasons=cache(lambda: tuple(_reasons(probes))),
    )
    return LimitsSandbox(report, owner)


def _reasons(probes: Probes) -> list[str]:
    refusal, version = probes.bwrap(), probes.landlock()
    return [
        refusal or "bwrap: works here, not used by this version",
        f"landlock: ABI {version}, not used by this version" if version else "landlock: none",
    ]
