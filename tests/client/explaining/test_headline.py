"""What went wrong is found in the traces of all languages."""

from __future__ import annotations

import pytest

from appwrite_emulator.client.headline import headline

NODE = "Error: outer\nsecond line\n    at bake (/a/b.js:1:2)\n    at main (/a/main.js:3:4)"
PYTHON = """Traceback (most recent call last):
  File "/a/b.py", line 3, in bake
    {}[cake]
    ~~^^^^^^
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/a/main.py", line 4, in main
    raise ValueError("a\\nb")
ValueError: a
b
"""
PHP = "first\nno oven\n#0 /a/index.php(3): bake('pie')\n#1 {main}\nAt /a/b.php:3"


@pytest.mark.parametrize(
    ("errors", "found"),
    [
        ("", ""),
        ("\n\n", ""),
        ("no heat\nno flour\n", "no flour"),
        (NODE, "Error: outer"),
        (f"no heat\n{NODE}\n", "Error: outer"),
        (f"{NODE}\nTypeError [ERR_X]: last\n    at x (/a/b.js:1:2)", "TypeError [ERR_X]: last"),
        ("thrown text\n    at x (/a/b.js:1:2)", "thrown text"),
        ("    at x (/a/b.js:1:2)", "    at x (/a/b.js:1:2)"),
        (PYTHON, "ValueError: a"),
        (f"no heat\n{PYTHON}", "ValueError: a"),
        (PHP, "no oven"),
        ("x" * 300, f"{'x' * 200}…"),
    ],
)
def test_the_line_that_says_it_is_found(errors: str, found: str) -> None:
    assert headline(errors) == found
