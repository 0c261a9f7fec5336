"""The HTML pages that visitors of a domain see where no function answers."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from ..errors import Era, ErrorRow


class _Words(NamedTuple):
    """What the page of an error says beside its message."""

    title: str
    button: str
    target: str  # of the button


_DOCS = "https://appwrite.io/docs/products/functions"
# Source: Appwrite 1.9.6, error pages of the router.
_WORDS = {
    "rule_not_found": _Words("Nothing is here yet", "Start with this domain", f"{_DOCS}/domains"),
    "deployment_not_found": _Words(
        "No active deployments", "View deployments", f"{_DOCS}/deployments"
    ),
    "build_not_ready": _Words(
        "Deployment is still building", "View deployments", f"{_DOCS}/deployments"
    ),
    "function_execute_permission_missing": _Words(
        "Execution not permitted", "View settings", f"{_DOCS}/execute"
    ),
}
# What stands in for an empty body of a function that answered so.
_BRANDED = {
    401: "You must sign in to access this page.",
    403: "You are not authorized to access this page.",
    404: "The page you are looking for does not exist.",
    501: "This page is not implemented yet.",
    504: "The server did not respond in time.",
}
_CLIENT_ERROR = "An unexpected client error occured."
_SERVER_ERROR = "An unexpected server error occured."

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ margin: 0; min-height: 100vh; display: grid; place-items: center;
    font: 16px/1.5 system-ui, sans-serif }}
  main {{ max-width: 34rem; padding: 2rem; text-align: center }}
  h1 {{ font-size: 1.5rem; margin: 0 0 .5rem }}
  a {{ display: inline-block; margin-top: 1rem; padding: .5rem 1rem; border: 1px solid;
    border-radius: .5rem; color: inherit; text-decoration: none }}
  small {{ display: block; margin-top: 2rem; opacity: .6 }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
{button}<small>{code} &middot; Appwrite Emulator</small>
</main>
</body>
</html>
"""


def error_page(row: ErrorRow, era: Era) -> bytes:
    """The page of a refusal."""
    words = _WORDS.get(row.type) if era == "1.9" else None
    if words is None:
        return _page(f"Error {row.code}", row.message, row.code)
    button = f'<a href="{words.target}">{words.button}</a>\n'
    return _page(words.title, row.message, row.code, button)


def branded_page(status: int) -> bytes:
    """The page in place of the empty body of an answer with this status, from 400."""
    text = _BRANDED.get(status) or (_CLIENT_ERROR if status < 500 else _SERVER_ERROR)
    return _page(f"Error {status}", text, status)


def _page(title: str, text: str, code: int, button: str = "") -> bytes:
    text = escape(text, quote=False)
    return _PAGE.format(title=title, text=text, button=button, code=code).encode()
