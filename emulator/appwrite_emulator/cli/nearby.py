"""What was meant by a name that there is not: the near ones, else those there are."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from .running import Refused, Running

_MOST = 10  # names that are listed
NEVER_THERE = ("general_argument_invalid", "general_route_not_found")
"""Types of the errors that the API answers for ids that nothing can have."""


def unknown(kind: str, name: str, known: Collection[str], place: str = "") -> str:
    """Why `name` cannot be used: there is no such `kind`, such as "function", in `place`, such as
    "project 'shop'"; and which were meant, or there are."""
    from difflib import get_close_matches

    told = f"There is no {kind} '{name}'{f' in {place}' if place else ''}."
    by_folded = {each.casefold(): each for each in known}
    if near := get_close_matches(name.casefold(), by_folded, n=3):
        return f"{told} Did you mean {' or '.join(repr(by_folded[each]) for each in near)}?"
    if not known:
        return f"{told} It has none at all." if place else told
    shown = sorted(known)[:_MOST]
    more = f" and {len(known) - len(shown)} more" if len(known) > len(shown) else ""
    return f"{told} There {'are' if len(known) > 1 else 'is'} {', '.join(shown)}{more}."


def function_ids(running: Running, project: str) -> list[str]:
    """The ids of the functions of a project. Raises ConfigError."""
    return _ids(running, project, "functions")


def require_function(running: Running, project: str, function: str) -> None:
    """Raises Refused, which names the near ones, when the project has no such function; and
    ConfigError when nobody answers."""
    _require(running, project, "function", function)


def require_user(running: Running, project: str, user: str) -> None:
    """Raises Refused, which names the near ones, when the project has no such user; and
    ConfigError when nobody answers."""
    _require(running, project, "user", user)


def _require(running: Running, project: str, kind: str, id: str) -> None:
    try:
        running.api("GET", f"/{kind}s/{quote(id, safe='')}", project=project)
    except Refused as exc:
        if exc.type not in (f"{kind}_not_found", *NEVER_THERE):
            raise
        known = _ids(running, project, f"{kind}s")
        raise Refused(unknown(kind, id, known, f"project '{project}'"), exc.type) from exc


def _ids(running: Running, project: str, kind: str) -> list[str]:
    found: list[str] = []
    while True:
        query = [{"method": "limit", "values": [100]}, {"method": "offset", "values": [len(found)]}]
        reply = running.api("GET", f"/{kind}", project=project, queries=query)
        found += [each["$id"] for each in reply[kind]]
        if len(found) >= reply["total"] or not reply[kind]:
            return found
