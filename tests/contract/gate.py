"""A gate at which user code waits until the test lets it go on."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


class Gate:
    """A named pipe: user code reads it, and by that tells that it has come so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        path.chmod(0o666)

    @property
    def commands(self) -> str:
        """Shell commands of a build that wait here."""
        return f"echo at the gate; cat {self.path}"

    @property
    def main(self) -> str:
        """A Python function that waits here."""
        return (
            "def main(context):\n"
            "    context.log('at the gate')\n"
            f"    return context.res.text(open('{self.path}').read())\n"
        )

    def let_pass(self, text: str = "passed") -> None:
        """Wait until somebody is at the gate, and let them go on."""
        with self.reached() as out:
            out.write(f"{text}\n")

    def reached(self) -> _Opened:
        """Wait until somebody is at the gate; they go on when this is closed."""
        return _Opened(self.path)


class _Opened:
    """The writing end of a gate; opening it waits for a reader."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w")

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrokenPipeError):  # who waited here was ended
            self._file.close()

    def write(self, text: str) -> None:
        self._file.write(text)
