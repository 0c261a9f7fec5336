"""An emulator on a state file, for tests that kill it: prints its endpoint, serves for ever.

Its clock runs `PACE` times as fast as the machine's, from the moment that the test names.
"""

from __future__ import annotations

import sys
import threading
from datetime import datetime
from pathlib import Path

from appwrite_emulator import Emulator
from appwrite_emulator.clock import SystemClock, machine_time

PACE = 20


def fast_time(start: datetime) -> datetime:
    """What the fast clock says now, which left the machine's at `start`."""
    return start + (machine_time() - start) * PACE


if __name__ == "__main__":
    start = datetime.fromisoformat(sys.argv[2])
    clock = SystemClock(lambda: fast_time(start), look=0.05)
    with Emulator(port=0, state=Path(sys.argv[1]), clock=clock) as emulator:
        sys.stdout.write(f"{emulator.endpoint}\n")
        sys.stdout.flush()
        threading.Event().wait()
