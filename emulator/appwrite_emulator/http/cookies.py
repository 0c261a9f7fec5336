"""How a session travels: in a cookie, or in headers where cookies do not reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import quote, unquote

from ..services.sessions import Opened, decode
from .reply import RawHeaders
from .request import Request

_PAST = datetime.fromtimestamp(0, UTC)


class Credential(NamedTuple):
    """The session that a request names."""

    user_id: str
    secret: str
    is_fallback: bool


def read(request: Request, project: str) -> Credential | None:
    """The session of `project` that the request names, from the first source that has one."""
    for value, is_fallback in _sources(request, f"a_session_{project.lower()}"):
        if found := decode(value):
            return Credential(*found, is_fallback)
    return None


def _sources(request: Request, name: str) -> Iterator[tuple[str, bool]]:
    cookies = _cookies(request.header("cookie"))
    yield cookies.get(name) or cookies.get(f"{name}_legacy") or "", False
    yield request.header("x-appwrite-session"), False
    yield _fallback(request.header("x-fallback-cookies"), name), True


def _cookies(header: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in header.split(";")]
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}


def _fallback(header: str, name: str) -> str:
    try:
        cookies = json.loads(header or "{}")
    except (ValueError, RecursionError):
        return ""
    value = cookies.get(name) if isinstance(cookies, dict) else None
    return value if isinstance(value, str) else ""


def opened(request: Request, project: str, session: Opened) -> RawHeaders:
    """The headers that give the client its new session.

    The one for clients without cookies always comes: no page here shares a registered domain with
    the API. Source: Appwrite 1.6.2 and 1.9.6.
    """
    expire = datetime.fromisoformat(session.session.expire)
    name, value = f"a_session_{project.lower()}", session.credential
    fallback = json.dumps({name: value}, separators=(",", ":"))
    return (*_set(request, name, value, expire), (b"x-fallback-cookies", fallback.encode()))


def closed(request: Request, project: str, *, is_current: bool) -> RawHeaders:
    """The headers that take sessions from the client, the cookies with the current one."""
    name = f"a_session_{project.lower()}"
    cookies = _set(request, name, "", _PAST) if is_current else ()
    return (*cookies, (b"x-fallback-cookies", b"[]"))


def _set(request: Request, name: str, value: str, expire: datetime) -> RawHeaders:
    secure = "; secure" if request.scope.get("scheme") == "https" else ""
    ends = format_datetime(expire.astimezone(UTC), usegmt=True)
    rest = f"{quote(value, safe='')}; expires={ends}; path=/{secure}; httponly"
    texts = (f"{name}_legacy={rest}", f"{name}={rest}; samesite=None")
    return tuple((b"set-cookie", text.encode()) for text in texts)
