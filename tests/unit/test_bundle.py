"""Bundles: what an export holds, what an import refuses, and what both leave alone."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator.builder.linking import link_installed
from appwrite_emulator.builder.record import Installed, Recipe, Record, Source
from appwrite_emulator.files import Files
from appwrite_emulator.models import Deployment, Errand, Execution, Function
from appwrite_emulator.services.bundle import (
    BundleRefused,
    Manifest,
    Origin,
    is_empty,
    replace_state,
    write_bundle,
)
from appwrite_emulator.state import Snapshot, StateDB

ORIGIN = Origin("1.2.3", "2026-11-21T00:00:00.000+00:00")
BORN: dict[str, Any] = {"project": "p", "created_at": ORIGIN.created, "updated_at": ORIGIN.created}


class Home:
    """A state with its files."""

    def __init__(self, folder: Path, builds: Path | None = None) -> None:
        self.folder = folder
        self.db = StateDB.open(folder / "state.json")
        self.files = Files(folder, builds or folder / "builds")
        self.files.start()

    def add(self, *records: Function | Deployment | Execution | Errand) -> None:
        for record in records:
            self.db.table(record.table).put(f"p/{record.id}", record.to_row())

    def deploy(self, id: str, code: str, **fields: Any) -> Deployment:
        archive = self.folder / "archive"
        archive.write_text(f"archive of {code}")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        self.files.take_source(archive, digest)
        build = self.files.new_build()
        root = self.files.build(build) / "src" / "function"
        (root / "main.py").write_text(code)
        (root / "main.py").chmod(0o444)
        (root / "tool").write_text("#!/bin/sh")
        (root / "tool").chmod(0o555)
        (root / "link").symlink_to("main.py")
        made = {**BORN, "status": "ready", "source": digest, "build": build, **fields}
        deployment = Deployment(id=id, **made)
        self.add(deployment)
        return deployment

    def rows(self) -> dict[str, dict[str, Any]]:
        return {name: dict(table) for name, table in (self.db.storage.read() or {}).items()}

    def export(self, target: Path, **options: Any) -> Manifest:
        return write_bundle(self.db.snapshot(), self.files, target, ORIGIN, **options)

    def import_(self, source: Path) -> Manifest:
        return replace_state(self.db, self.files, source, before=lambda: None)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A state with one of everything."""
    home = Home(tmp_path / "home")
    home.add(Function(id="f", name="F", runtime="python-3.12", **BORN))
    home.deploy("d", "code")
    log = home.files.write_log("long" * 10_000)
    home.add(Execution(id="e", function_id="f", logs_file=log, **BORN))
    body = home.files.write_bytes(b"\xff" * 20_000)
    home.add(
        Execution(id="later", function_id="f", **BORN), Errand(id="later", body_file=body, **BORN)
    )
    home.db.table("settings").put("emulator/signing", {"value": "secret"})
    yield home
    home.db.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Home]:
    """A state with another function."""
    home = Home(tmp_path / "other")
    home.add(Function(id="old", name="Old", runtime="node-22", **BORN))
    home.deploy("old", "old code")
    yield home
    home.db.close()


