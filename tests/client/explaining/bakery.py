"""Functions of several languages and files, which fail when they are asked to."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping
from pathlib import Path

OVEN = {
    "main.js": """
        const { bake } = require("./lib/bake.js");
        module.exports = async function main({ req, res, log, error }) {
          const isEvent = req.headers["x-appwrite-trigger"] === "event";
          const cake = isEvent ? req.bodyJson.name : req.bodyText;
          log(`baking ${cake}`);
          if (cake === "cold") {
            error("no heat");
            return res.text("cannot bake", 500);
          }
          if (cake === "exit") process.exit(3);
          if (cake === "wait") await new Promise(() => setInterval(() => {}, 1000));
          return res.json({ cake: bake(cake), slices: [{ size: 1 }, { size: 2 }] });
        };
    """,
    "lib/bake.js": """
        exports.bake = function bake(cake) {
          if (cake === "burnt") throw new Error("burnt to a crisp");
          return cake;
        };
    """,
}
MODULE = {
    "main.mjs": """
        import { bake } from "./lib/bake.mjs";
        export default async function main({ req, res, log }) {
          log("baking");
          return res.text(bake(req.bodyText));
        }
    """,
    "lib/bake.mjs": """
        export function bake(cake) {
          throw new TypeError(`no oven for ${cake}`);
        }
    """,
    "package.json": '{"name": "module", "type": "module"}',
}
PYTHON = {
    "main.py": """
        from .lib.bake import bake

        def main(context):
            context.log("baking")
            return context.res.text(bake(context.req.body_text))
    """,
    "lib/__init__.py": "",
    "lib/bake.py": """
        def bake(cake):
            try:
                {}[cake]
            except KeyError as exc:
                raise ValueError(f"no oven for {cake}") from exc
    """,
}
PHP = {
    "index.php": """
        <?php
        require __DIR__ . '/lib/bake.php';
        return function ($context) {
            $context->log('baking');
            return $context->res->text(bake($context->req->bodyText));
        };
    """,
    "lib/bake.php": """
        <?php
        function bake($cake) {
            throw new RuntimeException("no oven for $cake");
        }
    """,
}
LANGUAGES = ["module", "python", *(["php"] if shutil.which("php") else [])]
"""The functions that always throw."""


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder, with these files in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return folder
