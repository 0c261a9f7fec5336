"""The view: from what happens to lines for people, whoever brings it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...printable import clean
from .acts import Act, Acts, Said, kind_of
from .paint import Paint, cut
from .places import Places
from .telling import Entry, Telling, files

LONG = 1.0
"""Seconds after which the output of an execution is no longer held back for its end."""

_SHORT = 0.3  # seconds in which a build or reload ends before one looks
_UPLOAD_PATIENCE = 30.0  # seconds without a chunk after which an upload is forgotten
_INDENT = " " * 10
# Steps of a trace through the language itself and the launcher, when code does not load.
_FOREIGN = re.compile(r"\s+at .*(\(|\s)(node:|/\S*/launcher\.)")
_BELOW = 3  # things under way that are shown
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TURN = 0.1  # seconds of a step of it


class View:
    """Collects what happens, and hands out lines: each thing when it ends, with what it said.

    `is_calm` while functions are deployed at the start, which is told of otherwise. `is_plain`:
    nothing can be shown below the lines, so that what takes long gets a line when it begins.
    """

    def __init__(
        self, paint: Paint, places: Places, telling: Telling, *, is_plain: bool = False
    ) -> None:
        self._paint = paint
        self._places = places
        self._telling = telling
        self._is_plain = is_plain
        self.is_calm = False
        self._acts = Acts()
        self._broken: set[tuple[str, str]] = set()
        self._failed: set[str] = set()  # functions whose build's log was shown
        self._speaker: Act | None = None  # whose output the last line is
        self._lines: list[str] = []

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way: then `lines` and `below` change by themselves."""
        return any(not act.is_vague for act in self._acts)

    def hear(self, entries: Sequence[Entry], dropped: int, now: float) -> None:
        """Take in what happened; `now` in monotonic seconds."""
        for entry in entries:
            kind = kind_of(entry)
            if entry["level"] == "ended" or (kind == "project" and "facts" in entry):
                self._end(kind, entry)
            elif entry["level"] == "note" and kind != "upload":
                self._put(self._telling.note(entry))
            else:
                self._note(entry, now)
        if dropped:
            self._acts.doubt()
            text = f"… {dropped:,} lines were dropped: they came faster than they could be shown"
            self._put(self._paint(text, "yellow"))

    def tell(self, entry: Entry, said: Iterable[Said]) -> None:
        """Tell of an execution that has ended long ago, with all that it said."""
        self._put(self._telling.execution(entry))
        self._say(said, entry)

    def lines(self, now: float) -> list[str]:
        """What there is to print now."""
        for act in list(self._acts):
            if now - act.began >= LONG:
                self._let_out(act, now)
            if kind_of(act.entry) == "upload" and now - act.began > _UPLOAD_PATIENCE:
                self._acts.forget(act)
        lines, self._lines = self._lines, []
        return lines

    def below(self, now: float, columns: int) -> list[str]:
        """What is under way, for the end of a screen of that width."""
        acts = [act for act in self._acts if self._is_worth_showing(act, now)]
        mark = self._paint(_SPINNER[int(now / _TURN) % len(_SPINNER)], "cyan")
        shown = [
            f"{mark} {self._paint(cut(self._progress(act, now), columns - 3), 'dim')}"
            for act in acts[:_BELOW]
        ]
        if len(acts) > _BELOW:
            shown.append(self._paint(f"  and {len(acts) - _BELOW} more", "dim"))
        return shown

    def _note(self, entry: Entry, now: float) -> None:
        """Something begins, goes on or says something."""
        act = self._acts.of(entry, now)
        if entry["level"] == "began":
            act.entry = entry
        elif "facts" in entry:
            act.progress = entry
        else:
            act.hear(entry, now)
        if entry["level"] != "began" and kind_of(act.entry) == "upload":
            act.began = now

    def _end(self, kind: str, entry: Entry) -> None:
        act = self._acts.end(entry)
        if kind == "execution":
            self._end_execution(entry, act)
        elif kind == "build" and not self._is_told_otherwise(entry):
            self._end_build(entry, act)
        elif kind == "reload":
            self._end_reload(entry)
        elif kind == "project":
            self._put(self._telling.project(entry))
            failed = entry["facts"].get("failed", {}).items()
            self._explain(entry, *(text for id, text in failed if id not in self._failed))
            self._failed.clear()

    def _end_execution(self, entry: Entry, act: Act | None) -> None:
        if act is not None and act is self._speaker:
            self._let_go(act)
        self._put(self._telling.execution(entry))
        if act is not None:
            self._let_go(act)
            self._say_how_many_more(act)

    def _end_build(self, entry: Entry, act: Act | None) -> None:
        self._put(self._telling.build(entry))
        if entry["facts"]["status"] == "failed" and act is not None:
            self._say((Said("error", said.text) for said in act.said if said.text), entry)
            self._failed.add(entry["functionId"])

    def _end_reload(self, entry: Entry) -> None:
        key = entry["project"], entry["functionId"]
        was_broken = key in self._broken
        if entry["facts"]["outcome"] == "unchanged" and not was_broken:
            return
        place = self._places.place(clean(entry["facts"].get("place") or ""))
        self._put(self._telling.reload(entry, place, was_broken=was_broken))
        if entry["facts"]["outcome"] == "broken":
            self._broken.add(key)
            self._explain(entry)
            self._put(_INDENT + self._paint("the old code goes on", "dim"))
        else:
            self._broken.discard(key)

    def _is_told_otherwise(self, entry: Entry) -> bool:
        """Whether a build is part of what will be told of as a whole."""
        return self.is_calm or self._acts.reload_of(entry) is not None

    def _explain(self, entry: Entry, *more: str) -> None:
        """The errors of something that went wrong, below it."""
        for error in (entry["facts"].get("error") or "", *more):
            for line in error.rstrip().split("\n") if error.strip() else ():
                if not _FOREIGN.match(line):
                    self._put(self._gutter("error") + self._own(line, entry))

    def _let_out(self, act: Act, now: float) -> None:
        """Show what an act has said so far, while it goes on; by turns with others that do."""
        if kind_of(act.entry) != "execution":
            if self._is_plain and act.shown_at is None and kind_of(act.entry) == "build":
                act.shown_at = now
                self._put(f"… {self._progress(act, now)}")
            return
        is_turn = act.shown_at is None or now - act.shown_at >= LONG
        if not act.said or not (is_turn or self._speaker is act):
            return
        if self._speaker is not act:
            act.shown_at = now
            self._put(self._telling.execution(act.entry))
        self._let_go(act)
        self._speaker = act

    def _let_go(self, act: Act) -> None:
        self._say(act.said, act.entry)
        act.said.clear()

    def _say(self, said: Iterable[Said], entry: Entry) -> None:
        for each in said:
            self._put(self._gutter(each.level) + self._own(each.text, entry))

    def _say_how_many_more(self, act: Act) -> None:
        if act.left_out:
            id = act.entry["executionId"]
            text = f"… {act.left_out:,} lines more: appwrite-emulator logs --execution {id}"
            self._put(_INDENT + self._paint(text, "yellow"))

    def _own(self, text: str, entry: Entry) -> str:
        return self._places.own(clean(text), entry["project"], entry["functionId"], "dim")

    def _gutter(self, level: str) -> str:
        return _INDENT + self._paint("│ ", "red" if level == "error" else "dim")

    def _is_worth_showing(self, act: Act, now: float) -> bool:
        kind, age = kind_of(act.entry), now - act.began
        if act.is_vague or (kind == "build" and self._acts.reload_of(act.entry)):
            return False
        return kind == "upload" or age >= (LONG if kind == "execution" else _SHORT)

    def _progress(self, act: Act, now: float) -> str:
        """How far something is, in a line without styles."""
        entry, name = act.entry, self._telling.name(act.entry)
        facts, took = entry.get("facts") or {}, f"{now - act.began:.0f} s"
        kind = kind_of(entry)
        if kind == "upload":
            return f"{name}  uploading  {_share(act.progress.get('facts') or facts)}"
        if kind == "execution":
            request = f"{facts.get('method', '')} {facts.get('path', '')}".strip()
            return clean(f"{name}  {request}  {took}")
        what, last = "building", act.last
        if kind == "reload":
            why = facts.get("build") or files(facts)
            what = f"{'building' if facts.get('build') else 'loading'}: {why}"
            build = self._acts.build_of(entry)
            last = build.last if build else ""
        return clean(f"{name}  {what}  {took}  {last.strip()}".rstrip())

    def _put(self, line: str) -> None:
        self._speaker = None
        self._lines.append(line)


def _share(facts: Entry) -> str:
    come, size = facts.get("received", 0), facts.get("size", 0)
    return f"{come / 1e6:.1f} of {size / 1e6:.1f} MB"
