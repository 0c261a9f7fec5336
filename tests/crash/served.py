"""An emulator on a state file, for tests that kill it: prints its endpoint, serves for ever."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from appwrite_emulator import Emulator

if __name__ == "__main__":
    with Emulator(port=0, state=Path(sys.argv[1])) as emulator:
        sys.stdout.write(f"{emulator.endpoint}\n")
        sys.stdout.flush()
        threading.Event().wait()
