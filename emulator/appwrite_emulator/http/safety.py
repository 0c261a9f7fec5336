"""Who may knock: host names against DNS rebinding, origins against foreign pages."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ApiError, Era
from .reply import RawHeaders

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([\w.-]{1,253}))(?::\d*)?", re.ASCII | re.IGNORECASE)
_METHODS = b"GET, POST, PUT, PATCH, DELETE"
_ALLOWED_HEADERS = b", ".join(
    b"""Origin Cookie Set-Cookie X-Requested-With Content-Type Access-Control-Allow-Origin
    Access-Control-Request-Headers Accept X-Appwrite-Project X-Appwrite-Key X-Appwrite-Dev-Key
    X-Appwrite-Locale X-Appwrite-Mode X-Appwrite-JWT X-Appwrite-Response-Format X-Appwrite-Timeout
    X-Appwrite-ID X-Appwrite-Timestamp X-Appwrite-Session X-Appwrite-Platform
    X-Appwrite-Organization X-Appwrite-Impersonate-User-Id X-Appwrite-Impersonate-User-Email
    X-Appwrite-Impersonate-User-Phone X-SDK-Version X-SDK-Name X-SDK-Language X-SDK-Platform
    X-SDK-GraphQL X-SDK-Profile Content-Range Range Cache-Control Expires Pragma
    X-Fallback-Cookies X-Forwarded-For X-Forwarded-User-Agent""".split()
)


@dataclass(frozen=True, slots=True)
class Safety:
    """Which host names and web origins are served, besides those of this machine.

    `has_rule` tells of a host name in lower case whether a rule lets the API answer there.
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    has_rule: Callable[[str], bool]
    era: Era

    def check_host(self, host: str) -> None:
        """Raises ApiError general_access_forbidden for a name that is not ours."""
        name = hostname(host)
        if not name:
            raise ApiError("general_access_forbidden", f"{host!r} is no host name.")
        if not (_is_local(name) or name in self.hosts or self.has_rule(name)):
            raise ApiError(
                "general_access_forbidden",
                f'Host "{name}" is not served here. If it is yours, start with --hosts {name}.',
            )

    def check_origin(self, origin: str) -> None:
        """Raises ApiError general_unknown_origin for a page that is not ours; `null` is one."""
        if origin and not self._is_known(origin):
            name = hostname(origin.partition("//")[2]) or origin
            raise ApiError(
                "general_unknown_origin",
                f"Invalid Origin. Register your new client ({name}) as a new Web platform on your "
                f"project console dashboard (here: start with --origins {origin})",
            )

    def cors(self, origin: str) -> RawHeaders:
        """The headers that let a page of `origin` read the reply; none without an origin.

        Source: Appwrite 1.6.2 and 1.9.6, which give them to preflights and all other replies.
        """
        if not origin:
            return ()
        headers: RawHeaders = (
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-expose-headers", b"X-Appwrite-Session, X-Fallback-Cookies"),
            (b"vary", b"Origin"),
        )
        return headers if self.era == "1.6" else (*headers, (b"access-control-max-age", b"86400"))

    def _is_known(self, origin: str) -> bool:
        scheme, _, host = origin.partition("://")
        is_local = scheme in ("http", "https") and _is_local(hostname(host))
        return is_local or origin in self.origins


def hostname(host: str) -> str:
    """The name in a `Host` header: lower case, without a port; empty where there is none."""
    match = _HOST.fullmatch(host)
    return (match[1] or match[2]).lower() if match else ""


def _is_local(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
