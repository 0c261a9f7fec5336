"""What this machine allows, found out by trying it rather than by asking for versions."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys

_SYS_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_VERSION = 1
_BWRAP = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
    *("--die-with-parent", "--new-session", "--ro-bind", "/", "/", "--proc", "/proc"),
)


def bwrap() -> str | None:
    """None when bubblewrap works here, else what it said."""
    program = shutil.which("bwrap")
    if program is None:
        return "bwrap: not installed"
    try:
        done = subprocess.run(
            (program, *_BWRAP, "--", "/bin/true"), capture_output=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return f"bwrap: {exc}"
    said = done.stderr.decode(errors="replace").strip()
    return None if done.returncode == 0 else f"bwrap: {said or done.returncode}"


def landlock() -> int:
    """The version of Landlock that the kernel speaks, 0 when it has none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    return max(0, int(version))


def is_root() -> bool:
    """Whether user code would run as root if nothing were done."""
    return os.geteuid() == 0
