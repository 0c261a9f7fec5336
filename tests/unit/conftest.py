"""Tests of what is not on every machine are not collected where it is missing.

Where it must be there, the conformance suite fails: see APPWRITE_EMULATOR_RUNTIMES.
"""

from __future__ import annotations

import shutil

NODE = shutil.which("node") or ""

collect_ignore = [] if NODE else ["test_launcher_node.py"]
