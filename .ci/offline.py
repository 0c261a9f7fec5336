"""Runs a command that finds no network but this machine's own: offline.py COMMAND [ARGUMENT...].

Where the system lets nobody take the network away, it says so, and runs the command all the same.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
import sys
from contextlib import closing

NEW_NETWORK, NEW_USER = 0x40000000, 0x10000000
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1
ELSEWHERE = ("192.0.2.1", 80)  # an address for documentation, which nobody has


def leave_the_network() -> None:
    """Go where there is only loopback. Raises OSError."""
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NETWORK | (NEW_USER if uid else 0)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if uid:
        for name, text in (("setgroups", "deny"), ("uid_map", uid), ("gid_map", gid)):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text if isinstance(text, str) else f"{text} {text} 1")
    with closing(socket.socket()) as any_socket:
        asked = struct.pack("16sh22x", b"lo", 0)
        name, flags = struct.unpack("16sh22x", fcntl.ioctl(any_socket, GET_FLAGS, asked))
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh22x", name, flags | UP))


def must_be_alone() -> None:
    """Stop when there is a way to other machines, or none to this one."""
    with closing(socket.socket()) as there, closing(socket.create_server(("127.0.0.1", 0))) as here:
        there.settimeout(5)
        if there.connect_ex(ELSEWHERE) != errno.ENETUNREACH:
            sys.exit("offline.py: there is still a way to other machines")
        socket.create_connection(here.getsockname(), 5).close()


def main() -> None:
    try:
        leave_the_network()
    except OSError as exc:
        said = f"NOT without a network, which cannot be taken away here: {exc}"
    else:
        must_be_alone()
        said = "there is no network but loopback"
    sys.stdout.write(f"offline.py: {said}\n")
    sys.stdout.flush()
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
