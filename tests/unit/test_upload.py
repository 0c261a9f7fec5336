"""Uploaded forms, however their bytes arrive, and what the SDKs put into them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

import appwrite_emulator
from appwrite_emulator.errors import ApiError
from appwrite_emulator.http.upload import Form, UploadedFile, choose_code, read_form

KIND = 'multipart/form-data; boundary="b-1"'
Part = tuple[str, str | None, bytes]
Receive = Callable[[], Awaitable[dict[str, Any]]]


def _body(*parts: Part) -> bytes:
    pieces = []
    for name, filename, content in parts:
        extra = "" if filename is None else f'; filename="{filename}"'
        head = f'--b-1\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'
        pieces.append(head.encode() + content + b"\r\n")
    return b"".join(pieces) + b"--b-1--\r\n"


def _receiver(pieces: Iterable[bytes], *, gone: bool = False) -> Receive:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    last = {"type": "http.disconnect"} if gone else {"type": "http.request"}
    waiting = iter([*messages, last])

    async def receive() -> dict[str, Any]:
        return next(waiting)

    return receive


def _split(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def _names(folder: Path) -> list[str]:
    return os.listdir(folder)


Read = tuple[dict[str, str | bytes], list[tuple[str, str, bytes, int, str]]]


async def _read(pieces: Sequence[bytes], folder: Path) -> Read:
    async with read_form(_receiver(pieces), KIND, None, folder, max_bytes=10**9) as form:
        files = [(f.field, f.filename, f.path.read_bytes(), f.size, f.digest) for f in form.files]
        fields = dict(form.fields)
    assert _names(folder) == []
    return fields, files


def _expected(name: str, filename: str, data: bytes) -> tuple[str, str, bytes, int, str]:
    return name, filename, data, len(data), hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("size", [1, 7, 65536])
async def test_a_form_is_read_in_pieces_of_any_size(size: int, tmp_path: Path) -> None:
    code = os.urandom(3000) + b"\r\n--b-2\r\n" + os.urandom(40)
    body = _body(
        ("activate", None, b"true"),
        ("commands", None, "npm i && écho".encode()),
        ("raw", None, b"\xff\xfe"),
        ("code", "code.tar.gz", code),
        ("other", "empty.bin", b""),
    )

    fields, files = await _read(_split(body, size), tmp_path)

    assert fields == {"activate": "true", "commands": "npm i && écho", "raw": b"\xff\xfe"}
    assert files == [_expected("code", "code.tar.gz", code), _expected("other", "empty.bin", b"")]


@settings(max_examples=40)
@given(
    st.lists(st.one_of(st.binary(max_size=60), st.just(b"\r\n--b-1"[:-1])), max_size=4),
    st.lists(st.integers(1, 50), min_size=1, max_size=20),
)
def test_random_content_survives_random_splitting(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], cuts: list[int]
) -> None:
    body = _body(*((f"f{number}", f"{number}.gz", data) for number, data in enumerate(contents)))
    pieces: list[bytes] = []
    while body:
        size = cuts[len(pieces) % len(cuts)]
        pieces.append(body[:size])
        body = body[size:]
    folder = tmp_path_factory.mktemp("parts")

    _, files = anyio.run(_read, pieces, folder)

    expected = [_expected(f"f{n}", f"{n}.gz", data) for n, data in enumerate(contents)]
    assert files == expected


async def test_a_file_moved_away_outlives_the_form(tmp_path: Path) -> None:
    receive = _receiver([_body(("code", "code.tar.gz", b"1234"))])
    (tmp_path / "parts").mkdir()
    async with read_form(receive, KIND, None, tmp_path / "parts", max_bytes=1000) as form:
        form.files[0].path.rename(tmp_path / "kept")

    assert (tmp_path / "kept").read_bytes() == b"1234"


async def test_another_content_type_is_an_empty_form(tmp_path: Path) -> None:
    receive = _receiver([b"{}"])
    async with read_form(receive, "application/json", 2, tmp_path, max_bytes=10) as form:
        assert form == Form({}, ())


async def _refused(receive: Receive, folder: Path, **options: Any) -> ApiError:
    limits = {"max_bytes": 10**6, **options}
    with pytest.raises(ApiError) as caught:
        async with read_form(receive, KIND, None, folder, **limits):
            pass
    assert _names(folder) == []
    return caught.value


async def test_a_client_that_goes_away_leaves_no_file(tmp_path: Path) -> None:
    half = _body(("a", "a.gz", b"1" * 500), ("code", "c.gz", b"2" * 500))[:-300]
    receive = _receiver(_split(half, 100), gone=True)

    with pytest.raises(ClientDisconnect):
        async with read_form(receive, KIND, None, tmp_path, max_bytes=10**6):
            pass
    assert _names(tmp_path) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(_body(("code", "c.gz", b"123"))[:-20], id="cut off"),
        pytest.param(b"no multipart at all" * 20, id="no boundary"),
        pytest.param(b"--b-1\r\nbroken\r\n\r\nx\r\n--b-1--\r\n", id="bad header"),
        pytest.param(_body(*[("a", None, b"1")] * 101), id="too many parts"),
    ],
)
async def test_a_damaged_body_is_a_bad_request(body: bytes, tmp_path: Path) -> None:
    error = await _refused(_receiver(_split(body, 64)), tmp_path)

    assert error.type == "general_bad_request"
    assert "multipart" in str(error)


async def test_too_many_bytes_are_refused_after_the_client_has_sent_them(tmp_path: Path) -> None:
    pieces = _split(_body(("code", "c.gz", b"1" * 5000)), 100)
    read = 0

    receive = _receiver(pieces)

    async def counted() -> dict[str, Any]:
        nonlocal read
        read += 1
        return await receive()

    error = await _refused(counted, tmp_path, max_bytes=1000)

    assert error.type == "storage_invalid_file_size"
    assert read == len(pieces) + 1


async def test_an_announced_length_over_the_limit_is_refused_before_anything_is_stored(
    tmp_path: Path,
) -> None:
    receive = _receiver([_body(("code", "c.gz", b"1"))])
    with pytest.raises(ApiError) as caught:
        async with read_form(receive, KIND, 2000, tmp_path, max_bytes=1000):
            pass
    assert caught.value.type == "storage_invalid_file_size"


async def test_long_text_fields_are_refused(tmp_path: Path) -> None:
    receive = _receiver([_body(("commands", None, b"x" * 200))])

    error = await _refused(receive, tmp_path, max_text=100)

    assert error.type == "general_argument_invalid"
    assert "`commands`" in str(error)


async def test_an_error_while_the_form_is_used_deletes_its_files(tmp_path: Path) -> None:
    receive = _receiver([_body(("code", "c.gz", b"1"))])
    with pytest.raises(RuntimeError):
        async with read_form(receive, KIND, None, tmp_path, max_bytes=1000):
            raise RuntimeError
    assert _names(tmp_path) == []


def test_a_package_in_front_of_multipart_is_named(tmp_path: Path) -> None:
    (tmp_path / "multipart").mkdir()
    (tmp_path / "multipart" / "__init__.py").touch()
    source = Path(appwrite_emulator.__file__).parents[1]
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(source)!r}]\n"
    code += "import appwrite_emulator.http.upload"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "python-multipart<0.0.13" in done.stderr


def _file(field: str, size: int, filename: str = "code.tar.gz") -> UploadedFile:
    return UploadedFile(field, filename, Path(field), size, "")


def test_the_code_field_is_taken_before_the_first_file() -> None:
    form = Form({}, (_file("other", 1), _file("code", 2)))

    assert choose_code(form, None) == (form.files[1], None)


def test_without_a_code_field_the_first_file_is_taken() -> None:
    form = Form({}, (_file("a", 1, "A.TAR.GZ"), _file("b", 2)))

    assert choose_code(form, None) == (form.files[0], None)


@pytest.mark.parametrize(
    ("files", "header", "type"),
    [
        ((), "broken", "storage_file_empty"),
        ((_file("code", 1, "code.zip"),), "broken", "storage_file_type_unsupported"),
        ((_file("code", 1, "code.gz.txt"),), None, "storage_file_type_unsupported"),
        ((_file("code", 1, "code"),), None, "storage_file_type_unsupported"),
        ((_file("code", 1),), "broken", "storage_invalid_content_range"),
        ((_file("code", 1),), "bytes 0-5/3", "storage_invalid_content_range"),
    ],
)
def test_code_is_refused_in_appwrites_order(
    files: tuple[UploadedFile, ...], header: str | None, type: str
) -> None:
    with pytest.raises(ApiError) as caught:
        choose_code(Form({}, files), header)
    assert caught.value.type == type


def test_no_file_is_said_in_appwrites_words() -> None:
    with pytest.raises(ApiError, match=r"^No file sent$"):
        choose_code(Form({}, ()), None)


def test_node_14_sends_the_chunk_beside_the_whole_file() -> None:
    form = Form({}, (_file("code", 100), _file("file", 20, "blob")))

    code, range = choose_code(form, "bytes 80-99/100")

    assert (code.path, code.size, code.filename) == (Path("file"), 20, "code.tar.gz")
    assert range is not None
    assert (range.start, range.stop) == (80, 100)


def test_an_end_equal_to_the_size_fits_the_whole_file() -> None:
    code, range = choose_code(Form({}, (_file("code", 100),)), "bytes 0-100/100")

    assert code.size == 100
    assert range is not None
    assert range.stop == 100


def test_python_7_announces_a_chunk_and_sends_nothing() -> None:
    form = Form({}, (_file("code", 0),))

    with pytest.raises(ApiError) as caught:
        choose_code(form, "bytes 10485760-12582911/12582912")

    assert caught.value.type == "storage_invalid_content_range"
    assert "announces 2097152 bytes" in str(caught.value)
    assert "from_bytes" in str(caught.value)
