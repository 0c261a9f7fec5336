"""The helper process that starts, limits, watches and reaps everything the emulator runs.

It runs with the standard library alone and imports nothing of ours outside this folder. Each
command gets a keeper: a fork of the helper that adopts whatever the command leaves behind, so that
daemons stay in their own tree. When the socket closes or the emulator ends, everything dies.
"""

from __future__ import annotations
