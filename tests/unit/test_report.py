"""What the commands tell about functions."""

from __future__ import annotations

import click

from appwrite_emulator.cli.report import execution_lines, said


def test_why_an_execution_failed_is_told_without_empty_lines_at_its_end() -> None:
    ended = {"$id": "e", "functionId": "f", "status": "failed", "duration": 0.0123}
    lines = execution_lines({**ended, "errors": "Traceback\n  File\n\nNo good\n\n"}, width=3)
    assert [click.unstyle(line) for line in lines] == [
        "✗ f    failed in 0.012 s",
        "    Traceback",
        "      File",
        "    ",
        "    No good",
    ]


def test_what_was_said_can_do_nothing_to_the_terminal() -> None:
    told = [*said("\x1b[31mred\x1b[0m \x1b[2J\x9b2J\r\nbar\x85 50 %\r\x07\n\n")]
    assert told == ["red ␛[2J�2J", "bar� 50 %␍␇"]
    assert [*said(" \n")] == []


def test_an_execution_that_nobody_waits_for_is_told_by_its_id() -> None:
    assert list(execution_lines({"$id": "e", "functionId": "f"})) == ["f  execution e"]
    assert list(execution_lines({"$id": "e", "functionId": "f", "status": "waiting"})) == [
        "f  execution e"
    ]
