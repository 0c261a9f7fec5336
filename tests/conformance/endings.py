"""Cases about user code that fails, hangs, ends the process or cannot be loaded."""

from __future__ import annotations

from .case import Case, Expect, Request, case

NO_EXPORT = "{no_export}"  # stands for the file that each language names
_SIGNATURE = "Function signature invalid. Did you forget to export a 'main' function?\n"
_TIMED_OUT = "Execution timed out.\n"
_OURS = ("/runtimes/",)  # where the launchers lie: none of it belongs into a user's stack

CASES = (
    case(
        "exception",
        "nonExistingAction",
        Expect(
            status=500,
            body="",
            content_type="text/plain; charset=utf-8",
            logs="",
            errors_have=("Unknown action", "{entrypoint}"),
            errors_lack=_OURS,
        ),
    ),
    case(
        "error handling",
        "errorTest",
        Expect(
            status=500,
            body="",
            logs="Before error...\n",
            errors_have=("Error!",),
            errors_lack=_OURS,
        ),
    ),
    case("thrown text", "throwValue", Expect(status=500, body="", logs="", errors="text\n")),
    case(
        "timeout hit",
        "timeout",
        Expect(
            status=500,
            body="",
            content_type="text/plain; charset=utf-8",
            logs="Timeout start.\n",
            errors=_TIMED_OUT,
        ),
        body="3000",
        timeout=0.3,
    ),
    case(
        "timeout not hit",
        "timeout",
        Expect(body="Successful response.", logs="Timeout start.\nTimeout end.\n", errors=""),
        body="100",
        timeout=5,
    ),
    case(
        "busy loop",
        "spin",
        Expect(status=500, body="", logs="Spinning.\n", errors=_TIMED_OUT),
        timeout=0.3,
    ),
    case(
        "process exit",
        "exit",
        Expect(
            status=500,
            body="",
            logs_have=("last words\n",),
            errors_have=("The function's process exited with code 3\n",),
        ),
    ),
    case("place", "place", Expect(json='{"cwd": "{workdir}", "loaded": "customValue"}')),
    case("pipes of a child", "child", Expect(body="closed\n")),
)

PROGRAMS = (
    Case(
        name="no export",
        request=Request(),
        expect=Expect(status=503, body="", logs="", errors=_SIGNATURE),
        entrypoint=NO_EXPORT,
    ),
    Case(
        name="missing file",
        request=Request(),
        expect=Expect(
            status=503,
            body="",
            logs="",
            errors="Failed to load entrypoint, file nowhere.file does not exist.\n",
        ),
        entrypoint="nowhere.file",
    ),
)

REQUIRED = ("syntax error", "import error", "print while loading", "sibling")
"""Programs that each language writes in its own words."""
