"""The keeper of one command: forks and confines it, waits, sweeps up what it left."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
from contextlib import suppress
from typing import Any, NoReturn

from . import trees


def lower(kind: int, value: int | None) -> None:
    if value is None:
        return
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def place(sources: list[int], targets: list[int], spare: int) -> None:
    """Put descriptors at their numbers, /dev/null at free ones below 3, close all but `spare`."""
    floor = max([*targets, 2, spare]) + 1
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD, floor) for fd in sources]
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    for fd, target in zip(moved, targets, strict=True):
        os.dup2(fd, target)
    close_others({0, 1, 2, spare, *targets})


def close_others(keep: set[int]) -> None:
    for name in os.listdir("/dev/fd"):
        if int(name) not in keep:
            with suppress(OSError):  # the listing's own descriptor
                os.close(int(name))


def limit(limits: dict[str, Any], tasks: int) -> None:
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_NOFILE, limits["open_files"])
    lower(resource.RLIMIT_FSIZE, limits["file_size"])
    lower(resource.RLIMIT_DATA, limits["data"])
    if limits["processes"] is not None and trees.LINUX:
        lower(resource.RLIMIT_NPROC, tasks)


def drop(owner: list[int] | None) -> None:
    if owner is not None:
        os.setgroups([])
        os.setgid(owner[1])
        os.setuid(owner[0])


def become(request: dict[str, Any], fds: list[int], failure: int, tasks: int) -> NoReturn:
    """Turn this fresh fork into the command, or say on `failure` why not."""
    keeper = os.getppid()
    try:
        os.setsid()
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.umask(0o022)
        report = 3
        while report in request["fds"]:
            report += 1
        place([failure, *fds], [report, *request["fds"]], report)
        failure = report
        os.set_inheritable(failure, False)
        limit(request["limits"], tasks)
        drop(request["owner"])
        trees.prctl(trees.PR_SET_NO_NEW_PRIVS, 1)
        trees.prctl(trees.PR_SET_PDEATHSIG, signal.SIGKILL)  # after the drop, which clears it
        if os.getppid() == keeper:
            os.chdir(request["cwd"])
            os.execve(request["argv"][0], request["argv"], request["env"])
    except BaseException as exc:
        text = f"{request['argv'][0]}: {exc}"
        os.write(failure, text.encode()[:4000])
    os._exit(127)


class Keeper:
    """Parent of one command: waits for it, sweeps up what it left, reports both."""

    def __init__(self, report: int, helper: int) -> None:
        self.report = report
        self.helper = helper
        self.leader = 0
        self.stopping = False

    def run(self, request: dict[str, Any], fds: list[int], tasks: int) -> NoReturn:
        try:
            trees.prctl(trees.PR_SET_CHILD_SUBREAPER, 1)
            trees.give_precedence_up()
            signal.signal(signal.SIGTERM, self.stop)
            trees.prctl(trees.PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() == self.helper:
                self.start(request, fds, tasks)
                self.wait()
        finally:
            os._exit(0)

    def stop(self, *_: object) -> None:
        self.stopping = True
        if self.leader:
            trees.kill_group(self.leader)
            trees.kill(self.leader)  # it may not have made its group yet

    def say(self, **message: Any) -> None:
        os.write(self.report, json.dumps(message).encode() + b"\n")

    def start(self, request: dict[str, Any], fds: list[int], tasks: int) -> None:
        try:
            heard, failure = os.pipe()
            leader = os.fork()
        except OSError as exc:
            self.say(error=f"{request['argv'][0]}: {exc}")
            os._exit(0)
        if not leader:
            become(request, fds, failure, tasks)
        self.leader = leader
        close_others({0, 1, 2, self.report, heard})
        error = os.read(heard, 4096)  # ends without a word when the command was executed
        os.close(heard)
        if error:
            os.waitpid(leader, 0)
            self.say(error=error.decode(errors="replace"))
            os._exit(0)
        if self.stopping:
            trees.kill(leader)
        self.say(pid=leader)

    def wait(self) -> None:
        leader, status = 0, 0
        while leader != self.leader:
            leader, status = os.waitpid(-1, 0)
        self.leader = 0  # the number may be given to another process from here on
        trees.kill_group(leader)
        trees.sweep()
        code = os.waitstatus_to_exitcode(status)
        self.say(code=code if code >= 0 else None, signal=-code if code < 0 else None)
