"""Uploads: multipart forms streamed to files, and the part that holds the code."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from starlette.requests import ClientDisconnect

from ..chunks import ContentRange, content_range
from ..errors import ApiError

try:
    from multipart import (  # type: ignore[import-untyped]  # one module cannot be marked typed
        MultipartError,
        MultipartSegment,
        PushMultipartParser,
        parse_options_header,
    )
except ImportError as exc:
    raise ImportError(
        "The module 'multipart' (version 2 or newer) cannot be used. Old versions of another"
        " distribution, python-multipart<0.0.13, install a package of the same name in front of"
        " it: upgrade or uninstall python-multipart, then run"
        " `pip install --force-reinstall multipart`."
    ) from exc

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_MAX_PARTS = 100
_MAX_TEXT = 1024 * 1024
_MAX_DRAIN = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file part, stored: `size` in bytes, `digest` as SHA-256 hex digits."""

    field: str
    filename: str
    path: Path
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form's text fields (bytes where they are not UTF-8) and its files in order."""

    fields: Mapping[str, str | bytes]
    files: tuple[UploadedFile, ...]


@asynccontextmanager
async def read_form(
    receive: Receive,
    content_type: str,
    content_length: int | None,
    folder: Path,
    *,
    max_bytes: int,
    max_text: int = _MAX_TEXT,
) -> AsyncIterator[Form]:
    """The form in an ASGI request body; each file part streams to its own file in `folder`.

    On leaving the context all these files are deleted, so move the one to keep. A body of any
    other type than `multipart/form-data` is a form without fields and files.

    Raises ApiError `storage_invalid_file_size` when the body has more than `max_bytes` bytes,
    `general_bad_request` when it is damaged, `general_argument_invalid` when the text fields
    have more than `max_text` bytes (default 1 MiB) together; ClientDisconnect when the client
    goes away.
    """
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data":
        yield Form({}, ())
        return
    intake = _Intake(folder, max_text)
    try:
        if content_length is not None and content_length > max_bytes:
            await _drain(receive)
            raise ApiError("storage_invalid_file_size")
        await _read(receive, options.get("boundary", ""), intake, max_bytes)
        yield intake.form()
    except MultipartError as exc:
        message = f"The multipart body of the request is damaged: {exc}."
        raise ApiError("general_bad_request", message) from exc
    finally:
        intake.discard()


async def _read(receive: Receive, boundary: str, intake: _Intake, max_bytes: int) -> None:
    received = 0
    with PushMultipartParser(boundary, max_segment_count=_MAX_PARTS) as parser:
        async for chunk in _chunks(receive):
            received += len(chunk)
            if received > max_bytes:
                await _drain(receive)
                raise ApiError("storage_invalid_file_size")
            intake.feed(parser, chunk)


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        if chunk := message.get("body", b""):
            yield chunk


async def _drain(receive: Receive) -> None:
    """Read what is still coming: clients see no answer given while they are sending."""
    drained = 0
    async for chunk in _chunks(receive):
        drained += len(chunk)
        if drained > _MAX_DRAIN:
            return


class _Intake:
    """What has been read of one form: finished fields and files, and the part being read."""

    def __init__(self, folder: Path, max_text: int) -> None:
        self._folder = folder
        self._text_left = max_text
        self._fields: dict[str, str | bytes] = {}
        self._files: list[UploadedFile] = []
        self._paths: list[Path] = []
        self._part: _FilePart | _TextPart | None = None

    def feed(self, parser: PushMultipartParser, chunk: bytes) -> None:
        for event in parser.parse(chunk):
            if isinstance(event, MultipartSegment):
                self._begin(event)
            elif event is None:
                self._finish()
            else:
                self._take(event)

    def _begin(self, segment: MultipartSegment) -> None:
        if segment.filename is None:
            self._part = _TextPart(segment.name, bytearray())
            return
        path = self._folder / f"{secrets.token_hex(16)}.part"
        self._paths.append(path)
        self._part = _FilePart(segment.name, segment.filename, path, path.open("xb"))

    def _take(self, data: bytes) -> None:
        assert self._part is not None, "the parser gives data inside of parts only"
        if isinstance(self._part, _TextPart):
            self._text_left -= len(data)
            if self._text_left < 0:
                message = f"Invalid `{self._part.name}` param: The form's text fields are too long."
                raise ApiError("general_argument_invalid", message)
        self._part.write(data)

    def _finish(self) -> None:
        if isinstance(self._part, _TextPart):
            self._fields[self._part.name] = _decode(bytes(self._part.data))
        elif self._part is not None:
            self._files.append(self._part.close())
        self._part = None

    def form(self) -> Form:
        return Form(self._fields, tuple(self._files))

    def discard(self) -> None:
        if isinstance(self._part, _FilePart):
            self._part.close()
        for path in self._paths:
            path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _TextPart:
    name: str
    data: bytearray

    def write(self, data: bytes) -> None:
        self.data.extend(data)


class _FilePart:
    """A file part on its way to disk, counted and hashed as it passes."""

    def __init__(self, name: str, filename: str, path: Path, file: IO[bytes]) -> None:
        self.name = name
        self._filename = filename
        self._path = path
        self._file = file
        self._size = 0
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._size += len(data)

    def close(self) -> UploadedFile:
        self._file.close()
        digest = self._hash.hexdigest()
        return UploadedFile(self.name, self._filename, self._path, self._size, digest)


def _decode(data: bytes) -> str | bytes:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data


def choose_code(form: Form, header: str | None) -> tuple[UploadedFile, ContentRange | None]:
    """The part of `form` that holds a deployment's code, and the range of it that was sent.

    `header` is the request's Content-Range. It is the file in field `code`, else the first
    file. Node SDK 14 sends the whole archive in `code` and the chunk in `file`: then the latter.

    Raises ApiError in Appwrite's order: `storage_file_empty`, `storage_file_type_unsupported`,
    `storage_invalid_content_range`, which also answers a body that has not the announced length.
    """
    if not form.files:
        raise ApiError("storage_file_empty", "No file sent")
    code = next((file for file in form.files if file.field == "code"), form.files[0])
    if code.filename.rpartition(".")[2].lower() != "gz":
        raise ApiError("storage_file_type_unsupported")
    range = content_range(header)
    return (code if range is None else _choose_chunk(form, code, range)), range


def _choose_chunk(form: Form, code: UploadedFile, range: ContentRange) -> UploadedFile:
    if code.size == range.length:
        return code
    for file in form.files:
        if file.field == "file" and file.size == range.length:
            return replace(file, filename=code.filename)
    # Python SDK 7 announces the last chunk of InputFile.from_bytes and sends nothing.
    message = (
        f"The content range is invalid. The Content-Range header announces {range.length} bytes"
        f" ({range.start}-{range.end}/{range.size}), but {code.size} bytes were sent. Version 7 of"
        " the Python SDK does this with InputFile.from_bytes: use InputFile.from_path or update it."
    )
    raise ApiError("storage_invalid_content_range", message)
