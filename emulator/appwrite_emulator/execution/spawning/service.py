"""The helper's loop: obeys the emulator's socket and looks after the running trees."""

from __future__ import annotations

import errno
import json
import os
import resource
import selectors
import signal
import socket
import struct
from contextlib import suppress
from typing import Any

from . import trees
from .keeper import Keeper, drop
from .tree import Tree

# Tasks beyond those a user had at the start; its other programs count as well. Where a crowd of
# that size could keep us from running, the room is smaller.
_ROOM, _ROOM_WITHOUT_PRECEDENCE = 4096, 1024
_POLL = 0.02  # seconds between two looks at a watched tree


class Helper:
    """Serves the emulator's socket: spawn, kill, watch; answers started, failed, exited."""

    def __init__(self, door: socket.socket) -> None:
        self.door = door
        self.room = _ROOM if trees.take_precedence() else _ROOM_WITHOUT_PRECEDENCE
        self.events = selectors.DefaultSelector()
        self.buffer = b""
        self.fds: list[list[int]] = []  # of each command to come that has descriptors
        self.trees: dict[int, Tree] = {}
        self.watched: dict[int, Tree] = {}
        self.tasks = {uid: trees.tasks_of_user(uid) for uid in (os.getuid(), trees.NOBODY)}

    def serve(self) -> None:
        self.events.register(self.door, selectors.EVENT_READ)
        self.say(event="ready", pid=os.getpid())
        emulator = self.watch_emulator()
        while True:
            timeout = _POLL if self.watched else None
            for key, _ in self.events.select(timeout):
                if key.fd == emulator:
                    return
                if key.fd == self.door.fileno():
                    self.hear()
                else:
                    self.hear_keeper(key.data)
            for tree in list(self.watched.values()):
                tree.look()

    def watch_emulator(self) -> int:
        """A descriptor that wakes us when our parent ends, should a fork hold its socket open."""
        if not hasattr(os, "pidfd_open"):
            return -1
        try:
            parent = os.pidfd_open(os.getppid())
        except OSError:
            return -1
        self.events.register(parent, selectors.EVENT_READ)
        return parent

    def hear(self) -> None:
        flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        data, fds, told, _ = socket.recv_fds(self.door, 65536, 64, flags)
        if not data:
            raise ConnectionResetError
        for fd in fds:
            os.set_inheritable(fd, False)
        if fds or told & socket.MSG_CTRUNC:  # cut where our own descriptors run out
            self.fds.append(fds)
        self.buffer += data
        while len(self.buffer) >= 4:
            (size,) = struct.unpack_from(">I", self.buffer)
            if len(self.buffer) < 4 + size:
                return
            request = json.loads(self.buffer[4 : 4 + size])
            self.buffer = self.buffer[4 + size :]
            self.obey(request)

    def obey(self, request: dict[str, Any]) -> None:
        if request["op"] == "spawn":
            self.spawn(request)
            return
        tree = self.trees.get(request["id"])
        if tree is None or tree.is_over:
            return
        if request["op"] == "kill":
            tree.stop("killed")
        elif request["op"] == "watch":
            self.watch(tree, request["memory"], request["data"])

    def watch(self, tree: Tree, memory: int | None, data: int | None) -> None:
        if memory is None:
            if self.watched.pop(tree.id, None):
                tree.look()  # what a short call left behind
            return
        tree.memory = memory
        self.watched[tree.id] = tree
        if data is not None and trees.LINUX and tree.leader:
            with suppress(OSError):  # no fork; it is a back stop
                set_heap_limit(tree.leader, data, tree.owner)

    def spawn(self, request: dict[str, Any]) -> None:
        fds = self.fds.pop(0) if request["fds"] else []
        try:
            if len(fds) < len(request["fds"]):
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            self.start_keeper(request, fds)
        except OSError as exc:
            error = f"{request['argv'][0]}: {exc}"
            self.say(event="failed", id=request["id"], error=error)
        finally:
            for fd in fds:
                os.close(fd)

    def start_keeper(self, request: dict[str, Any], fds: list[int]) -> None:
        report, said = os.pipe()
        helper = os.getpid()
        try:
            keeper = os.fork()
            if not keeper:
                Keeper(said, helper).run(request, fds, self.most_tasks(request["owner"]))
        except OSError:
            os.close(report)
            raise
        finally:
            os.close(said)
        tree = self.trees[request["id"]] = Tree(request, keeper, report)
        self.watch(tree, request["watch"], None)
        self.events.register(report, selectors.EVENT_READ, tree)

    def most_tasks(self, owner: list[int] | None) -> int:
        """The kernel's limit for all tasks of a user: a back stop, the watcher counts the tree."""
        return self.tasks.get(owner[0] if owner else os.getuid(), 0) + self.room

    def hear_keeper(self, tree: Tree) -> None:
        data = os.read(tree.report, 65536)
        tree.text += data
        *lines, tree.text = tree.text.split(b"\n")
        for line in lines:
            self.pass_on(tree, json.loads(line))
        if not data:
            self.bury(tree)

    def pass_on(self, tree: Tree, message: dict[str, Any]) -> None:
        if "pid" in message:
            tree.leader = message["pid"]
            self.say(event="started", id=tree.id, pid=tree.leader)
        elif "error" in message:
            self.let_go(tree)
            self.say(event="failed", id=tree.id, error=message["error"])
        else:
            self.finish(tree, message["code"], message["signal"])

    def finish(self, tree: Tree, code: int | None, number: int | None) -> None:
        self.let_go(tree)
        self.say(
            event="exited",
            id=tree.id,
            code=code,
            signal=number,
            reason=tree.reason,
            detail=tree.detail,
        )

    def let_go(self, tree: Tree) -> None:
        tree.is_over = True
        self.watched.pop(tree.id, None)

    def bury(self, tree: Tree) -> None:
        """A keeper ended; if somebody killed it, its tree has come to us without a name."""
        self.events.unregister(tree.report)
        os.close(tree.report)
        os.waitpid(tree.keeper, 0)
        del self.trees[tree.id]
        if not tree.is_over:
            self.kill_strays()
            tree.reason = tree.reason or "keeper"
            self.finish(tree, None, signal.SIGKILL)

    def kill_strays(self) -> None:
        keepers = {tree.keeper for tree in self.trees.values()}
        while strays := [pid for pid in trees.children(os.getpid()) if pid not in keepers]:
            for stray in strays:
                for pid in (stray, *trees.descendants(stray)):
                    trees.kill(pid)
                os.waitpid(stray, 0)

    def say(self, **message: Any) -> None:
        data = json.dumps(message).encode()
        self.door.sendall(struct.pack(">I", len(data)) + data)


def set_heap_limit(pid: int, size: int, owner: list[int] | None) -> None:
    """Limit the heap of a running process: a back stop, so a refusal changes nothing."""
    if owner is None:
        with suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_DATA, (size, size))
        return
    # Root without CAP_SYS_RESOURCE, as in containers, may not; the user of the process may.
    setter = os.fork()
    if not setter:
        try:
            drop(owner)
            set_heap_limit(pid, size, None)
        finally:
            os._exit(0)
    os.waitpid(setter, 0)


def main(number: int) -> None:
    """Serve the socket with descriptor `number` until it closes, then kill all descendants."""
    door = socket.socket(fileno=number)
    trees.prctl(trees.PR_SET_CHILD_SUBREAPER, 1)
    trees.prctl(trees.PR_SET_DUMPABLE, 0)  # our copy of the emulator's environment stays ours
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    helper = Helper(door)
    try:
        # With unread messages a closed socket reports an error instead of its end.
        with suppress(OSError):
            helper.serve()
    finally:
        for tree in helper.trees.values():
            tree.stop()  # where processes cannot be listed, keepers end their own
        trees.sweep()
