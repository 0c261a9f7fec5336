"""Live logs: whole lines to whoever listens, and a slow listener that holds up nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import anyio
import pytest

from appwrite_emulator.clock import ManualClock
from appwrite_emulator.execution.logs import LogLine
from appwrite_emulator.http.control_logs import Page, as_json
from appwrite_emulator.services.live_logs import (
    Listener,
    LiveLogs,
    LogEntry,
    Voice,
    Wanted,
    growth,
)
from appwrite_emulator.services.under_way import Work, WorkKind

RUN = Work(WorkKind.EXECUTION, "p", "f", "e")
BUILD = Work(WorkKind.BUILD, "p", "f", "d")
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
TIME = "2026-01-31T09:30:00.000+00:00"


@pytest.fixture
def live() -> LiveLogs:
    return LiveLogs(ManualClock(datetime(2026, 1, 31, 9, 30, tzinfo=UTC)))


async def _texts(listener: Listener) -> list[tuple[str, str]]:
    heard = await listener.next()
    assert heard is not None
    return [(entry.level, entry.text) for entry in heard[0]]


async def test_messages_are_told_whole_and_printed_chunks_as_lines(live: LiveLogs) -> None:
    voice = Voice(live, RUN)
    with live.listening(Wanted()) as listener:
        voice.say(LogLine("native", "one\r\ntw", is_part=True))
        voice.say(LogLine("log", "a\nb"))
        voice.say(LogLine("native", "o\nthr", is_part=True))
        voice.end()
        assert await _texts(listener) == [
            ("native", "one"),
            ("log", "a\nb"),
            ("native", "two"),
            ("native", "thr"),
        ]


async def test_a_line_without_end_is_told_in_pieces(live: LiveLogs) -> None:
    voice = Voice(live, RUN)
    with live.listening(Wanted()) as listener:
        voice.chunk("native", "x" * 20_000)
        voice.chunk("native", "y")
        voice.end()
        assert [len(text) for _, text in await _texts(listener)] == [20_000, 1]


async def test_listeners_hear_what_they_want_from_when_they_listen(live: LiveLogs) -> None:
    live.tell(RUN, "log", "before")
    others = [RUN._replace(project="q"), RUN._replace(function_id="g"), RUN._replace(id="x"), BUILD]
    with (
        live.listening(Wanted("p", "f")) as of_function,
        live.listening(Wanted(execution_id="e")) as of_execution,
    ):
        for work in (RUN, *others):
            live.tell(work, "log", f"{work.project}{work.function_id}{work.id}")
        assert await _texts(of_function) == [("log", "pfe"), ("log", "pfx"), ("log", "pfd")]
        assert await _texts(of_execution) == [("log", "pfe"), ("log", "qfe"), ("log", "pge")]
    assert len(live) == 0


async def test_what_has_no_room_is_counted_and_then_it_goes_on() -> None:
    listener = Listener(Wanted(), room=250)
    for number in range(5):
        listener.hear(LogEntry(NOW, RUN, "log", str(number)))
    heard = await listener.next()
    assert heard is not None
    assert ([entry.text for entry in heard[0]], heard[1]) == (["0", "1"], 3)
    listener.hear(LogEntry(NOW, RUN, "log", "later"))
    assert await _texts(listener) == [("log", "later")]


async def test_one_line_larger_than_the_room_is_told() -> None:
    listener = Listener(Wanted(), room=10)
    listener.hear(LogEntry(NOW, RUN, "log", "x" * 1000))
    assert len((await _texts(listener))[0][1]) == 1000


async def test_closing_ends_those_who_wait_and_those_who_come_later(live: LiveLogs) -> None:
    ends: list[object] = []

    async def follow(listener: Listener) -> None:
        while (heard := await listener.next()) is not None:
            ends.append(heard[0][0].text)
        ends.append(None)

    with live.listening(Wanted()) as listener:
        async with anyio.create_task_group() as group:
            group.start_soon(follow, listener)
            await anyio.wait_all_tasks_blocked()
            live.tell(RUN, "log", "last")
            live.close()
    assert ends == ["last", None]
    with live.listening(Wanted()) as late:
        assert await late.next() is None


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ("", "a", "a"),
        ("ab", "abc", "c"),
        ("ab", "ab", ""),
        ("0123" * 500, "0123" * 400 + "new", "new"),
        ("abc", "something else", "something else"),
    ],
)
def test_what_a_log_grew_by_is_found(before: str, after: str, more: str) -> None:
    assert growth(before, after) == more


def test_json_lines_name_execution_or_deployment() -> None:
    entries = [LogEntry(NOW, RUN, "log", "hi"), LogEntry(NOW, BUILD, "build", "é")]
    assert as_json(entries, 7).decode().splitlines() == [
        f'{{"time":"{TIME}","project":"p","functionId":"f","executionId":"e","level":"log",'
        '"text":"hi"}',
        f'{{"time":"{TIME}","project":"p","functionId":"f","deploymentId":"d","level":"build",'
        '"text":"é"}',
        '{"dropped":7}',
    ]


def test_people_get_a_heading_for_each_speaker() -> None:
    page = Page()
    entries = [
        LogEntry(NOW, RUN, "log", "one\ntwo"),
        LogEntry(NOW, RUN, "error", "three"),
        LogEntry(NOW, BUILD, "build", "four"),
    ]
    assert page.write(entries, 0).decode().splitlines() == [
        "==> p/f execution e",
        "09:30:00.000 log    one",
        "                    two",
        "09:30:00.000 error  three",
        "==> p/f build d",
        "09:30:00.000 build  four",
    ]
    assert page.write(entries[2:], 1234).decode().splitlines() == [
        "09:30:00.000 build  four",
        "... 1,234 lines dropped: they came faster than they were read",
    ]
