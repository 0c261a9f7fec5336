"""Cases about what user code logs and prints."""

from __future__ import annotations

from .case import Case, Expect, case

CUT = "... Log truncated due to size limit (8000 characters)\n"
_FACE = "👋"
_LOGS = Expect(
    body="",
    logs_have=(
        "Debug log\n", "Log+With+Plus+Symbol\n", "42\n", "4.2\n", "Native log\n", "{marker}",
        "objectKey", "objectValue", "arrayValue", CUT,
    ),
    logs_match=("(?i)true\n", r"(?:.*\n){9}"),
    errors_have=("Error log\n", CUT),
)  # fmt: skip
_SPREAD = r"\Aengine: open-runtimes\n\Z"


def _logged(name: str, text: str, logs: str, *, row: str = "") -> Case:
    return case(name, "logBody", Expect(status=204, logs=logs, errors=""), row=row, body=text)


CASES = (
    case("logs", "logs", _LOGS),
    case("logs enabled", "logs", _LOGS, logging=True),
    case("logs disabled", "logs", Expect(body="", logs="", errors=""), logging=False),
    case(
        "spread logs",
        "spreadOperatorLogs",
        Expect(body="OK", logs_match=(_SPREAD,), errors_match=(_SPREAD,)),
    ),
    case(
        "print order",
        "native",
        Expect(body="OK", logs="first\nsecond\n{marker}printed\nwarned\n", errors=""),
    ),
    case(
        "print with logging disabled",
        "native",
        Expect(body="OK", logs="", errors=""),
        logging=False,
    ),
    case("print without a line end", "unended", Expect(logs_match=(r"no line end\Z",))),
    _logged("log of 8000 characters", "x" * 8000, "x" * 8000 + "\n"),
    _logged("log of 8001 characters", "x" * 8001, "x" * 8000 + CUT),
    _logged(
        "log of 4000 astral characters", _FACE * 4000, _FACE * 4000 + "\n", row="log of astrals"
    ),
    _logged(
        "log of 8000 astral characters", _FACE * 8000, _FACE * 8000 + "\n", row="log of astrals"
    ),
    _logged(
        "log of 8001 astral characters", _FACE * 8001, _FACE * 8000 + CUT, row="log of astrals"
    ),
    _logged("multi-line log", "one\n\ntwo", "one\n\ntwo\n"),
    case("log with no arguments", "logNothing", Expect(status=204, logs="\n", errors="\n")),
)
