"""What others say, as it may be shown."""

from __future__ import annotations

from appwrite_emulator.printable import clean, cut, quoted


def test_controls_are_made_visible_and_colours_go() -> None:
    assert clean("a\x1b[31mred\x1b[0m\x1b]0;title\x07\tb\u202e") == "ared␛]0;title␇\tb\ufffd"


def test_what_is_too_long_says_that_there_is_more() -> None:
    assert [cut("four", most) for most in (3, 4, 5)] == ["fou…", "four", "four"]
    assert [quoted("four", most) for most in (3, 4)] == ["'fou'…", "'four'"]
