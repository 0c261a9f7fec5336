"""Functions of two languages that are websites: they tell what they got and answer as asked."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .server import Json, Project, Reply

PYTHON = """
import os
import time


def main(context):
    req, res = context.req, context.res
    context.log("visited", req.path)
    if req.path == "/bytes":
        return res.binary(bytes([0, 10, 255]))
    if req.path == "/length":
        return res.text(str(list(req.body_binary)))
    if req.path == "/cookies":
        return res.text("", 200, {"Set-Cookie": "a=1; Path=/", "set-cookie": "b=2; Path=/"})
    if req.path == "/empty":
        headers = {"x-own": "1", "set-cookie": "c=3", "content-length": "9"}
        return res.text("", int(req.query["code"]), headers)
    if req.path == "/status":
        return res.text("mine", int(req.query["code"]), {"content-type": "text/css"})
    if req.path == "/throw":
        raise ValueError("broken")
    if req.path == "/exit":
        os._exit(3)
    if req.path == "/sleep":
        time.sleep(30)
    return res.json(
        {
            "method": req.method, "path": req.path, "query": req.query_string, "url": req.url,
            "host": req.host, "port": req.port, "headers": dict(req.headers),
            "body": req.body_text,
        }
    )
"""
NODE = """
module.exports = async ({ req, res, log }) => {
  log(`visited ${req.path}`);
  if (req.path === "/bytes") return res.binary(Buffer.from([0, 10, 255]));
  if (req.path === "/length") return res.text(JSON.stringify([...req.bodyBinary]));
  if (req.path === "/cookies")
    return res.text("", 200, { "Set-Cookie": ["a=1; Path=/", "b=2; Path=/"] });
  if (req.path === "/empty") {
    const headers = { "x-own": "1", "set-cookie": "c=3", "content-length": "9" };
    return res.text("", Number(req.query.code), headers);
  }
  if (req.path === "/status")
    return res.text("mine", Number(req.query.code), { "content-type": "text/css" });
  if (req.path === "/throw") throw new Error("broken");
  if (req.path === "/exit") process.exit(3);
  if (req.path === "/sleep") await new Promise((resolve) => setTimeout(resolve, 30000));
  return res.json({
    method: req.method, path: req.path, query: req.queryString, url: req.url,
    host: req.host, port: req.port, headers: req.headers, body: req.bodyText,
  });
};
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A function at its domain."""

    project: Project
    domain: str
    is_python: bool = True

    def visit(
        self, method: str, target: str, body: bytes | list[bytes] = b"", **headers: str
    ) -> Reply:
        """A request as a browser sends it; `_` in a header's name stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        host = f"{self.domain}:9080"
        return self.project.server.call(method, target, {"host": host, **named}, body)

    def told(self, method: str, target: str, body: bytes = b"", **headers: str) -> Json:
        """What the function says it got."""
        reply = self.visit(method, target, body, **headers)
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    @property
    def is_16(self) -> bool:
        return self.project.server.emulator.config.appwrite == "1.6"


def site(project: Project, *, language: str = "python", **settings: Json) -> Site:
    """A new function `f` of the project, deployed, at the domain it has from the start."""
    if language == "python":
        project.function(**settings)
        project.deploy("f", {"main.py": PYTHON})
    else:
        project.function(runtime="node-22", entrypoint="index.js", **settings)
        project.deploy("f", {"index.js": NODE})
    return Site(project, domain_of(project), language == "python")


def domain_of(project: Project, function: str = "f") -> str:
    """The first domain of a function."""
    query = {"method": "equal", "attribute": "resourceId", "values": [function]}
    return str(project.get("/proxy/rules", query).expect(200)["rules"][0]["domain"])


def text_of(page: Reply) -> str:
    """The HTML of a page."""
    assert (page.header("content-type") or "").startswith("text/html")
    return page.body.decode()
