"""One emulator with functions of two languages for each module, and a handle for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appwrite_emulator import Appwrite, Emulator, isolated
from appwrite_emulator.client.function import Function

PYTHON = """
    import os
    import time

    async def main(context):
        req = context.req
        context.log(f"called at {req.path}")
        if req.path == "/throw":
            raise RuntimeError("out of flour")
        if req.path == "/binary":
            return context.res.binary(bytes(reversed(req.body_binary)))
        if req.path == "/status":
            return context.res.text("made", 201, {"x-kind": "bread"})
        return context.res.json({
            "method": req.method,
            "path": req.path,
            "query": req.query,
            "body": req.body_text,
            "type": req.headers.get("content-type"),
            "trace": req.headers.get("x-trace"),
            "user": req.headers.get("x-appwrite-user-id"),
            "jwt": bool(req.headers.get("x-appwrite-user-jwt")),
            "trigger": req.headers.get("x-appwrite-trigger"),
            "event": req.headers.get("x-appwrite-event"),
            "flour": os.environ.get("FLOUR"),
            "pid": os.getpid(),
        })
"""
NODE = """
    module.exports = async ({ req, res, log }) => {
      log(`called at ${req.path}`);
      if (req.path === "/throw") throw new Error("out of flour");
      if (req.path === "/binary") return res.binary(Buffer.from([...req.bodyBinary].reverse()));
      if (req.path === "/status") return res.text("made", 201, { "x-kind": "bread" });
      return res.json({
        method: req.method,
        path: req.path,
        query: req.query,
        body: req.bodyText,
        type: req.headers["content-type"] ?? null,
        trace: req.headers["x-trace"] ?? null,
        user: req.headers["x-appwrite-user-id"] ?? null,
        jwt: Boolean(req.headers["x-appwrite-user-jwt"]),
        trigger: req.headers["x-appwrite-trigger"] ?? null,
        event: req.headers["x-appwrite-event"] ?? null,
        flour: process.env.FLOUR ?? null,
        pid: process.pid,
      });
    };
"""


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """With the functions `python` and `node`, which tell what they were called with."""
    with Emulator(port=0) as emulator, isolated(emulator) as appwrite:
        appwrite.deploy(files={"main.py": PYTHON}, id="python", runtime="python-3.12")
        appwrite.deploy(files={"main.js": NODE}, id="node", runtime="node-22")
        yield emulator


@pytest.fixture
def appwrite(emulator: Emulator) -> Iterator[Appwrite]:
    with isolated(emulator) as appwrite:
        yield appwrite


@pytest.fixture(params=["python", "node"])
def function(appwrite: Appwrite, request: pytest.FixtureRequest) -> Function:
    """The function of each language."""
    id: str = request.param
    return appwrite.functions[id]
