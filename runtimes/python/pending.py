"""What user code has under way while no execution runs: threads, tasks and timers."""

from __future__ import annotations

import sys
from _thread import get_ident


class Pending:
    """Knows what was there before the first execution, and so what has come since."""

    def __init__(self):
        self._threads = set()
        self._tasks = set()
        self._timers = 0

    def note(self, loop):
        """What is there now is usual from now on."""
        self._threads = {thread for thread, _ in threads()}
        self._tasks = tasks(loop)
        self._timers = timers(loop)

    def since(self, loop):
        """What has come since, as a count by what it is."""
        more = {}
        names = [name for thread, name in threads() if thread not in self._threads]
        new = tasks(loop) - self._tasks
        names += [f"task {name_of(task)}" for task in new]
        if not new and (late := timers(loop) - self._timers) > 0:  # tasks sleep by timers
            more["timer"] = late
        for name in names:
            more[name] = more.get(name, 0) + 1
        return more


def threads():
    """The other threads, but for those of executors that have nothing to do, and their names."""
    threading, own = sys.modules.get("threading"), get_ident()
    known = {each.ident: each for each in threading.enumerate()} if threading else {}
    for ident, frame in sys._current_frames().items():
        if ident != own and not is_idle(frame):
            thread = known.get(ident)
            yield (thread or ident), f"thread {thread.name if thread else ident}"


def is_idle(frame):
    """Whether a thread waits for something to do: in a pool, or for the next of a queue."""
    if is_of(frame, "_worker", "concurrent/futures/thread.py"):
        return True
    caller = frame.f_back
    is_waiting = is_of(frame, "wait", "threading.py") and is_of(caller, "get", "queue.py")
    return is_waiting and caller.f_locals.get("timeout") is None


def is_of(frame, name, file):
    code = frame and frame.f_code
    return bool(code) and code.co_name == name and code.co_filename.endswith(f"/{file}")


def tasks(loop):
    return sys.modules["asyncio"].all_tasks(loop) if loop else set()


def name_of(task):
    coroutine = task.get_coro()
    return getattr(coroutine, "__qualname__", None) or task.get_name()


def timers(loop):
    """How many calls to come the loop knows; other loops than asyncio's own do not tell."""
    return sum(not each.cancelled() for each in getattr(loop, "_scheduled", ()))
