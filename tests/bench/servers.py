"""Starting the servers that are measured, and reading what they have cost."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

Mode = Literal["plain", "fast"]

_ROOT = Path(__file__).parents[2]
_READY = re.compile(r"Ready at http://([\d.]+):(\d+)")
_PATIENCE = 10  # seconds to end after a SIGTERM


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: its address, process id, and seconds from its start to ready."""

    host: str
    port: int
    pid: int
    seconds: float

    def cpu(self) -> float:
        """Seconds of CPU the process has used, without its children; 0 where nobody tells."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return 0.0
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(mode: Mode, *what: str) -> Iterator[Running]:
    """A server, once it says that it is ready; `what` as for serve.py."""
    env = dict(os.environ)
    paths = [str(_ROOT / "emulator"), env.get("PYTHONPATH", "")]
    env["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    script = str(Path(__file__).with_name("serve.py"))
    command = [sys.executable, script, mode, *what]
    with tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        with process:
            try:
                host, port = _ready(process, errors)
                yield Running(host, port, process.pid, time.perf_counter() - began)
            finally:
                _end(process)


def _ready(process: subprocess.Popen[str], errors: TextIO) -> tuple[str, int]:
    said = []
    for line in process.stdout or ():
        if match := _READY.search(line):
            return match[1], int(match[2])
        said.append(line)
    errors.seek(0)
    text = "".join(said) + errors.read()
    raise SystemExit(f"{process.args!r} ended before it was ready:\n{text}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
