"""What the chosen rung contains, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class Containment(StrEnum):
    """How far one kind of reach is taken from user code."""

    NO = "no"
    PARTLY = "partly"  # a back stop or plain file permissions, not a wall
    YES = "yes"


_GLYPHS = {Containment.NO: "✗", Containment.PARTLY: "~", Containment.YES: "✓"}
_JSON = {Containment.NO: False, Containment.PARTLY: "partly", Containment.YES: True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a rung keeps user code from; `reasons` find out what held back the rungs above it."""

    rung: str
    files: Containment = Containment.NO  # reading and writing what is not the function's
    signals: Containment = Containment.NO  # signalling and inspecting other processes
    pids: Containment = Containment.NO  # making processes without end, or outliving the call
    net: Literal["open", "api-only", "off"] = "open"
    memory: Literal["none", "watcher"] = "none"
    uid: int | None = None  # the unprivileged user that functions run as, None: ours
    reasons: Callable[[], tuple[str, ...]] = tuple

    @property
    def why(self) -> tuple[str, ...]:
        """What held back the rungs above; it is found out when somebody asks. Blocking."""
        return self.reasons()

    @property
    def line(self) -> str:
        """What is contained, in one line for the start of a session."""
        marks = {"files": self.files, "signals": self.signals, "processes": self.pids}
        words = [f"{name} {_GLYPHS[mark]}" for name, mark in marks.items()]
        words.append(f"memory {'✗' if self.memory == 'none' else '✓'}")
        words.append(f"network {self.net}")
        if self.uid is not None:
            words.append(f"user {self.uid}")
        return f"sandbox: {self.rung} — {' '.join(words)}"

    def to_json(self) -> dict[str, Any]:
        """The same for programs; a reach is true (contained), "partly" or false."""
        return {
            "rung": self.rung,
            "files": _JSON[self.files],
            "signals": _JSON[self.signals],
            "pids": _JSON[self.pids],
            "net": self.net,
            "memory": self.memory,
            "uid": self.uid,
            "why": list(self.why),
        }
