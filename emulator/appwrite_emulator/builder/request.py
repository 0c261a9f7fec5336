"""What is asked of the builder, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..catalog import Launch
from ..errors import Era


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What to build. `env` holds the function's variables and wins over everything else."""

    archive: Path | None  # None: the code root already holds the source
    folder: Path  # builds/<name>; the code root is src/function in it
    launch: Launch
    entrypoint: str
    commands: str
    env: Mapping[str, str]
    era: Era
    memory: int  # MB
    timeout: float = 900.0  # seconds
    max_size: int = 2_000_000_000  # bytes of the output


@dataclass(frozen=True, slots=True)
class BuildOutput:
    """A finished build: bytes of the unpacked output, and its log without Appwrite's own lines."""

    size: int
    logs: str
