"""Acts: what is under way, with what it has said and nobody was shown yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .telling import Entry

_MOST_LINES = 1000  # of an execution that are shown; what comes after them is counted
_MORE_LINES = 200  # that are shown beside them for each second that it takes
_TAIL = 12  # lines of a build that failed
_MOST_ACTS = 500
_IDS = {"executionId": "execution", "deploymentId": "build", "projectFile": "project"}

Key = tuple[Any, ...]


def kind_of(entry: Entry) -> str:
    """Of what an entry tells: lines name it by their id alone."""
    return (
        str(entry["kind"]) if "kind" in entry else next(_IDS[key] for key in _IDS if key in entry)
    )


def key_of(entry: Entry) -> Key:
    """Which thing under way an entry is of: a function is reloaded once at a time."""
    kind = kind_of(entry)
    id = "" if kind == "reload" else next(entry[key] for key in _IDS if key in entry)
    return kind, entry["project"], entry["functionId"], id


@dataclass(slots=True)
class Said:
    """A line of output that was not shown yet."""

    level: str
    text: str


@dataclass(slots=True)
class Act:
    """One thing under way."""

    entry: Entry  # that told of its beginning, or the first one that was heard
    began: float  # in monotonic seconds
    said: deque[Said] = field(default_factory=deque)
    lines: int = 0  # that were said and not left out
    left_out: int = 0  # lines that were too many
    last: str = ""  # line that was said
    progress: Entry = field(default_factory=dict)
    shown_at: float | None = None  # when it had its heading last; None: it had none
    is_vague: bool = False  # its end may have been missed

    def hear(self, entry: Entry, now: float) -> None:
        """Keep what was said: of executions the beginning, of builds the end."""
        is_build = kind_of(self.entry) != "execution"
        most = _MOST_LINES + _MORE_LINES * (now - self.began)
        for line in entry["text"].removesuffix("\n").split("\n"):
            if is_build:
                self._keep_end(Said(entry["level"], line.rstrip("\r").rpartition("\r")[2]))
            elif self.lines < most:
                self.said.append(Said(entry["level"], line.rstrip("\r")))
                self.lines += 1
            else:
                self.left_out += 1

    def _keep_end(self, said: Said) -> None:
        """Of a log the last lines, and of a bar that runs, where it has come to."""
        if len(self.said) >= _TAIL:
            self.said.popleft()
        self.said.append(said)
        self.last = said.text if said.text.strip() else self.last


class Acts:
    """All that is under way, in the order in which it was heard of; the oldest are forgotten."""

    def __init__(self) -> None:
        self._acts: dict[Key, Act] = {}

    def __iter__(self) -> Iterator[Act]:
        return iter(self._acts.values())

    def __bool__(self) -> bool:
        return bool(self._acts)

    def of(self, entry: Entry, now: float) -> Act:
        """The act that an entry is of, begun now if it is not known."""
        key = key_of(entry)
        if (act := self._acts.get(key)) is None:
            while len(self._acts) >= _MOST_ACTS:
                del self._acts[next(iter(self._acts))]
            act = self._acts[key] = Act(entry, now)
        return act

    def reload_of(self, entry: Entry) -> Act | None:
        """The reload under way of the function that an entry names."""
        return self._acts.get(("reload", entry["project"], entry["functionId"], ""))

    def build_of(self, entry: Entry) -> Act | None:
        """The build under way of that function."""
        place = ("build", entry["project"], entry["functionId"])
        return next((act for key, act in self._acts.items() if key[:3] == place), None)

    def end(self, entry: Entry) -> Act | None:
        """The act that an entry ends, if its beginning was heard; no longer under way."""
        return self._acts.pop(key_of(entry), None)

    def forget(self, act: Act) -> None:
        """Expect no end of it any more."""
        self._acts.pop(key_of(act.entry), None)

    def doubt(self) -> None:
        """Entries were lost: an end may be among them."""
        for act in self:
            act.is_vague = True
