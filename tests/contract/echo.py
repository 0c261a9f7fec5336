"""Functions of two languages that do what the path says, and tell what they were called with."""

from __future__ import annotations

PYTHON = """
import os


def main(context):
    req, res = context.req, context.res
    context.log("logged", req.path)
    context.error("erred")
    if req.path == "/bytes":
        return res.binary(bytes([0, 10, 255]))
    if req.path == "/length":
        return res.text(str(list(req.body_binary)))
    if req.path == "/status":
        return res.text("as wished", int(req.query["code"]), {"X-Own": "1", "content-length": "9"})
    if req.path == "/headers":
        return res.json(dict(req.headers))
    return res.json(
        {"method": req.method, "path": req.path, "query": req.query_string, "body": req.body_text}
    )
"""
NODE = """
module.exports = async ({ req, res, log, error }) => {
  log(`logged ${req.path}`);
  error("erred");
  if (req.path === "/bytes") return res.binary(Buffer.from([0, 10, 255]));
  if (req.path === "/length") return res.text(JSON.stringify([...req.bodyBinary]));
  if (req.path === "/status")
    return res.text("as wished", Number(req.query.code), { "X-Own": "1", "content-length": "9" });
  if (req.path === "/headers") return res.json(req.headers);
  return res.json(
    { method: req.method, path: req.path, query: req.queryString, body: req.bodyText });
};
"""
