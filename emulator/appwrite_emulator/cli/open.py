"""The command `open` with its help: show a function's website in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import click

from .completing import function_ids
from .whereabouts import FOUND, Whereabouts, project_option, running_options

if TYPE_CHECKING:
    from .running import Running

_VISITORS = {"any", "guests"}


@click.command(
    "open",
    short_help="Open a function's website in the browser.",
    epilog=f"""{FOUND}

\b
Examples:
  appwrite-emulator open postcard '/?to=Ada'
  curl -s "$(appwrite-emulator open postcard --print)"
""",
)
@click.argument("function", required=False, shell_complete=function_ids)
@click.argument("path", required=False, default="/")
@click.option("--print", "prints", is_flag=True, help="Only print the address.")
@project_option
@running_options
def open_(
    function: str | None, path: str, *, where: Whereabouts, project: str, prints: bool
) -> None:
    """Open the website of FUNCTION at PATH; without FUNCTION what the emulator says of itself.

    Visitors of a website are guests, so `execute` of the function must have `any` or `guests`.
    """
    from .driving import explained
    from .running import Running

    with explained():
        running = Running.find(where)
        place = running.project(project)
        address = f"{running.address}/_emulator/status"
        if function is not None:
            address = _website(running, place, function) + (path if path[:1] == "/" else f"/{path}")
    click.echo(address)
    if not prints:
        _show(address)


def _website(running: Running, project: str, function: str) -> str:
    """Where it answers as a website. Raises ConfigError for a function that does not."""
    from ..config import ConfigError
    from .nearby import require_function

    require_function(running, project, function)
    row = running.api("GET", f"/functions/{quote(function, safe='')}", project=project)
    if not _VISITORS & {*row["execute"]}:
        text = f"! {function} refuses visitors: add `any` or `guests` to its `execute`"
        click.echo(text, err=True)
    query = {"method": "equal", "attribute": "deploymentResourceId", "values": [function]}
    rules = running.api("GET", "/proxy/rules", project=project, queries=[query])["rules"]
    domains = [rule["domain"] for rule in rules if rule["type"] == "deployment"]
    if not domains:
        raise ConfigError(f"{function} has no domain. POST /v1/proxy/rules/function gives it one")
    domain = min(domains, key=lambda name: (not name.endswith(".localhost"), len(name)))
    return f"http://{domain}:{urlsplit(running.address).port or 80}"


def _show(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        click.echo("! No browser was found here: open the address yourself", err=True)
