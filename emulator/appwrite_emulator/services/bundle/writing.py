"""Writing a bundle: laid out beside, packed under a passing name, then moved into place."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from ...archive import pack
from ...files import Files
from ...state import Snapshot
from ...state.disk import Disk
from ...state.snapshot import write
from .manifest import FORMAT, MANIFEST, ROWS, Manifest, Needed, Origin, counts, without_uploads


def write_bundle(
    rows: Snapshot, files: Files, target: Path, origin: Origin, *, force: bool = False
) -> Manifest:
    """Write `rows` and the files they need as the archive `target`. Blocking.

    Links that lead out of a build are left out. An upload that has not ended is left out. `target`
    is whole or not there; one that is there already is replaced with `force` only, else it raises
    FileExistsError. Also raises BundleRefused and OSError.
    """
    rows = without_uploads(rows)
    with files.stage() as stage:
        missing = _lay_out(Needed.by(rows), files, stage)
        manifest = Manifest(format=FORMAT, **origin._asdict(), rows=counts(rows), missing=missing)
        (stage / MANIFEST).write_text(manifest.text(), encoding="utf-8")
        write(Disk(), stage / ROWS, rows)
        _pack(stage, target, force=force)
    return manifest


def _lay_out(needed: Needed, files: Files, stage: Path) -> tuple[str, ...]:
    """Put what is needed into `stage`; returns what is lost."""
    places = {"sources": files.source, "logs": files.log, "builds": files.build}
    missing = []
    for path in needed.paths():
        source = places[path.parts[0]](path.name)
        (stage / path).parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, stage / path, symlinks=True, copy_function=_link)
        elif source.is_file():
            _link(source, stage / path)
        else:
            missing.append(path.as_posix())
    return tuple(missing)


def _link(source: str | Path, target: str | Path) -> None:
    """A second name for the same bytes, or a copy where the disk cannot."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        if os.path.isfile(source):
            shutil.copy2(source, target)


def _pack(stage: Path, target: Path, *, force: bool) -> None:
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # it holds secrets
    try:
        pack(stage, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        if force:
            os.replace(part, target)
        else:
            _publish(part, target)
        Disk().sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _publish(part: Path, target: Path) -> None:
    """Move without replacing: whoever made `target` meanwhile keeps it."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # no hard links there
        os.replace(part, target)