def content(folder: Path) -> dict[str, bytes]:
    """All files below `folder`, but for the passing ones of an open state."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_an_import_gives_the_rows_and_the_files(home: Home, other: Home, tmp_path: Path) -> None:
    home.export(tmp_path / "a.tar.gz")
    manifest = other.import_(tmp_path / "a.tar.gz")

    assert manifest.rows == {"functions": 1, "deployments": 1, "executions": 2}
    rows, expected = other.rows(), home.rows()
    deployment = rows["deployments"]["p/d"]
    root = other.files.build(deployment["build"]) / "src" / "function"
    assert (root / "main.py").read_text() == "code"
    assert os.readlink(root / "link") == "main.py"
    modes = [stat.S_IMODE((root / name).stat().st_mode) for name in ("main.py", "tool", ".")]
    assert modes == [0o444, 0o555, 0o755]
    assert other.files.source(deployment["source"]).read_text() == "archive of code"
    assert other.files.read_log(rows["executions"]["p/e"]["logsFile"]) == "long" * 10_000
    assert other.files.log(rows["errands"]["p/later"]["bodyFile"]).read_bytes() == b"\xff" * 20_000
    deployment["build"] = expected["deployments"]["p/d"]["build"]
    assert rows == expected


def test_an_import_removes_what_no_row_needs_any_more(
    home: Home, other: Home, tmp_path: Path
) -> None:
    home.export(tmp_path / "a.tar.gz")
    other.import_(tmp_path / "a.tar.gz")
    assert len(list((other.folder / "builds").glob("[!.]*"))) == 1
    assert len(list((other.folder / "sources").glob("[!.]*"))) == 1


def test_a_state_can_be_made_what_it_was(home: Home, tmp_path: Path) -> None:
    home.export(tmp_path / "a.tar.gz")
    before = home.rows()
    home.deploy("e", "more code")
    home.import_(tmp_path / "a.tar.gz")
    again = home.rows()
    build = again["deployments"]["p/d"].pop("build")
    assert (home.files.build(build) / "src" / "function" / "main.py").read_text() == "code"
    before["deployments"]["p/d"].pop("build")
    assert again == before


def test_files_move_between_disks(home: Home, tmp_path: Path) -> None:
    home.export(tmp_path / "a.tar.gz")
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as builds:
        far = Home(tmp_path / "far", Path(builds))
        far.import_(tmp_path / "a.tar.gz")
        far.export(tmp_path / "b.tar.gz")
        assert far.files.source(far.rows()["deployments"]["p/d"]["source"]).is_file()
        assert [path.name for path in Path(builds).glob("*.part")] == []
        far.db.close()


def test_an_export_tells_what_it_holds_before_all_else(home: Home, tmp_path: Path) -> None:
    manifest = home.export(tmp_path / "a.tar.gz")
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        first = tar.next()
        assert first is not None
        file = tar.extractfile(first)
        assert file is not None
        told = json.load(file)
    assert first.name == "MANIFEST.json"
    assert told == {
        "format": 1,
        "emulator": "1.2.3",
        "created": ORIGIN.created,
        "rows": dict(manifest.rows),
        "missing": [],
    }
    assert stat.S_IMODE((tmp_path / "a.tar.gz").stat().st_mode) == 0o600


def test_an_export_changes_nothing_and_leaves_nothing(home: Home, tmp_path: Path) -> None:
    before = content(home.folder)
    home.export(tmp_path / "out.tar.gz")
    assert content(home.folder) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out.tar.gz"]


def test_an_export_replaces_nothing_unless_forced(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "a.tar.gz"
    target.write_text("precious")
    with pytest.raises(FileExistsError):
        home.export(target)
    assert target.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "home"]
    home.export(target, force=True)
    assert gzip.decompress(target.read_bytes())


def test_what_was_lost_before_is_told_and_imported_as_lost(
    home: Home, other: Home, tmp_path: Path
) -> None:
    lost = home.deploy("lost", "lost code")
    home.files.source(lost.source).unlink()
    manifest = home.export(tmp_path / "a.tar.gz")
    assert manifest.missing == (f"sources/{lost.source}",)
    assert other.import_(tmp_path / "a.tar.gz").missing == manifest.missing


def test_an_upload_that_has_not_ended_and_a_failed_build_are_no_hindrance(
    home: Home, other: Home, tmp_path: Path
) -> None:
    home.add(Deployment(id="arriving", received=((0, 5),), source_size=9, **BORN))
    home.add(Deployment(id="failed", status="failed", build="0123", **BORN))
    assert home.export(tmp_path / "a.tar.gz").missing == ()
    other.import_(tmp_path / "a.tar.gz")
    assert set(other.rows()["deployments"]) == {"p/d", "p/failed"}


def test_a_link_out_of_a_build_is_left_out(home: Home, other: Home, tmp_path: Path) -> None:
    build = home.deploy("venv", "code").build
    (home.files.build(build) / "src" / "function" / "python3").symlink_to("/usr/bin/python3")
    home.export(tmp_path / "a.tar.gz")
    other.import_(tmp_path / "a.tar.gz")
    root = other.files.build(other.rows()["deployments"]["p/venv"]["build"]) / "src" / "function"
    assert sorted(path.name for path in root.iterdir()) == ["link", "main.py", "tool"]


def test_only_what_somebody_made_counts_as_content(tmp_path: Path) -> None:
    assert is_empty(Snapshot({}))
    assert is_empty(Snapshot({"settings": {"emulator/signing": {}}}))
    assert not is_empty(Snapshot({"functions": {"p/f": {}}}))


Entry = tuple[tarfile.TarInfo, bytes]


def entries(archive: Path) -> list[Entry]:
    with tarfile.open(archive) as tar:
        return [(info, (file.read() if (file := tar.extractfile(info)) else b"")) for info in tar
                if not info.issym()]  # fmt: skip


def packed(target: Path, content: list[Entry]) -> None:
    with tarfile.open(target, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for info, data in content:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def added(name: str, **fields: Any) -> Callable[[list[Entry]], list[Entry]]:
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return lambda content: [*content, (info, b"")]


def without(start: str) -> Callable[[list[Entry]], list[Entry]]:
    return lambda content: [each for each in content if not each[0].name.startswith(start)]


def changed(start: str, old: bytes, new: bytes) -> Callable[[list[Entry]], list[Entry]]:
    def change(content: list[Entry]) -> list[Entry]:
        assert any(old in data for info, data in content if info.name.startswith(start))
        return [
            (info, data.replace(old, new) if info.name.startswith(start) else data)
            for info, data in content
        ]

    return change


REFUSED: dict[str, tuple[Callable[[list[Entry]], list[Entry]], str]] = {
    "later format": (
        changed("MANIFEST", b'"format": 1', b'"format": 2'),
        r"format 2, written by appwrite-emulator 1\.2\.3; this version reads up to format 1",
    ),
    "no format": (changed("MANIFEST", b'"format": 1', b'"format": "x"'), "cannot be read"),
    "no manifest": (without("MANIFEST"), r"does not begin with MANIFEST\.json"),
    "manifest of another kind": (changed("MANIFEST", b"created", b"creator"), "cannot be read"),
    "manifest that is no JSON": (changed("MANIFEST", b"{", b"["), "cannot be read"),
    "no rows": (without("state.json"), r"state\.json is missing"),
    "damaged rows": (changed("state.json", b'"p/f": {', b'"p/f"; {'), r"state\.json:4:6 in it: "),
    "row without fields": (
        changed("state.json", b'"functionId":"f",', b""), "a row is not as it should be",
    ),
    "row that names a path": (
        changed("state.json", b'"build":"', b'"build":"../'), "which cannot be",
    ),
    "no source": (without("sources"), "sources/.* is missing in it, and a row needs it"),
    "no log": (without("logs"), "logs/.* is missing in it, and a row needs it"),
    "no build": (without("builds"), "builds/.* is missing in it, and a row needs it"),
    "another source": (changed("sources", b"archive of", b"nonsense"), "has not the content"),
    "another log": (changed("logs", b"longlong", b"shortest"), "has not the content"),
    "way out": (added("builds/../../out"), r"its path has a '\.\.'"),
    "absolute path": (added("/tmp/out"), "its path is absolute"),
    "link out": (
        added("builds/link", type=tarfile.SYMTYPE, linkname="../../out"), "links outside",
    ),
    "device": (added("builds/null", type=tarfile.CHRTYPE), "a device or a pipe"),
    "pipe": (added("builds/pipe", type=tarfile.FIFOTYPE), "a device or a pipe"),
    "stranger": (added("lib/site.py"), "holds 'lib', which no export does"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), REFUSED.values(), ids=list(REFUSED))
def test_what_is_no_export_is_refused_and_changes_nothing(
    home: Home,
    other: Home,
    tmp_path: Path,
    change: Callable[[list[Entry]], list[Entry]],
    reason: str,
) -> None:
    home.export(tmp_path / "a.tar.gz")
    packed(tmp_path / "b.tar.gz", change(entries(tmp_path / "a.tar.gz")))
    before = content(tmp_path)
    with pytest.raises(BundleRefused, match=reason) as caught:
        other.import_(tmp_path / "b.tar.gz")
    assert str(caught.value).startswith(f"{tmp_path}/b.tar.gz cannot be imported: ")
    assert str(caught.value).endswith("Nothing was changed")
    assert content(tmp_path) == before


def test_an_archive_that_is_cut_off_is_refused_wherever_the_cut_is(
    home: Home, other: Home, tmp_path: Path
) -> None:
    home.export(tmp_path / "a.tar.gz")
    whole = (tmp_path / "a.tar.gz").read_bytes()
    before = content(other.folder)
    for size in range(0, len(whole), 37):
        (tmp_path / "a.tar.gz").write_bytes(whole[:size])
        with pytest.raises(BundleRefused):
            other.import_(tmp_path / "a.tar.gz")
        assert content(other.folder) == before


def test_a_flipped_bit_in_an_archive_is_never_imported_as_something_else(
    home: Home, other: Home, tmp_path: Path
) -> None:
    home.export(tmp_path / "a.tar.gz")
    whole = (tmp_path / "a.tar.gz").read_bytes()
    expected = home.rows()
    expected["deployments"]["p/d"].pop("build")
    refused = 0
    for position in range(0, len(whole), 19):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        (tmp_path / "a.tar.gz").write_bytes(damaged)
        try:
            other.import_(tmp_path / "a.tar.gz")
        except BundleRefused:
            refused += 1
            continue
        found = other.rows()  # gzip has some bits without meaning
        found["deployments"]["p/d"].pop("build")
        assert found == expected
    assert refused > 50


def test_what_is_no_archive_at_all_is_refused(other: Home, tmp_path: Path) -> None:
    for data in (b"", b"nonsense", gzip.compress(b"nonsense" * 100), gzip.compress(b"")):
        (tmp_path / "a.tar.gz").write_bytes(data)
        with pytest.raises(BundleRefused, match="cannot be imported"):
            other.import_(tmp_path / "a.tar.gz")


def test_an_import_stopped_before_the_switch_changes_no_row(
    home: Home, other: Home, tmp_path: Path
) -> None:
    home.export(tmp_path / "a.tar.gz")
    before = content(other.folder)

    def stop() -> None:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        replace_state(other.db, other.files, tmp_path / "a.tar.gz", before=stop)
    assert content(other.folder) == before


def generate(home: Home, id: str, installed: Installed, **fields: Any) -> Path:
    """Add a generation with these dependencies; its code root."""
    build = home.files.new_build()
    folder = home.files.build(build)
    code = folder / "src" / "function"
    (code / "main.py").write_text(id)
    recipe = Recipe(runtime="python-3.12", entrypoint="main.py", commands="", era="1.9")
    sources = {"main.py": Source("digest", len(id), False)}
    record = Record(fingerprint="1", recipe=recipe, sources=sources, installed=(installed,))
    record.write(folder)
    if installed.home:
        link_installed(installed, folder)
    home.add(Deployment(id=id, status="ready", build=build, install=installed.home,
                        fingerprint="1", **BORN, **fields))  # fmt: skip
    return code


@pytest.mark.parametrize("anchors", [(), ("own",)])
def test_dependencies_are_found_after_a_move(
    home: Home, other: Home, tmp_path: Path, anchors: tuple[str, ...]
) -> None:
    first = generate(home, "first", Installed("packages", 3, anchors=anchors))
    (first / "packages").mkdir()
    for name in ("six", "own"):
        (first / "packages" / name).write_text(name)
    installed = Installed("packages", 3, first.parents[1].name, anchors)
    generate(home, "second", installed)
    home.db.table("deployments").drop("p/first")

    home.export(tmp_path / "a.tar.gz")
    other.import_(tmp_path / "a.tar.gz")

    row = other.rows()["deployments"]["p/second"]
    code = other.files.build(row["build"]) / "src" / "function"
    shared = other.files.build(row["install"]) / "src" / "function" / "packages"
    assert {path.name: path.read_text() for path in (code / "packages").iterdir()} == {
        "six": "six", "own": "own",
    }  # fmt: skip
    assert (code / "packages/six").resolve() == shared / "six"
    record = Record.read(other.files.build(row["build"]))
    assert record
    assert record.home == row["install"]
    assert row["install"] != first.parents[1].name
