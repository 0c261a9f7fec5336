"""One function brought to a running emulator through Appwrite's API, as `appwrite push` does."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import quote

import click

from ..archive import pack_files
from ..client import multipart
from ..project_file import Entry, deployed_files
from .running import Refused, Running

_CHUNK = 5 * 1024 * 1024  # bytes, as all SDKs have it
_MB = 1_000_000


class Pushed(NamedTuple):
    """What is at the emulator now, to be built there."""

    is_new: bool  # the function was not there before
    deployment: Mapping[str, Any]
    left_out: tuple[str, ...]  # links that lead out of the folder


def push(running: Running, project: str, entry: Entry) -> Pushed:
    """Make the function what its entry says and upload its folder, to be active when it is built.

    Raises Refused with the API's words, ConfigError when nobody answers, ProjectFileError and
    OSError for a folder that cannot be packed.
    """
    with TemporaryDirectory() as folder:
        archive = Path(folder) / "code.tar.gz"
        paths = list(deployed_files(entry))
        files = {path.as_posix(): entry.folder / path for path in paths}
        pack_files(files, archive, root=entry.folder)
        left_out = tuple(str(path) for path in paths if _leads_out(entry.folder, path))
        is_new = _settle(running, project, entry)
        _set_variables(running, project, entry)
        with _Upload(running, project, entry, archive) as upload:
            return Pushed(is_new, upload.run(), left_out)


def _leads_out(folder: Path, path: Path) -> bool:
    place = folder / path
    return place.is_symlink() and not place.resolve().is_relative_to(folder.resolve())


def _settle(running: Running, project: str, entry: Entry) -> bool:
    """Create or update the function; whether it is new."""
    path = _path(entry)
    try:
        running.api("GET", path, project=project)
    except Refused as exc:
        if exc.type != "function_not_found":
            raise
        settings = {"functionId": entry.id, **entry.settings}
        running.api("POST", "/functions", settings, project=project)
        return True
    running.api("PUT", path, entry.settings, project=project)
    return False


def _set_variables(running: Running, project: str, entry: Entry) -> None:
    """Give the function the file's variables; others stay."""
    path = f"{_path(entry)}/variables"
    listed = running.api("GET", path, project=project)["variables"] if entry.variables else ()
    known = {each["key"]: each for each in listed}
    for key, value in entry.variables:
        body = {"key": key, "value": value}
        if key not in known:
            running.api("POST", path, {"variableId": "unique()", **body}, project=project)
        elif known[key]["value"] != value:
            running.api("PUT", f"{path}/{known[key]['$id']}", body, project=project)


class _Upload:
    """The archive of a function, sent in pieces; at a terminal one sees how far it is."""

    def __init__(self, running: Running, project: str, entry: Entry, archive: Path) -> None:
        self._running = running
        self._headers = {"x-appwrite-project": project, "x-appwrite-key": running.key}
        self._entry = entry
        self._archive = archive
        self._is_shown = False

    def __enter__(self) -> _Upload:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown:
            click.echo("\r\x1b[K", nl=False, err=True)

    def run(self) -> dict[str, Any]:
        deployment: dict[str, Any] = {}
        for headers, piece in self._pieces():
            known = {"x-appwrite-id": deployment["$id"]} if deployment else {}
            deployment = self._send({**headers, **known}, piece)
        return deployment

    def _pieces(self) -> Iterator[tuple[Mapping[str, str], bytes]]:
        size = self._archive.stat().st_size
        with self._archive.open("rb") as file:
            if size <= _CHUNK:
                yield {}, file.read()
                return
            for start in range(0, size, _CHUNK):
                self._tell(start, size)
                piece = file.read(_CHUNK)
                yield {"content-range": f"bytes {start}-{start + len(piece) - 1}/{size}"}, piece

    def _send(self, headers: Mapping[str, str], piece: bytes) -> dict[str, Any]:
        given = {"entrypoint": self._entry.entrypoint, "commands": self._entry.commands}
        fields = {name: value for name, value in given.items() if value is not None}
        form, content_type = multipart.form(
            {**fields, "activate": "true"}, ("code", "code.tar.gz", piece)
        )
        path = f"/v1{_path(self._entry)}/deployments"
        reply = self._running.send(
            "POST", path, form, {**self._headers, **headers, "content-type": content_type}
        )
        deployment: dict[str, Any] = self._running.value(reply)
        return deployment

    def _tell(self, sent: int, size: int) -> None:
        if sys.stderr.isatty():
            self._is_shown = True
            text = f"… {self._entry.id}  uploading {sent / _MB:.0f} of {size / _MB:.0f} MB"
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)


def _path(entry: Entry) -> str:
    return f"/functions/{quote(entry.id, safe='')}"
