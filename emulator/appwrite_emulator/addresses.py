"""Addresses: where an emulator listens, who can reach it there, and why it cannot be had."""

from __future__ import annotations

import errno
import ipaddress
import socket

from .config import ConfigError


class CannotListen(ConfigError):
    """The address cannot be had; `host` and `port` say which."""

    def __init__(self, host: str, port: int, exc: OSError) -> None:
        is_name = isinstance(exc, socket.gaierror) or exc.errno == errno.EADDRNOTAVAIL
        remedy = (
            "--host, which must be one of this machine's"
            if is_name
            else "--port, or 0 for a free one"
        )
        reason = exc.strerror or str(exc)
        super().__init__(f"cannot listen on {host} port {port}: {reason}. Choose another {remedy}.")
        self.host = host
        self.port = port


def is_any(host: str) -> bool:
    """Whether `host` means every address of the machine."""
    return host in ("", "0.0.0.0", "::")


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url(host: str, port: int) -> str:
    """Where a program of this machine reaches a server on `host`."""
    if host == "localhost" or is_any(host):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
