"""Tests of what is not on every machine are not collected where it is missing.

Where it must be there, the conformance suite fails: see CONFORMANCE_FAMILIES.
"""

from __future__ import annotations

import shutil

NODE = shutil.which("node") or ""
NPM = shutil.which("npm") or ""
PHP = shutil.which("php") or ""

_NEEDS = {"test_launcher_node.py": NODE, "test_launcher_php.py": PHP, "test_rebuilds.py": NPM}
collect_ignore = [file for file, found in _NEEDS.items() if not found]
