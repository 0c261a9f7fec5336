"""The table of cases: every row of the contract, run or listed with the reason why not."""

from __future__ import annotations

from . import endings, outputs, requests, responses

CASES = (*requests.CASES, *responses.CASES, *outputs.CASES, *endings.CASES)
"""Run on every entrypoint of every language."""

PROGRAMS = endings.PROGRAMS
"""Run once for every language."""

UPSTREAM = (
    # All languages: the server, then user code. The names are those of the contract's tables.
    "wrong secret", "empty secret", "empty server secret", "health", "timings",
    "plaintext", "json", "json compact", "custom charset", "upper-case type", "multipart",
    "redirect", "empty", "no response", "double response", "response headers", "status",
    "exception", "error handling", "methods", "OPTIONS", "url 1", "url 2", "url 3", "url 4",
    "url 5", "url 6", "url 7", "url 8", "request headers", "header case", "body text",
    "body text auto", "body text empty", "body text auto, other types", "body json",
    "body json auto", "body json, text type", "body json auto, empty", "body binary", "env",
    "logs", "log ids differ", "logs disabled", "logs enabled", "custom log id", "library",
    "invalid JSON", "empty JSON", "empty object", "timeout hit", "timeout not hit", "timeout bad",
    "deprecated send", "deprecated untyped", "deprecated bytes", "binary 1-5", "large body",
    "too large", "empty bodies", "enforced headers", "start log", "system tools", "spread logs",
    "no export", "dev logs", "set-cookie",
    # One language alone.
    "node logs", "headless browser", "python-ml", "static",
)  # fmt: skip
"""Every case that Open Runtimes tests."""

OWN = (
    "scheme of its own", "duplicate query keys", "empty query key", "second question mark",
    "encoded path and query", "bad escape", "repeated request headers",
    "header that is not ASCII", "body of other JSON types", "content type named in capitals",
    "print order", "print with logging disabled", "print without a line end",
    "print while loading", "log of 8000 characters", "log of 8001 characters", "log of astrals",
    "multi-line log", "log with no arguments", "warm state", "hand-made map", "returned text",
    "thrown text", "unhandled rejection", "process exit", "busy loop", "overlapping executions",
    "missing file", "syntax error", "import error", "HEAD", "GET with a body", "chunked body",
    "redirect with status and headers", "json with a content type",
    "statuses that drop the body", "impossible statuses", "status 600", "late line", "sibling",
    "place", "pipes of a child",
)  # fmt: skip
"""Cases that nobody else tests, though functions can see them."""

STORIES = {
    "warm state": ("count", "test_module_state_survives_between_calls"),
    "overlapping executions": ("overlap", "test_overlapping_executions_keep_their_output_apart"),
    "late line": ("lateLog", "test_a_line_after_the_answer_is_in_no_log"),
}
"""Rows that take more than one request: their action, and the test in `test_stories`."""

OF_ONE_LANGUAGE = {"node logs": "node", "unhandled rejection": "node"}
"""Rows that the file of one family has in its own cases or programs."""

_SERVER = (
    "a header of the container's own HTTP server; here frames, no server stands before user code"
)
_FILES = "names a log file in the container; here an execution's logs are part of its result"

NOT_HERE = {
    "wrong secret": _SERVER,
    "empty secret": _SERVER,
    "empty server secret": _SERVER,
    "health": "an address of the container's own HTTP server",
    "timings": "an address of the container's own HTTP server",
    "timeout bad": "the timeout is a number of seconds, checked where functions are configured",
    "log ids differ": _FILES,
    "custom log id": _FILES,
    "dev logs": _FILES,
    "start log": "the container's own output; a launcher says READY",
    "system tools": "a program of the container's image",
    "too large": "refused by the HTTP layer before a function is called",
    "chunked body": "put together by the HTTP layer before a function is called",
    "library": "needs the network",
    "headless browser": "needs a packaged Chromium",
    "python-ml": "an image with packages of its own",
    "static": "serves files and runs no user code",
}
"""Rows without a subject here, and why."""
