"""Archives and multipart bodies as clients send them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

BOUNDARY = "----contract"


def tar_gz(files: Mapping[str, str | bytes], *members: tarfile.TarInfo) -> bytes:
    """A gzipped tar of files (texts or bytes) and further members without content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in members:
            archive.addfile(member)
    return out.getvalue()


def link(name: str, target: str) -> tarfile.TarInfo:
    """A symbolic link for `tar_gz`."""
    member = tarfile.TarInfo(name)
    member.type = tarfile.SYMTYPE
    member.linkname = target
    return member


def multipart_type() -> str:
    """The content type of what `form` makes."""
    return f"multipart/form-data; boundary={BOUNDARY}"


def form(
    fields: Mapping[str, str | bytes], files: Mapping[str, tuple[str, bytes]] | None = None
) -> bytes:
    """A multipart body: text parts, then file parts as (file name, content)."""
    parts = [_part(f'name="{name}"', value) for name, value in fields.items()]
    parts += [
        _part(f'name="{name}"; filename="{filename}"', content)
        for name, (filename, content) in (files or {}).items()
    ]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def _part(disposition: str, content: str | bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    data = content.encode() if isinstance(content, str) else content
    return head.encode() + data + b"\r\n"
