"""Running user code: frames, workers, pool, executor, and what an execution is told."""

from __future__ import annotations
