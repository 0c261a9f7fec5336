"""Archives: what is unpacked, what is refused, what is packed."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from appwrite_emulator.archive import ArchiveBroken, ArchiveRefused, pack, pack_files, unpack

LIMIT = 10_000_000
Entry = tuple[tarfile.TarInfo, bytes]


def _file(name: str, content: bytes = b"x", mode: int = 0o644) -> Entry:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    return info, content


def _special(name: str, type: bytes, linkname: str = "") -> Entry:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = type, linkname
    return info, b""


def _folder(name: str) -> Entry:
    return _special(name, tarfile.DIRTYPE)


def _link(name: str, target: str) -> Entry:
    return _special(name, tarfile.SYMTYPE, target)


def _hard_link(name: str, target: str) -> Entry:
    return _special(name, tarfile.LNKTYPE, target)


def _tar(*entries: Entry, format: int = tarfile.GNU_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=format, errors="surrogateescape") as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return target.getvalue()


@pytest.fixture
def unpack_bytes(tmp_path: Path) -> Callable[..., Path]:
    def run(data: bytes, **options: int) -> Path:
        (tmp_path / "code.tar.gz").write_bytes(data)
        limits: dict[str, int] = {"max_size": LIMIT, **options}
        unpack(tmp_path / "code.tar.gz", tmp_path / "into", **limits)  # type: ignore[arg-type]  # ints only
        return tmp_path / "into"

    return run


def _refuses(tmp_path: Path, entries: tuple[Entry, ...], **options: int) -> str:
    archive = tmp_path / "code.tar.gz"
    archive.write_bytes(gzip.compress(_tar(*entries), 1))
    limits: dict[str, int] = {"max_size": LIMIT, **options}
    with pytest.raises(ArchiveRefused) as caught:
        unpack(archive, tmp_path / "into", **limits)  # type: ignore[arg-type]  # ints only
    assert list((tmp_path / "into").iterdir()) == []
    return str(caught.value)


def test_files_folders_modes_and_links_are_unpacked(unpack_bytes: Callable[..., Path]) -> None:
    data = _tar(
        _folder("./"),
        _file("./index.js", b"hello"),
        _file("./.env", b"A=1"),
        _file("./bin/run", b"#!", mode=0o6711),
        _link("./bin/again", "run"),
        _hard_link("./copy.js", "./index.js"),
        _folder("./empty"),
        _file("./" + "long/" * 40 + "name.txt", b"deep"),
        _file("./ünï.txt", b"u"),
    )
    into = unpack_bytes(gzip.compress(data))

    assert (into / "index.js").read_bytes() == b"hello"
    assert (into / ".env").read_bytes() == b"A=1"
    assert stat.S_IMODE((into / "bin/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((into / "index.js").stat().st_mode) == 0o644
    assert os.readlink(into / "bin/again") == "run"
    assert (into / "copy.js").read_bytes() == b"hello"
    assert (into / "empty").is_dir()
    assert (into / ("long/" * 40) / "name.txt").read_bytes() == b"deep"
    assert (into / "ünï.txt").read_bytes() == b"u"


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_tar_format_is_read(format: int, tmp_path: Path) -> None:
    name = "folder/" * 15 + "file.txt"
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(_tar(_file(name, b"12345"), format=format)))

    assert unpack(tmp_path / "a.tar.gz", tmp_path / "into", max_size=LIMIT) == 5
    assert (tmp_path / "into" / name).read_bytes() == b"12345"


def test_a_later_file_of_the_same_name_replaces_the_earlier(
    unpack_bytes: Callable[..., Path],
) -> None:
    into = unpack_bytes(
        gzip.compress(
            _tar(_file("a", b"old"), _hard_link("b", "a"), _file("a", b"new"), _file("b", b"b"))
        )
    )

    assert (into / "a").read_bytes() == b"new"
    assert (into / "b").read_bytes() == b"b"


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ((_file("/etc/passwd"),), "absolute"),
        ((_file("a/../../b"),), "'..'"),
        ((_file(".."),), "'..'"),
        ((_folder("../x"),), "'..'"),
        ((_link("l", "/etc"),), "links outside"),
        ((_link("l", "../x"),), "links outside"),
        ((_link("a/l", "../../x"),), "links outside"),
        ((_link("l", ""),), "links outside"),
        (
            (
                _link("a/up", ".."),
                _link("l", "a/up/.."),
            ),
            "through other links",
        ),
        ((_folder("d"), _link("l", "d"), _file("l/x")), "something other than a folder"),
        ((_link("l", "d"), _file("l/x")), "something other than a folder"),
        ((_file("f"), _file("f/x")), "something other than a folder"),
        ((_link("l", "d"), _folder("l")), "something other than a folder"),
        ((_folder("d"), _file("d")), "made it a folder"),
        ((_folder("d"), _link("d", "x")), "made it a folder"),
        ((_hard_link("h", "/etc/passwd"),), "absolute"),
        ((_hard_link("h", "../x"),), "'..'"),
        ((_hard_link("h", "nothing"),), "no file unpacked before"),
        ((_link("l", "f"), _hard_link("h", "l")), "no file unpacked before"),
        ((_folder("d"), _hard_link("h", "d")), "no file unpacked before"),
        ((_special("p", tarfile.FIFOTYPE),), "device or a pipe"),
        ((_special("c", tarfile.CHRTYPE),), "device or a pipe"),
        ((_special("b", tarfile.BLKTYPE),), "device or a pipe"),
        ((_special("s", tarfile.GNUTYPE_SPARSE),), "sparse"),
        ((_special("q", b"Z"),), "unknown type"),
        ((_file("bad\udcff"),), "not UTF-8"),
        ((_link("l", "bad\udcff"),), "not UTF-8"),
        ((_file("d/" * 250 + "x"),), "folders deep"),
        ((_file("n" * 300),), "cannot store it"),
        ((_link(".", "x"),), "root of the archive"),
    ],
)
def test_hostile_entries_are_refused_and_nothing_stays(
    entries: tuple[Entry, ...], reason: str, tmp_path: Path
) -> None:
    assert reason in _refuses(tmp_path, (_file("first"), *entries))


def test_a_link_is_never_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept")
    _refuses(tmp_path, (_link("l", "../outside"), _file("l", b"overwritten")))

    assert outside.read_text() == "kept"


def test_a_name_with_nul_is_refused(tmp_path: Path) -> None:
    info, content = _file("a")
    info.pax_headers = {"path": "a\0b"}
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(gzip.compress(_tar((info, content), format=tarfile.PAX_FORMAT)))

    with pytest.raises(ArchiveRefused, match="NUL"):
        unpack(archive, tmp_path / "into", max_size=LIMIT)


def test_a_pax_sparse_file_is_refused(tmp_path: Path) -> None:
    info, content = _file("a")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.realsize": str(10**12)}
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(gzip.compress(_tar((info, content), format=tarfile.PAX_FORMAT)))

    with pytest.raises(ArchiveRefused, match="sparse"):
        unpack(archive, tmp_path / "into", max_size=LIMIT)


def test_more_bytes_than_allowed_are_refused_while_streaming(tmp_path: Path) -> None:
    message = _refuses(tmp_path, (_file("a", b"0" * 600), _file("b", b"0" * 401)), max_size=1000)

    assert message == "Entry 'b' is refused: the archive unpacks to more than 1000 bytes."


def test_exactly_the_allowed_bytes_are_unpacked(unpack_bytes: Callable[..., Path]) -> None:
    into = unpack_bytes(gzip.compress(_tar(_file("a", b"0" * 1000))), max_size=1000)

    assert (into / "a").stat().st_size == 1000


def test_a_size_that_is_only_claimed_is_refused_before_reading(tmp_path: Path) -> None:
    info = tarfile.TarInfo("huge")
    info.size = 10**15
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT)))

    with pytest.raises(ArchiveRefused, match="more than 10000000 bytes"):
        unpack(archive, tmp_path / "into", max_size=LIMIT)


def test_a_huge_extended_header_is_refused_before_it_is_read(tmp_path: Path) -> None:
    info = tarfile.TarInfo("long")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 5_000_000
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(5_000_000), 1))

    with pytest.raises(ArchiveRefused, match="extended header"):
        unpack(archive, tmp_path / "into", max_size=LIMIT)


def test_too_many_entries_are_refused(tmp_path: Path) -> None:
    entries = tuple(_folder(f"d{number}") for number in range(11))

    assert "more than 10 entries" in _refuses(tmp_path, entries, max_entries=10)


_GOOD = gzip.compress(_tar(_file("a", os.urandom(5000)), _file("b", b"b" * 5000)))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello, this is no archive", id="text"),
        pytest.param(gzip.compress(b"no tar" * 200), id="gzip of text"),
        pytest.param(gzip.compress(b"short"), id="gzip of little"),
        pytest.param(_GOOD[:20], id="gzip cut off early"),
        pytest.param(_GOOD[: len(_GOOD) // 2], id="gzip cut off in the middle"),
        pytest.param(_GOOD[:-9], id="gzip cut off in its end"),
        pytest.param(_GOOD[:-5] + b"\0" + _GOOD[-4:], id="wrong checksum"),
        pytest.param(_GOOD[:60] + b"\xff\xff\xff" + _GOOD[63:], id="damaged"),
        pytest.param(gzip.compress(_tar(_file("a", b"1" * 5000))[:3000]), id="tar cut off"),
        pytest.param(gzip.compress(_tar(_file("a"))[:1024] + b"junk" * 128), id="junk header"),
    ],
)
def test_a_broken_archive_is_named_and_nothing_stays(
    data: bytes, unpack_bytes: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(ArchiveBroken):
        unpack_bytes(data)
    assert list((tmp_path / "into").iterdir()) == []


def test_a_tar_without_end_blocks_is_accepted(unpack_bytes: Callable[..., Path]) -> None:
    into = unpack_bytes(gzip.compress(_tar(_file("a"))[:1024]))

    assert (into / "a").read_bytes() == b"x"


def test_a_folder_in_use_is_left_alone(tmp_path: Path, unpack_bytes: Callable[..., Path]) -> None:
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "mine").touch()

    with pytest.raises(FileExistsError):
        unpack_bytes(_GOOD)
    assert [path.name for path in (tmp_path / "into").iterdir()] == ["mine"]


def test_a_check_that_raises_stops_the_work_and_clears_it_away(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(_GOOD)
    calls = iter(range(100))

    def check() -> None:
        if next(calls) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        unpack(tmp_path / "a.tar.gz", tmp_path / "into", max_size=LIMIT, check=check)
    assert list((tmp_path / "into").iterdir()) == []


def test_packing_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    for number in (1, 2):
        root = tmp_path / f"tree{number}"
        (root / "src").mkdir(parents=True)
        names = ["src/main.js", "a.txt", ".hidden"]
        for name in names if number == 1 else reversed(names):
            (root / name).write_text(name)
        os.utime(root / "a.txt", (number, number))
        assert pack(root, tmp_path / f"{number}.tar.gz") > 0

    first, second = ((tmp_path / f"{number}.tar.gz").read_bytes() for number in (1, 2))
    assert first == second
    assert first[4:8] == bytes(4)  # no time in the gzip header
    with tarfile.open(tmp_path / "1.tar.gz") as tar:
        assert tar.getnames() == [".hidden", "a.txt", "src", "src/main.js"]


def test_what_is_packed_unpacks_again(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    (root / "bin").mkdir(parents=True)
    (root / "bin/run").write_text("#!/bin/sh")
    (root / "bin/run").chmod(0o700)
    (root / ".env").write_text("A=1")
    (root / "inside").symlink_to("bin/run")
    (root / "outside").symlink_to("../elsewhere")
    (root / "absolute").symlink_to("/etc/hosts")
    os.mkfifo(root / "pipe")

    size = pack(root, tmp_path / "a.tar.gz")
    unpack(tmp_path / "a.tar.gz", tmp_path / "into", max_size=LIMIT)

    assert size == (tmp_path / "a.tar.gz").stat().st_size
    names = sorted(path.relative_to(tmp_path / "into").as_posix() for path in
                   (tmp_path / "into").rglob("*"))  # fmt: skip
    assert names == [".env", "bin", "bin/run", "inside"]
    assert stat.S_IMODE((tmp_path / "into/bin/run").stat().st_mode) == 0o755
    assert os.readlink(tmp_path / "into/inside") == "bin/run"


def test_links_into_a_lent_folder_are_packed_as_what_they_lead_to(tmp_path: Path) -> None:
    lent, root = tmp_path / "lent", tmp_path / "root"
    (lent / "packages/six").mkdir(parents=True)
    root.mkdir()
    (lent / "packages/six/a").write_text("a")
    (lent / "packages/alias").symlink_to("six")
    (lent / "packages/outside").symlink_to("../../secret")
    (tmp_path / "secret").write_text("secret")
    (root / "packages").symlink_to("../lent/packages")
    (root / "secret").symlink_to("../secret")
    pack(root, tmp_path / "a.tar.gz", lent=lent)
    unpack(tmp_path / "a.tar.gz", tmp_path / "into", max_size=LIMIT)

    names = {
        path.relative_to(tmp_path / "into").as_posix() for path in (tmp_path / "into").rglob("*")
    }
    assert names == {"packages", "packages/six", "packages/six/a", "packages/alias"}
    assert os.readlink(tmp_path / "into/packages/alias") == "six"


def test_files_are_packed_under_the_names_given(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    pack_files({"b/x": tmp_path / "one", "a": tmp_path / "two"}, tmp_path / "a.tar.gz")

    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        assert tar.getnames() == ["a", "b/x"]


def test_a_failed_pack_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pack(tmp_path / "missing", tmp_path / "a.tar.gz")
    assert not (tmp_path / "a.tar.gz").exists()
