"""Logs of an execution: order, marker, cutting, bounded memory, live output."""

from __future__ import annotations

import tracemalloc

from appwrite_emulator.execution.logs import Early, Log, LogLine, Transcript

_MARKER = "Native logs detected. Use context.log() or context.error() for better experience."


def test_messages_become_lines_of_logs_and_errors() -> None:
    transcript = Transcript()
    transcript.message("log", b"one")
    transcript.message("error", b"bad")
    transcript.message("log", b"two\nlines")
    transcript.message("log", b"")

    assert transcript.close() == ("one\ntwo\nlines\n\n", "bad\n")


def test_native_messages_stay_in_order_after_one_marker() -> None:
    transcript = Transcript()
    for level, text in (("log", b"a"), ("native", b"b"), ("log", b"c"), ("native", b"d")):
        transcript.message(level, text)

    assert transcript.close()[0] == f"a\n{_MARKER}\nb\nc\nd\n"


def test_printed_text_follows_all_messages() -> None:
    transcript = Transcript()
    transcript.printed(b"print")
    transcript.message("log", b"log")

    assert transcript.close() == (f"log\n{_MARKER}\nprint", "")


def test_some_languages_have_no_line_break_after_the_marker() -> None:
    transcript = Transcript(native_newline=False)
    transcript.printed(b"print\n")

    assert transcript.close()[0] == f"{_MARKER}print\n"


def test_the_marker_is_written_once_for_both_kinds_of_native_text() -> None:
    transcript = Transcript()
    transcript.printed(b"printed")
    transcript.message("native", b"hooked")

    assert transcript.close()[0] == f"{_MARKER}\nhooked\nprinted"


def test_printed_text_is_cut_as_one_message_by_characters() -> None:
    transcript = Transcript(native_limit=5)
    transcript.printed("äöü".encode())
    transcript.printed("ßéx".encode())

    logs = transcript.close()[0]
    assert logs == f"{_MARKER}\näöüßé... Log truncated due to size limit (5 characters)"


def test_printed_text_of_exactly_the_limit_is_whole() -> None:
    transcript = Transcript(native_limit=5)
    transcript.printed("äöüßé".encode())

    assert transcript.close()[0].endswith("\näöüßé")


def test_a_million_bytes_are_stored_whole() -> None:
    log = Log("Log")
    log.add(b"x" * 1_000_000)

    assert log.text() == "x" * 1_000_000


def test_more_than_a_million_bytes_keep_their_tail_and_say_so() -> None:
    log = Log("Log")
    for number in range(200_000):
        log.add(b"%06d\n" % number)

    text = log.text()
    warning = "[WARNING] Logs truncated. The output exceeded 1000000 characters.\n"
    assert text.startswith(warning)
    assert len(text) == 1_000_000
    assert text.endswith("199998\n199999\n")


def test_errors_have_their_own_warning() -> None:
    log = Log("Error")
    log.add(b"x" * 1_000_001)

    assert log.text().startswith("[WARNING] Errors truncated. The output exceeded 1000000 ")


def test_after_five_mebibytes_nothing_more_is_taken() -> None:
    log = Log("Log")
    for _ in range(6 * 1024):
        log.add(b"x" * 1023 + b"\n")
    log.add(b"never seen")

    assert log.text().endswith("x\n\nLog file has been truncated to 5.00MB.")


def test_a_cut_through_a_character_leaves_no_broken_one() -> None:
    log = Log("Log")
    log.add("€".encode() * 400_000)

    assert set(log.text().partition("\n")[2]) == {"€"}


def test_memory_is_bounded_while_collecting() -> None:
    transcript = Transcript(native_limit=8000)
    piece = b"y" * 50_000
    tracemalloc.start()
    for _ in range(2_000):
        transcript.message("log", piece)
        transcript.printed(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4_000_000


def test_switched_off_logging_keeps_and_tells_nothing() -> None:
    heard: list[LogLine] = []
    transcript = Transcript(tell=heard.append, enabled=False)
    transcript.message("log", b"a")
    transcript.printed(b"b")
    transcript.fail("c")

    assert transcript.close() == ("", "")
    assert heard == []


def test_output_is_told_as_it_comes_in_whole_characters() -> None:
    heard: list[LogLine] = []
    transcript = Transcript(tell=heard.append)
    transcript.printed(b"\xe2\x82")
    transcript.message("log", b"a")
    transcript.printed(b"\xac")
    transcript.message("error", b"b")

    assert heard == [
        LogLine("log", "a"),
        LogLine("native", "€", is_part=True),
        LogLine("error", "b"),
    ]


def test_what_was_said_early_is_replayed_once_in_order() -> None:
    early, transcript = Early(), Transcript()
    early.message("log", b"loading")
    early.printed(b"noise")
    early.message("error", b"oops")

    early.replay(transcript)
    early.replay(transcript)

    assert transcript.close() == (f"loading\n{_MARKER}\nnoise", "oops\n")
