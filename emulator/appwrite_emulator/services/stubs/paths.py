"""Paths: for which of the API's paths a stub is."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from .refused import StubRefused

__tracebackhide__ = True  # pytest shows the line of the test, none of here

ROOT = "/v1"


class PathPattern(NamedTuple):
    """Paths of the API, as they are written and as they are found."""

    text: str
    regex: re.Pattern[str]

    def takes(self, path: str) -> bool:
        """Whether `path`, which begins with /v1, is one of them."""
        return self.regex.fullmatch(path) is not None


def read(path: object) -> PathPattern:
    """The pattern that `path` writes, with or without /v1.

    `*` stands for one segment, a final `**` for any number of them. A compiled regular expression
    matches from end to end, with or without /v1. Raises StubRefused.
    """
    if isinstance(path, re.Pattern):
        return _of_regex(path)
    if not isinstance(path, str) or not path.startswith("/"):
        raise StubRefused(
            f"The path {path!r} must be a text that begins with '/', such as "
            "'/databases/*/collections', or a compiled regular expression."
        )
    if "?" in path:
        raise StubRefused(f"The path {path!r} has a '?': say by `query` which parameters matter.")
    if unquote(path) != path:
        raise StubRefused(f"The path {path!r} is encoded: stubs see it as {unquote(path)!r}.")
    text = path if _is_whole(path) else ROOT + path
    *segments, last = text.split("/")[1:]
    parts = "".join(f"/{_of_segment(each, path)}" for each in segments)
    end = "(?:/.*)?" if last == "**" else f"/{_of_segment(last, path)}"
    return PathPattern(text, re.compile(parts + end, re.DOTALL))


def _of_regex(pattern: re.Pattern[str]) -> PathPattern:
    if not isinstance(pattern.pattern, str):
        raise StubRefused(f"The path {pattern.pattern!r} must be a pattern of text, not of bytes.")
    try:
        regex = re.compile(f"(?:{ROOT})?(?:{pattern.pattern})", pattern.flags)
    except re.error as exc:  # such as flags that must stand first
        raise StubRefused(f"The pattern {pattern.pattern!r} cannot follow {ROOT}: {exc}.") from exc
    return PathPattern(f"/{pattern.pattern}/", regex)


def _is_whole(path: str) -> bool:
    return path == ROOT or path.startswith(f"{ROOT}/")


def _of_segment(segment: str, path: str) -> str:
    if segment == "*":
        return "[^/]+"
    if "**" in segment:
        raise StubRefused(f"In the path {path!r} '**' must be the whole last segment.")
    if "*" in segment:
        raise StubRefused(
            f"In the path {path!r} '*' must be a whole segment, and is part of {segment!r}. "
            "A compiled regular expression can say more."
        )
    return re.escape(segment)
