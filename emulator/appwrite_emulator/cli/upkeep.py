"""What `state export|import|repair|reset` do, and what they print."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from .. import __version__
from ..client.workspace import prepare
from ..clock import SystemClock, stamp
from ..config import ConfigError
from ..project_file import environment
from ..services.bundle import (
    Manifest,
    Origin,
    counts,
    files_beside,
    is_empty,
    replace_state,
    told,
    with_local,
    write_bundle,
)
from ..state import StateDB, StateError, hold
from .place import Place


def export_state(
    directory: Path | None,
    state_file: Path | None,
    target: Path,
    *,
    force: bool,
    with_env: bool = False,
) -> None:
    """Write the state into the archive `target`, with what `.env` files say when asked."""
    place = Place.find(directory, state_file)
    place.require()
    local = _local_variables(directory) if with_env else None
    _require_target(target, force=force)
    with _told_errors(), StateDB.open(place.state, name="state export") as db:
        files = files_beside(place.state, place.sandbox)
        rows = db.snapshot()
        if local:
            rows = with_local(rows, *local, now=stamp(SystemClock().now()))
        try:
            manifest = write_bundle(rows, files, target, _origin(), force=force)
        except FileExistsError:
            _require_target(target, force=force)
            raise
    click.echo(f"{target}: {told(manifest.rows)} ({target.stat().st_size:,} bytes)")
    for id, values in local[1].items() if local else ():
        if values:
            click.echo(f"{id}: with {', '.join(values)} of its .env")
    _tell_missing(manifest)


def _local_variables(directory: Path | None) -> tuple[str, dict[str, dict[str, str]]]:
    """The project's id, and the variables of its functions' `.env` files."""
    workspace = prepare(directory, {})
    if workspace.project is None:
        place = workspace.directory.absolute()
        raise ConfigError(f"--with-env wants a project file, and there is none in {place}")
    entries = workspace.entries
    return workspace.config.project, {each.id: environment(each.folder) for each in entries}


def import_state(
    directory: Path | None, state_file: Path | None, source: Path, *, force: bool
) -> None:
    """Make the state what the archive `source` holds."""
    place = Place.find(directory, state_file)
    if not source.is_file():
        raise ConfigError(f"There is no file {source}. Give one that `state export` wrote")
    with _told_errors(), StateDB.open(place.state, name="state import") as db:
        files = files_beside(place.state, place.sandbox)
        rows = db.snapshot()
        if not is_empty(rows) and not force:
            raise ConfigError(
                f"{place.state} has {told(counts(rows))}. Give --force to replace them; they are "
                "then kept in an archive beside it"
            )
        kept = place.state.with_name(f"{place.state.name}.replaced-{_moment()}.tar.gz")

        def keep() -> None:
            if not is_empty(rows):
                write_bundle(rows, files, kept, _origin())

        manifest = replace_state(db, files, source, before=keep)
    click.echo(f"{place.state}: {told(manifest.rows)}, exported at {manifest.created}")
    if kept.exists():
        click.echo(f"What was there before is in {kept}")
    _tell_missing(manifest)


def repair_state(directory: Path | None, state_file: Path | None, *, dry_run: bool) -> None:
    """Keep what can be read of a damaged state."""
    place = Place.find(directory, state_file)
    place.require()
    with _told_errors(), hold(place.state, "state repair") as held:
        if held.damage() is None:
            click.echo(f"{place.state} is sound: nothing was changed")
            return
        found = held.salvage()
        for each in found.dropped:
            click.echo(f"{click.style('lost', fg='red')}  {each}")
        if not found.snapshot.tables:
            raise StateError(
                f"Nothing in {place.state} can be read, so nothing was changed. Put back a good "
                f"copy (the version before is {place.state.name}.bak), or forget it all: "
                "appwrite-emulator state reset"
            )
        kept = [] if dry_run else held.repair(found)
    for path in kept:
        click.echo(f"The damaged file is now {path}")
    verb = "can be kept" if dry_run else "kept"
    click.echo(f"{place.state}: {verb}: {told(counts(found.snapshot))}")


def reset_state(directory: Path | None, state_file: Path | None, *, ask: bool) -> None:
    """Forget everything, after asking."""
    place = Place.find(directory, state_file)
    place.require()
    with _told_errors(), hold(place.state, "state reset") as held:
        rows = told(counts(held.salvage().snapshot))
        if ask:
            click.confirm(f"Forget {rows} in {place.state}?", abort=True)
        files = files_beside(place.state, place.sandbox)
        held.empty()
        files.sweep(sources=set(), logs=set(), builds=set())
    click.echo(f"{place.state} is empty; it had {rows}")


def _require_target(target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise ConfigError(
            f"{target} is a folder. Give the name of a file, such as {target}/a.tar.gz"
        )
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"There is no folder {target.parent} to write {target.name} into")
    if target.exists() and not force:
        raise ConfigError(f"{target} is there already. Give --force to replace it, or another name")


def _tell_missing(manifest: Manifest) -> None:
    for path in manifest.missing:
        click.echo(
            f"{click.style('!', fg='yellow')} {path} was lost before; deploy anew what needs it"
        )


def _origin() -> Origin:
    return Origin(__version__, stamp(SystemClock().now()))


def _moment() -> str:
    return f"{SystemClock().now():%Y%m%d-%H%M%S-%f}"


@contextmanager
def _told_errors() -> Iterator[None]:
    """What the system refuses, as an error with the file and the next step."""
    try:
        yield
    except OSError as exc:
        where = f"{exc.filename}: " if exc.filename else ""
        raise StateError(
            f"{where}{exc.strerror or exc}. The state is as it was; mend this and run the command "
            "again"
        ) from exc
