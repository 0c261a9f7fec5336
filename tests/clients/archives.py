"""The functions that the SDKs deploy, packed into archives of exactly the sizes that matter."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from pathlib import Path

MIB = 1024 * 1024
SIZES = {"python": {"5mib": 5 * MIB}, "node": {"12mib": 12 * MIB}}
"""Exactly one chunk of an upload; two chunks and a bit."""

NODE = """\
const fs = require('node:fs');
const path = require('node:path');

module.exports = async ({ req, res, log, error }) => {
  log(`called ${req.method} ${req.path}`);
  if (req.path === '/throw') throw new Error('boom from node');
  if (req.path === '/error') error('complained');
  const blob = path.join(__dirname, 'blob.bin');
  return res.json(
    {
      language: 'node',
      method: req.method,
      path: req.path,
      query: req.query,
      body: req.bodyText,
      custom: req.headers['x-custom'] ?? '',
      trigger: req.headers['x-appwrite-trigger'],
      greeting: process.env.GREETING ?? '',
      token: process.env.TOKEN ?? '',
      user: req.headers['x-appwrite-user-id'],
      jwt: req.headers['x-appwrite-user-jwt'],
      project: process.env.APPWRITE_FUNCTION_PROJECT_ID,
      deployment: process.env.APPWRITE_FUNCTION_DEPLOYMENT,
      blob: fs.existsSync(blob) ? fs.statSync(blob).size : 0,
    },
    req.path === '/teapot' ? 418 : 200,
    { 'x-made-by': 'node' },
  );
};
"""

PYTHON = """\
import os
from pathlib import Path


def main(context):
    request = context.req
    context.log(f"called {request.method} {request.path}")
    if request.path == "/throw":
        raise RuntimeError("boom from python")
    if request.path == "/error":
        context.error("complained")
    blob = Path(__file__).parent / "blob.bin"
    return context.res.json(
        {
            "language": "python",
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "body": request.body_text,
            "custom": request.headers.get("x-custom", ""),
            "trigger": request.headers["x-appwrite-trigger"],
            "greeting": os.environ.get("GREETING", ""),
            "token": os.environ.get("TOKEN", ""),
            "project": os.environ["APPWRITE_FUNCTION_PROJECT_ID"],
            "deployment": os.environ["APPWRITE_FUNCTION_DEPLOYMENT"],
            "blob": blob.stat().st_size if blob.exists() else 0,
        },
        418 if request.path == "/teapot" else 200,
        {"x-made-by": "python"},
    )
"""

_SOURCES = {"node": ("main.js", NODE), "python": ("main.py", PYTHON)}
_LONGEST_NAME = 60_000
_SMALLER = 40_000  # what tar and gzip add to the random bytes is less


def write_archives(folder: Path) -> None:
    """Write `<language>-small.tar.gz`, python-5mib.tar.gz and node-12mib.tar.gz."""
    for language, (name, source) in _SOURCES.items():
        (folder / f"{language}-small.tar.gz").write_bytes(_packed(name, source, 0, "a"))
        for label, size in SIZES[language].items():
            (folder / f"{language}-{label}.tar.gz").write_bytes(_exactly(size, name, source))


def _exactly(size: int, name: str, source: str) -> bytes:
    """An archive of `size` bytes: the file name in gzip's header takes up what is missing."""
    blob = size - _SMALLER
    missing = size - len(_packed(name, source, blob, "a"))
    assert 0 <= missing < _LONGEST_NAME, f"{missing} bytes are missing, choose another blob"
    packed = _packed(name, source, blob, "a" * (1 + missing))
    assert len(packed) == size, f"wanted {size} bytes, got {len(packed)}"
    return packed


def _packed(name: str, source: str, blob: int, gzip_name: str) -> bytes:
    """A tar.gz with the source and `blob` random bytes, which do not compress."""
    files = {name: source.encode(), "blob.bin": random.Random(1).randbytes(blob)}
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as tar:
        for each, content in files.items():
            info = tarfile.TarInfo(each)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    out = io.BytesIO()
    with gzip.GzipFile(gzip_name, "wb", compresslevel=1, fileobj=out, mtime=0) as file:
        file.write(tarred.getvalue())
    return out.getvalue()
