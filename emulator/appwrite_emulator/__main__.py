"""`python -m appwrite_emulator` is the command `appwrite-emulator`."""

from __future__ import annotations

from .cli import main

main(prog_name="appwrite-emulator")
