"""The screen: lines that stay, what stands below them, and a terminal that is held."""

from __future__ import annotations

import io
import os
import pty
import tty
from collections.abc import Callable, Iterator
from typing import TextIO

import anyio
import pytest

from appwrite_emulator.cli.live.screen import Screen
from appwrite_emulator.cli.live.terminal import Terminal


class Master:
    """The other end of a terminal."""

    def __init__(self) -> None:
        self.file, slave = pty.openpty()
        tty.setraw(slave)
        self.stream: TextIO = open(slave, "w", encoding="utf-8")  # noqa: SIM115 - closed below

    def read(self, until: str) -> str:
        text = ""
        while until not in text:
            text += os.read(self.file, 65536).decode()
        return text


@pytest.fixture
def master() -> Iterator[Master]:
    master = Master()
    yield master
    os.close(master.file)
    master.stream.close()


async def test_what_is_below_goes_away_before_lines_and_comes_back(master: Master) -> None:
    with Screen(master.stream, is_live=True) as screen:
        screen.print(["one"])
        await screen.ready()
        screen.below(["working", "too"])
        await screen.ready()
        screen.print(["two"])
        await screen.ready()
        screen.below(["working", "too"])
        screen.below(())
        screen.print(["end"])
        await screen.ready()
    below = "working\ntoo\x1b[1A\r"
    erase = "\r\x1b[J"
    expected = f"{erase}one\n{below}{erase}two\n{below}{erase}{erase}end\n"
    assert master.read("end\n") == expected


async def test_where_nothing_can_move_there_are_only_lines(master: Master) -> None:
    with Screen(master.stream, is_live=False) as screen:
        screen.below(["working"])
        screen.print(["one", "two"])
        await screen.ready()
        assert screen.write("said elsewhere\n") == 15
    assert master.read("elsewhere\n") == "one\ntwo\nsaid elsewhere\n"


async def test_a_terminal_that_is_held_holds_up_nobody(master: Master) -> None:
    began = anyio.current_time()
    with Screen(master.stream, is_live=True) as screen:
        screen.print(["x" * 1_000_000])  # nobody reads: the thread waits
        with anyio.move_on_after(0.05) as scope:
            await screen.ready()
        assert scope.cancelled_caught
        screen.below(["skipped while it is held"])
    assert anyio.current_time() - began < 10


async def test_who_no_longer_reads_is_noticed() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with (
        os.fdopen(writer, "w", encoding="utf-8") as stream,
        Screen(stream, is_live=False) as screen,
    ):
        screen.print(["lost"])
        await screen.ready()
        assert screen.is_lost
        screen.print(["nobody waits for this"])
        await screen.ready()


def _terminal(isatty: bool) -> TextIO:
    stream = io.StringIO()
    answer: Callable[[], bool] = lambda: isatty  # noqa: E731 - replaces a method
    stream.isatty = answer  # type: ignore[method-assign]  # a stream that says so
    return stream


@pytest.mark.parametrize(
    ("isatty", "environ", "terminal"),
    [
        (True, {"TERM": "xterm"}, Terminal(True, True, False)),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, Terminal(True, False, False)),
        (True, {"TERM": "xterm", "VTE_VERSION": "7200"}, Terminal(True, True, True)),
        (True, {"TERM": "xterm", "VTE_VERSION": "7200", "NO_COLOR": "1"}, Terminal(True)),
        (True, {"TERM": "dumb"}, Terminal()),
        (False, {"TERM": "xterm-kitty"}, Terminal()),
    ],
)
def test_what_a_terminal_shows_is_told_by_it_and_the_environment(
    isatty: bool, environ: dict[str, str], terminal: Terminal
) -> None:
    assert Terminal.of(_terminal(isatty), environ) == terminal
