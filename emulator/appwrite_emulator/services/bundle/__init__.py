"""Bundles: the rows of a state and the files they need, in one archive that can be moved."""

from __future__ import annotations

from .local import with_local
from .manifest import BundleRefused, Manifest, Origin, counts, is_empty, told
from .merging import below, projects_in
from .place import files_beside
from .reading import replace_state, take_in
from .writing import write_bundle

__all__ = [
    "BundleRefused",
    "Manifest",
    "Origin",
    "below",
    "counts",
    "files_beside",
    "is_empty",
    "projects_in",
    "replace_state",
    "take_in",
    "told",
    "with_local",
    "write_bundle",
]
