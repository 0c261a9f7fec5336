"""What pytest told of the tests of a suite that was run with `-rA`."""

from __future__ import annotations

import re

from .suites import Ran

FUNCTIONS = {
    "functions/greet/main.py": """\
COUNT = 0


def main(context):
    global COUNT
    COUNT += 1
    context.log(f"greeting {COUNT}")
    name = (context.req.body_json if context.req.body_raw else {}).get("name", "you")
    return context.res.json({"hello": name, "count": COUNT})
""",
    "functions/boom/main.py": """\
def main(context):
    context.log("about to fail")
    raise ValueError("no way")
""",
}
"""A function that answers, and one that throws."""

LATE = """\
def late(appwrite):
    \"\"\"A function fails in the background, and nobody looks.\"\"\"
    appwrite.fire("users.ann.create")
"""


def outcomes(ran: Ran) -> dict[str, str]:
    """How each test ended, by its name: PASSED, FAILED, ERROR, SKIPPED, XFAIL, RERUN."""
    lines = re.findall(r"^([A-Z]+) \S+?::(\S+)", ran.output, re.MULTILINE)
    return {name: word for word, name in lines}


def section(ran: Ran, test: str) -> str:
    """The report of one test that failed, or that could not be set up."""
    begin = rf"^_+ (?:ERROR at setup of )?(?:\w+\.)?{re.escape(test)} _+$"
    found = re.search(rf"{begin}(.*?)(?=^_{{5,}}.*_{{5,}}$|^=+.*=+$)", ran.output, re.M | re.S)
    assert found, f"no report of {test} in {ran.output}"
    return found[1]
