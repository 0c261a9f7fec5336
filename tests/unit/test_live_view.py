"""The live view: what happens, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator.cli.live.paint import Paint, cut
from appwrite_emulator.cli.live.places import Places
from appwrite_emulator.cli.live.telling import Telling, seconds
from appwrite_emulator.cli.live.view import View
from appwrite_emulator.printable import clean

TIME = "2026-01-31T09:30:00.000+00:00"
RUN = {"time": TIME, "project": "p", "functionId": "f", "executionId": "e"}
BUILD = {"time": TIME, "project": "p", "functionId": "f", "deploymentId": "d"}
CALL = {"trigger": "http", "event": "", "userId": "", "method": "GET", "path": "/a"}
_CHANGED = {
    "outcome": "live",
    "functions": ["a", "b"],
    "failed": {"b": "no such runtime"},
    "gone": ["c"],
}
END = {"status": "completed", "responseStatusCode": 200, "duration": 0.0123, "cold": False}


@pytest.fixture(autouse=True)
def _times_are_in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def view() -> View:
    return a_view()


def a_view(folder: Path | None = None, *, is_plain: bool = True, here: str = "/") -> View:
    paint = Paint()
    places = Places(Path("/state/builds"), lambda project, id: folder, Path(here), paint)
    return View(paint, places, Telling(paint, "p"), is_plain=is_plain)


def began(**more: Any) -> dict[str, Any]:
    return {**RUN, "level": "began", "text": "", "kind": "execution", "facts": CALL, **more}


def ended(*, run: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
    facts = {**CALL, "outcome": "answered", **END, **facts}
    return {**(run or RUN), "level": "ended", "text": "", "kind": "execution", "facts": facts}


def said(text: str, level: str = "log", run: dict[str, Any] | None = None) -> dict[str, Any]:
    return {**(run or RUN), "level": level, "text": text}


def built(level: str, *, kind: str = "build", **facts: Any) -> dict[str, Any]:
    return {**BUILD, "level": level, "text": "", "kind": kind, "facts": facts}


def shown(view: View, *entries: dict[str, Any], now: float = 0.0, dropped: int = 0) -> list[str]:
    view.hear(entries, dropped, now)
    return view.lines(now)


def test_an_execution_is_one_line_when_it_ends_with_what_it_said_below(view: View) -> None:
    assert shown(view, began(), said("hello\nthere\n"), said("oh no", "error")) == []
    assert view.is_busy
    assert shown(view, ended()) == [
        "09:30:00  200     12 ms  warm  f  http GET /a",
        "          │ hello",
        "          │ there",
        "          │ oh no",
    ]
    assert not view.is_busy


def test_what_called_it_is_told(view: View) -> None:
    tick = ended(trigger="schedule", method="POST", path="/")
    event = ended(trigger="event", event="users.ann.create", userId="ann")
    other = ended(run={**RUN, "project": "q"}, cold=True, userId="bob")
    lines = shown(view, tick, event, other)
    assert [line[30:].strip() for line in lines] == [
        "f  schedule",
        "f  event users.ann.create as ann",
        "q/f  http GET /a as bob",
    ]
    assert "cold" in lines[-1]


def test_how_it_failed_is_told(view: View) -> None:
    lines = shown(
        view,
        ended(outcome="timed out", responseStatusCode=500, status="failed", duration=15.01),
        ended(outcome="refused", responseStatusCode=0, status="failed"),
    )
    assert lines[0].endswith("http GET /a  timed out")
    assert lines[0].startswith("09:30:00  500    15.0 s  ")
    assert lines[1].startswith("09:30:00  ✗  ")
    assert lines[1].endswith("was not run")


def test_what_takes_long_is_shown_as_it_comes(view: View) -> None:
    assert shown(view, began(), said("one"), now=0.5) == []
    assert shown(view, now=1.5) == [
        "09:30:00  …                    f  http GET /a",
        "          │ one",
    ]
    assert shown(view, said("two"), now=1.6) == ["          │ two"]
    assert shown(view, said("three"), ended(duration=1.7), now=1.7) == [
        "          │ three",
        "09:30:00  200    1.70 s  warm  f  http GET /a",
    ]


def test_two_that_take_long_do_not_mix_their_lines(view: View) -> None:
    other = {**RUN, "functionId": "g", "executionId": "o"}
    shown(view, began(), began(**other), said("one"), said("uno", run=other))
    first = shown(view, now=1.0)
    assert [line.split()[-1] for line in first] == ["/a", "one", "/a", "uno"]
    assert shown(view, said("two"), now=1.1) == [], "it has to wait for its turn"
    assert shown(view, said("dos", run=other), now=1.2) == ["          │ dos"]
    assert [line.split()[-1] for line in shown(view, now=2.1)] == ["/a", "two"]


def test_a_flood_of_lines_is_cut_and_counted(view: View) -> None:
    lines = shown(view, began(), *[said("x")] * 5000, ended(), dropped=7)
    assert len(lines) == 1 + 1000 + 1 + 1
    assert lines[-2] == "          … 4,000 lines more: appwrite-emulator logs --execution e"
    assert lines[-1] == "… 7 lines were dropped: they came faster than they could be shown"


def test_what_may_have_ended_unheard_is_waited_for_no_more(view: View) -> None:
    shown(view, began(), dropped=1)
    assert not view.is_busy
    assert view.below(9.0, 80) == []
    assert shown(view, ended())[0].endswith("/a")


def test_builds_are_told_of_when_they_end_and_why_they_failed(view: View) -> None:
    log = {**BUILD, "level": "build", "text": "\n".join(f"line {n}" for n in range(20))}
    assert shown(view, built("began", status="processing"), log) == []
    lines = shown(view, built("ended", status="failed", duration=3))
    assert lines[0] == "09:30:00  ✗ f  build failed after 3 s"
    assert [line.split("│ ")[1] for line in lines[1:]] == [f"line {n}" for n in range(8, 20)]
    assert shown(view, built("ended", status="ready", duration=2)) == [
        "09:30:00  ✓ f  built in 2 s"
    ]


def test_where_nothing_can_move_a_long_build_is_told_of_once(view: View) -> None:
    shown(view, built("began", status="processing"), {**BUILD, "level": "build", "text": "npm ci"})
    assert shown(view, now=1.0) == ["… f  building  1 s  npm ci"]
    assert shown(view, now=2.0) == []


def test_what_is_under_way_is_shown_below_the_lines(tmp_path: Path) -> None:
    view = a_view(is_plain=False)
    log = {**BUILD, "level": "build", "text": "10 %\r\x1b[32m90 %"}
    size = {"received": 5_000_000, "size": 20_000_000}
    shown(view, began(), built("began", status="processing"), log, now=0.0)
    shown(view, built("note", kind="upload", **size), now=2.0)
    assert [line[2:] for line in view.below(2.0, 80)] == [
        "f  GET /a  2 s",
        "f  building  2 s  90 %",
        "f  uploading  5.0 of 20.0 MB",
    ]
    assert all(len(line) < 20 for line in view.below(2.0, 20))
    assert view.below(0.1, 80)[0].endswith("MB"), "the others may end before one looks"
    view.lines(100.0)
    shown(view, ended(), built("ended", status="ready", duration=1))
    assert not view.is_busy, "an upload without an end is forgotten"


def test_a_save_is_told_of_in_a_line() -> None:
    view = a_view(is_plain=False)
    shown(
        view, built("began", kind="reload", files=["a.js"], count=1, build="package.json changed")
    )
    log = {**BUILD, "level": "build", "text": "added 3 packages"}
    shown(view, built("began", status="processing"), log)
    (below,) = view.below(1.0, 80)
    assert below[2:] == "f  building: package.json changed  1 s  added 3 packages"
    told = built("ended", kind="reload", outcome="live", seconds=0.034, files=["a.js", "b.js"])
    assert shown(view, built("ended", status="ready", duration=1), told) == [
        "09:30:00  ↻ f  2 files  live in 34 ms"
    ]
    unchanged = built("ended", kind="reload", outcome="unchanged", seconds=0.001, files=[])
    assert shown(view, unchanged) == []


def test_a_broken_save_says_where_and_that_the_old_code_goes_on(tmp_path: Path) -> None:
    (tmp_path / "main.js").touch()
    view = a_view(tmp_path, here=str(tmp_path))
    facts = {
        "outcome": "broken",
        "seconds": 0.1,
        "files": ["main.js"],
        "place": f"{tmp_path}/main.js:3",
    }
    error = (
        f"{tmp_path}/main.js:3\nSyntaxError: Unexpected token\n"
        "    at compile (node:internal/modules/esm:1:2)\n    at load (/opt/node/launcher.cjs:1:2)\n"
    )
    assert shown(view, built("ended", kind="reload", error=error, **facts)) == [
        "09:30:00  ✗ f  does not load  main.js:3",
        "          │ main.js:3",
        "          │ SyntaxError: Unexpected token",
        "          the old code goes on",
    ]
    unbuilt = built("ended", kind="reload", built=False, **facts)
    assert shown(view, unbuilt)[0] == "09:30:00  ✗ f  does not build  main.js:3"
    (again,) = shown(
        view, built("ended", kind="reload", outcome="live", seconds=0.03, files=["main.js"])
    )
    assert again.endswith("main.js  live again in 30 ms")


def test_changes_of_the_project_file_and_notes_are_told(view: View) -> None:
    file = {"time": TIME, "project": "p", "functionId": "", "projectFile": "/x/appwrite.json"}
    base = {**file, "level": "ended", "kind": "project", "text": "changed"}
    assert shown(
        view,
        {**base, "facts": _CHANGED},
        {**base, "facts": {"outcome": "broken", "error": "no comma"}},
        {**base, "facts": {"outcome": "live"}},
        {**base, "facts": {"outcome": "live", "functions": ["a"], "guessed": True}},
        built("note", kind="reload", about="pushed") | {"text": "was pushed"},
    ) == [
        "09:30:00  ↻ appwrite.json  a as it says now; b failed; c is followed no longer",
        "          │ no such runtime",
        "09:30:00  ✗ appwrite.json  cannot be used",
        "          │ no comma",
        "09:30:00  ↻ appwrite.json  can be used again",
        "09:30:00  ↻ x/  a as it looks now",
        "09:30:00  ! f  was pushed",
    ]


def test_traces_name_the_files_of_the_developer(tmp_path: Path) -> None:
    for name in ("main.mjs", "main.py"):
        (tmp_path / "functions" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "functions" / name).touch()
    view = a_view(tmp_path / "functions", here=str(tmp_path))
    built_at = "/state/builds/0a1b/src/function"
    lines = shown(
        view,
        began(),
        said(f"    at total (file://{built_at}/main.mjs:12:25)", "error"),
        said(f'  File "{built_at}/main.py", line 7, in main', "error"),
        said(f"    at {built_at}/node_modules/x/index.js:1:2", "error"),
        ended(),
    )
    assert [line.split("│ ")[1].strip() for line in lines[1:]] == [
        "at total (functions/main.mjs:12:25)",
        'File "functions/main.py", line 7, in main',
        f"at {built_at}/node_modules/x/index.js:1:2",
    ], "what only the build has keeps its path"


def test_output_cannot_move_the_cursor_nor_name_the_window() -> None:
    evil = "\x1b]0;title\x07\x1b[31mred\x1b[0m\x1b[2J\r\x9b1A\u202etxt\ttab"
    assert clean(evil) == "␛]0;title␇red␛[2J␍\ufffd1A\ufffdtxt\ttab"
    assert clean("plain é 漢") == "plain é 漢"


def test_what_is_wide_is_cut_by_the_cells_it_takes() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
    assert cut("漢字", 4) == "漢字"
    assert cut("漢字a", 4) == "漢…"


def test_colours_are_only_for_those_who_show_them() -> None:
    assert Paint()("x", "red") == "x"
    assert Paint(has_colours=True)("x", "red", "bold") == "\x1b[31;1mx\x1b[0m"
    link = Paint(has_links=True).link("a.js:3", Path("/x/a b.js"))
    assert link == "\x1b]8;;file:///x/a%20b.js\x1b\\a.js:3\x1b]8;;\x1b\\"


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0.0004, "0.4 ms"), (0.0123, "12 ms"), (0.9996, "1.00 s"), (5, "5.00 s"), (61.04, "61.0 s")],
)
def test_durations_are_in_the_unit_one_thinks_of(amount: float, text: str) -> None:
    assert seconds(amount) == text
