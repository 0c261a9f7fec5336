"""Telling: the one line that says what happened, for each kind of thing that does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...printable import clean
from .paint import Paint, Style

Entry = Mapping[str, Any]
"""What happened or was said, as `/_emulator/logs` tells it in JSON."""

_PLAIN_REQUEST = ("POST", "/")  # what a tick or an event calls with
_LONGEST = 300  # characters of a path
_FAILURES = {
    "timed out": "timed out",
    "load failed": "did not load",
    "crashed": "crashed",
    "refused": "was not run",
    "dropped": "was dropped",
}


class Telling:
    """Writes headings. `project` is the one whose functions go by their bare ids."""

    def __init__(self, paint: Paint, project: str) -> None:
        self._paint = paint
        self._project = project
        self._width = 0
        self._second = ("", "")

    def make_room(self, *functions: str) -> None:
        """Keep a column for functions with these names."""
        self._width = max(self._width, *map(len, functions), 0)

    def name(self, entry: Entry) -> str:
        """The function, with its project if that is another one."""
        id, project = str(entry["functionId"]), entry["project"]
        return id if project == self._project else f"{project}/{id}"

    def time(self, entry: Entry) -> str:
        """The time of day here."""
        time = entry["time"]
        if time[:19] != self._second[0]:
            local = datetime.fromisoformat(time).astimezone()
            self._second = time[:19], f"{local:%H:%M:%S}"
        return self._paint(self._second[1], "dim")

    def execution(self, entry: Entry) -> str:
        """How an execution ended, or what is known of one that goes on."""
        facts, paint = entry.get("facts") or {}, self._paint
        code, status = facts.get("responseStatusCode"), facts.get("status")
        duration, temperature = " " * 9, "    "
        if status:
            duration = seconds(facts["duration"]).rjust(9)
            is_cold = facts.get("cold")
            if is_cold is not None:
                temperature = paint("cold", "cyan") if is_cold else paint("warm", "dim")
        shown = paint(f"{code or '✗'!s:<3}", *_style(code)) if status else paint("…  ", "cyan")
        name = self.name(entry)
        self.make_room(name)
        head = f"{self.time(entry)}  {shown} {duration}  {temperature}"
        failure = _FAILURES.get(facts.get("outcome", ""), "")
        end = f"  {paint(failure, 'red')}" if failure else ""
        return f"{head}  {paint(f'{name:<{self._width}}', 'bold')}  {self._request(facts)}{end}"

    def _request(self, facts: Entry) -> str:
        """What called it, and with what."""
        trigger, event = facts.get("trigger", ""), clean(facts.get("event") or "")
        request = facts.get("method", ""), facts.get("path", "")
        line = clean(" ".join(request))
        line = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
        words = [self._paint(trigger, "dim")]
        if event:
            words.append(event)
        elif trigger == "http" or request != _PLAIN_REQUEST:
            words.append(line)
        if user := facts.get("userId"):
            words.append(self._paint(f"as {clean(user)}", "dim"))
        return " ".join(words)

    def build(self, entry: Entry) -> str:
        """How a build ended."""
        facts = entry["facts"]
        is_ready = facts["status"] == "ready"
        took = f"{facts.get('duration', 0)} s"  # whole ones, as Appwrite counts them
        if is_ready:
            return self._line(entry, "✓", f"built in {took}", "green")
        return self._line(entry, "✗", f"build {facts['status']} after {took}", "red")

    def reload(self, entry: Entry, place: str, *, was_broken: bool) -> str:
        """What came of a save; `place` is where its error lies, if that is known."""
        facts = entry["facts"]
        changed = files(facts)
        if facts["outcome"] == "broken":
            where = self._paint(place or changed, "bold")
            text = "does not load" if facts.get("built", True) else "does not build"
            return self._line(entry, "✗", f"{text}  {where}".rstrip(), "red")
        again = "live again" if was_broken else "live"
        if facts["outcome"] == "live":
            again += f" in {seconds(facts['seconds'])}"
        text = f"{self._paint(changed, 'dim')}  {self._paint(again, 'green')}"
        if facts.get("replaces"):
            text += self._paint("  in place of what was pushed", "yellow")
        return self._line(entry, "↻", text.lstrip(), "green")

    def project(self, entry: Entry) -> str:
        """What came of a change of the project file."""
        facts, file = entry.get("facts") or {}, clean(str(entry["projectFile"]))
        parts = file.split("/")
        is_guessed = facts.get("guessed")  # no such file: what lies in the folder says it
        name = f"{parts[-2] if is_guessed else parts[-1]}{'/' if is_guessed else ''}"
        if facts.get("outcome") == "broken":
            return self._line(entry, "✗", "cannot be used", "red", name)
        failed = facts.get("failed", {})
        told = [each for each in facts.get("functions", ()) if each not in failed]
        words = [f"{', '.join(told)} as it {'looks' if is_guessed else 'says'} now"] if told else []
        words += [f"{id} {self._paint('failed', 'red')}" for id in failed]
        words += [f"{id} is followed no longer" for id in facts.get("gone", ())]
        words = words or ["can be used again"]
        return self._line(entry, "↻", "; ".join(words), "red" if failed else "green", name)

    def note(self, entry: Entry) -> str:
        """Something to know."""
        return self._line(entry, "!", clean(entry["text"]), "yellow")

    def _line(self, entry: Entry, mark: str, text: str, style: Style, name: str = "") -> str:
        name = name or self.name(entry)
        shown = self._paint(f"{name:<{self._width}}", "bold")
        return f"{self.time(entry)}  {self._paint(mark, style)} {shown}  {text}"


def seconds(amount: float) -> str:
    """A duration in the unit in which one thinks of it."""
    if amount < 0.0095:
        return f"{amount * 1000:.1f} ms"
    if amount < 0.9995:
        return f"{amount * 1000:.0f} ms"
    return f"{amount:.2f} s" if amount < 10 else f"{amount:.1f} s"


def files(facts: Entry) -> str:
    """Which files have changed: one by its name, more by their number."""
    changed = facts.get("files", ())
    count = facts.get("count", len(changed))
    if count == 1 and changed:
        return clean(str(changed[0]))
    return f"{count} files" if count else ""


def _style(code: int | None) -> tuple[Style, ...]:
    if not code or code >= 500:
        return ("red", "bold")
    return ("yellow",) if code >= 400 else ("cyan",) if code >= 300 else ("green",)
