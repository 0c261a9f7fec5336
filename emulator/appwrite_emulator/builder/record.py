"""The record of a generation: what it is a copy of, and what lies beside its sources."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

from ..errors import Era
from . import folders

RECORD = "sources.json"  # beside the code root's parents, where user code does not look
ASIDE = "sources"  # the folder beside it for sources that the code root has not, or not as they are


class Source(NamedTuple):
    """One file of the developer's folder."""

    digest: str
    size: int  # bytes
    program: bool  # executable
    aside: bool = False  # it lies in ASIDE as it is


class Installed(NamedTuple):
    """A folder of dependencies in the code root."""

    path: str
    size: int  # bytes of all its files
    home: str = ""  # the build, a sibling, whose folder is linked in; "" when it lies here
    anchors: tuple[str, ...] = ()  # paths in it that every build needs as its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a build depends on besides the sources. `variables` is a digest, as they are secret."""

    runtime: str
    entrypoint: str
    commands: str
    era: Era
    version: str = ""  # of the interpreter
    variables: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of a generation, kept in its build folder."""

    fingerprint: str
    recipe: Recipe
    sources: Mapping[str, Source]
    outputs: Mapping[str, int] = field(default_factory=dict)  # made by commands; sizes in bytes
    installed: tuple[Installed, ...] = ()
    stamp: str = ""  # of the developer's own install when it was last brought
    rewritten: tuple[str, ...] = ()  # sources that commands have changed
    beside: str | None = None  # the stamp of an install that commands found; None: of a build's

    @property
    def source_size(self) -> int:
        """Bytes of the sources."""
        return sum(source.size for source in self.sources.values())

    @property
    def size(self) -> int:
        """Bytes of the build: sources, outputs and dependencies, linked ones too."""
        beside = sum(self.outputs.values()) + sum(each.size for each in self.installed)
        return self.source_size + beside

    @property
    def home(self) -> str:
        """The build from which this one links its dependencies; "" when it has its own or none."""
        return next((each.home for each in self.installed if each.home), "")

    def place_of(self, folder: Path, path: str) -> str:
        """Where a source lies, as it is, in the build `folder` that this is the record of."""
        root = folder / ASIDE if self.sources[path].aside else folders.code_root(folder)
        return f"{root}/{path}"

    def write(self, folder: Path) -> None:
        row = {
            "fingerprint": self.fingerprint,
            "recipe": {name: getattr(self.recipe, name) for name in Recipe.__slots__},
            "sources": self.sources,
            "outputs": self.outputs,
            "installed": self.installed,
            "stamp": self.stamp,
            "rewritten": self.rewritten,
            "beside": self.beside,
        }
        (folder / RECORD).write_text(json.dumps(row), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The record of the build `folder`; None for a build of an upload, or a lost one."""
        try:
            row = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            return cls(**row | _parsed(row))
        except (OSError, ValueError, TypeError, KeyError):
            return None


def _parsed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "recipe": Recipe(**row["recipe"]),
        "sources": {path: Source(*values) for path, values in row["sources"].items()},
        "installed": tuple(
            Installed(path, size, home, tuple(anchors))
            for path, size, home, anchors in row["installed"]
        ),
        "rewritten": tuple(row["rewritten"]),
    }
