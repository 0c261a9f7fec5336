"""Hosts one Python function: takes frames on descriptor 3, answers on descriptor 4."""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock  # threading would cost milliseconds at every start
from io import FileIO
from time import perf_counter, tzset

HERE = os.path.dirname(os.path.abspath(__file__))
PID = os.getpid()
PROTOCOL = 1
READY, LOAD, LOADED, LOAD_FAILED, CALL, RESULT, LOG, EXIT, ASK, PENDING = range(1, 11)

LOG_LEVEL = b'{"level":"log"}'
ERROR_LEVEL = b'{"level":"error"}'
MESSAGE_LIMIT = 8000
CUT = "... Log truncated due to size limit (8000 characters)"
NO_RETURN = "Return statement missing. return context.res.empty() if no response is expected."
NO_MAIN = "Function signature invalid. Did you forget to export a 'main' function?"
CO_COROUTINE = 0x80


class Channel:
    """The two pipes to the emulator. A frame: 16 bytes of head, a JSON header, a raw body."""

    def __init__(self):
        for descriptor in (3, 4):
            os.set_inheritable(descriptor, False)
            os.set_blocking(descriptor, True)
        self._source = FileIO(3)  # unbuffered: never reads past a frame
        self._lock = allocate_lock()

    def read(self):
        """The next frame as (type, id, header text, body), or None when the emulator is gone."""
        head = self._exactly(16)
        if head is None or head[0] != PROTOCOL:
            return None
        size = int.from_bytes(head[8:12], "big")
        rest = self._exactly(size + int.from_bytes(head[12:16], "big"))
        if rest is None:
            return None
        identity = int.from_bytes(head[4:8], "big")
        return head[1], identity, str(rest[:size], "utf-8"), bytes(rest[size:])

    def write(self, kind, identity, header, body=b""):
        """Send one frame, whole: user code may log from several threads."""
        head = bytes((PROTOCOL, kind, 0, 0)) + identity.to_bytes(4, "big")
        sizes = len(header).to_bytes(4, "big") + len(body).to_bytes(4, "big")
        rest = memoryview(b"".join((head, sizes, header, body)))
        with self._lock:
            while rest:
                rest = rest[os.write(4, rest) :]

    def _exactly(self, size):
        data = memoryview(bytearray(size))
        rest = data
        while rest:
            count = self._source.readinto(rest)
            if not count:
                return None
            rest = rest[count:]
        return data


class LoadFailed(Exception):
    """User code could not be loaded; the message is what the execution's errors will say."""


def load(order):
    """Make the process the function's own, import its module and return `main`."""
    root, entrypoint = order["dir"], order["entrypoint"]
    os.environ.update(order["env"])
    tzset()
    os.chdir(order["cwd"])
    enter_venv(os.path.join(root, "runtime-env"))
    if not os.path.isfile(os.path.join(root, entrypoint)):
        raise LoadFailed(f"Failed to load entrypoint, file {entrypoint} does not exist.")
    sys.path.insert(0, os.path.dirname(root))  # so that the module is `function.src.main`
    name = entrypoint[:-3] if entrypoint.endswith(".py") else entrypoint
    main = imported(f"{os.path.basename(root)}.{name.replace('/', '.')}")
    if not callable(main):
        raise LoadFailed(NO_MAIN)
    return main


def imported(name):
    try:
        __import__(name)
    except SyntaxError as exc:
        raise LoadFailed(f"Syntax error in {exc.filename}:{exc.lineno}: {exc.msg}") from exc
    except ModuleNotFoundError as exc:
        raise LoadFailed(f"Module not found: {exc.name}") from exc
    except AttributeError as exc:
        raise LoadFailed(str(exc)) from exc
    except Exception as exc:
        raise LoadFailed(f"Failed to load module: {trace(exc)}") from exc
    return getattr(sys.modules[name], "main", None)


def enter_venv(venv):
    """Do what a start with the environment's own interpreter would have done."""
    if not os.path.isdir(venv):
        return
    import site

    sys.prefix = sys.exec_prefix = venv
    sys.executable = os.path.join(venv, "bin", "python")
    major, minor = sys.version_info[:2]
    site.addsitedir(os.path.join(venv, "lib", f"python{major}.{minor}", "site-packages"))
    folders = [os.path.join(venv, "bin"), *os.environ.get("PATH", "").split(os.pathsep)]
    os.environ["PATH"] = os.pathsep.join(dict.fromkeys(folders))
    os.environ["VIRTUAL_ENV"] = venv


class Execution:
    """One call of `main`: its log lines and its only result."""

    def __init__(self, channel, identity, logging):
        self._channel = channel
        self._id = identity
        self._logging = logging

    def log(self, *messages):
        self._write(LOG_LEVEL, messages)

    def error(self, *messages):
        self._write(ERROR_LEVEL, messages)

    def answer(self, output):
        if output is None:
            self.error(NO_RETURN)
            self._finish({**failure(NO_RETURN, ""), "kind": "missing-return"})
        else:
            self._finish(*outcome(output))

    def fail(self, exc):
        if isinstance(exc, (SystemExit, KeyboardInterrupt)):
            raise exc
        text = trace(exc)
        self.error(text)
        self._finish(failure(text.rstrip().rpartition("\n")[2], text))

    def _write(self, level, messages):
        if self._logging:
            text = " ".join(map(rendered, messages))
            if len(text) > MESSAGE_LIMIT:
                text = text[:MESSAGE_LIMIT] + CUT
            self._channel.write(LOG, self._id, level, text.encode("utf-8", "replace"))

    def _finish(self, header, body=b""):
        flush()
        if os.getpid() != PID:  # a copy that user code forked: it must not answer, or take calls
            os._exit(0)
        self._logging = False  # a line after the result belongs to nobody
        self._channel.write(RESULT, self._id, compact(header).encode(), body)


def failure(message, stack):
    return {"status": 500, "headers": [], "error": {"message": message, "stack": stack}}


def outcome(output):
    """The RESULT header and body of what `main` returned."""
    body = output.get("body", "")
    status = int(output.get("statusCode", 200))
    headers = [*sent_headers(output.get("headers", {}))]
    if isinstance(body, (bytearray, memoryview)):
        body = bytes(body)
    elif isinstance(body, str) or body is None:
        body = (body or "").encode("utf-8")
    elif not isinstance(body, bytes):
        raise TypeError(f"Unsupported body type {type(body)}")
    return {"status": status, "headers": headers}, body


def sent_headers(headers):
    for name, value in headers.items():
        if not isinstance(value, str) or "\n" in value or "\r" in value:
            raise ValueError(f"Header '{name}' must be a str without line breaks: {value!r}")
        if name == "content-type" or name.lower() != "content-type":  # as Appwrite's server
            yield name, value


def trace(exc):
    """The traceback from the first frame that is the user's."""
    import traceback

    frames = exc.__traceback__
    while frames is not None and is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(exc), exc, frames))


def is_ours(filename):
    return os.path.dirname(filename) == HERE or filename.startswith("<frozen importlib")


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # replaced or closed by user code
            continue


class Launcher:
    """Serves frames: in a plain loop, or in asyncio's once user code has to do with asyncio."""

    def __init__(self, channel):
        self._channel = channel
        self._main = None
        self._is_async = False
        self._enforced = {}
        self._loop = None
        self._tasks = set()
        self._left = None  # how user code left the process
        self._pending = Pending()

    def run(self):
        while self._loop is None:
            self._turn()
        self._loop.add_reader(3, self._turn)
        self._loop.run_forever()
        raise self._left

    def _turn(self):
        frame = self._channel.read()
        if frame is None or frame[0] == EXIT:
            flush()
            os._exit(0)
        kind, identity, header, body = frame
        if kind == LOAD:
            self._load(json.loads(header))
        elif kind == CALL:
            self._call(identity, json.loads(header), body)
        elif kind == ASK:
            told = compact({"pending": self._pending.since(self._loop)})
            self._channel.write(PENDING, 0, told.encode())

    def _load(self, order):
        started = perf_counter()
        try:
            self._main = load(order)
        except LoadFailed as exc:
            stack = trace(exc.__cause__) if exc.__cause__ else ""
            kind, header = LOAD_FAILED, {"message": str(exc), "stack": stack}
        else:
            self._enforced = enforced_headers()
            self._is_async = is_coroutine_function(self._main)
            self._choose_loop()
            self._pending.note(self._loop)
            kind, header = LOADED, {"ms": round((perf_counter() - started) * 1000, 3)}
        flush()
        self._channel.write(kind, 0, compact(header).encode())

    def _choose_loop(self):
        """In Appwrite a loop always runs, so `asyncio.run` in a plain `main` must fail here too."""
        if self._is_async or "asyncio" in sys.modules:
            import asyncio

            self._loop = asyncio.new_event_loop()

    def _call(self, identity, call, body):
        execution = Execution(self._channel, identity, call.get("logging", True))
        context = Context(execution, call, body, self._enforced)
        if self._is_async:
            task = self._loop.create_task(self._await(execution, context))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._run(execution, context)

    def _run(self, execution, context):
        try:
            execution.answer(self._main(context))
        except BaseException as exc:
            execution.fail(exc)

    async def _await(self, execution, context):
        try:
            execution.answer(await self._main(context))
        except (SystemExit, KeyboardInterrupt) as exc:
            self._left = exc  # asyncio would complain of a task that raises it
            self._loop.stop()
        except BaseException as exc:  # a cancelled `main` has to answer, too
            execution.fail(exc)


def is_coroutine_function(function):
    while hasattr(function, "func"):  # functools.partial
        function = function.func
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code is not None and bool(code.co_flags & CO_COROUTINE)


if __name__ == "__main__":
    channel = Channel()
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    version = ".".join(map(str, sys.version_info[:3]))
    ready = f'{{"proto":1,"runtime":"python","version":"{version}","pid":{PID},"asks":true}}'
    channel.write(READY, 0, ready.encode())

    # After READY, since this is half of the start-up time, and a spare has leisure.
    import builtins
    import json

    sys.path.insert(0, HERE)
    from context import Context, compact, enforced_headers, rendered
    from pending import Pending

    for name in ("context", "pending"):  # user code may have modules of these names
        del sys.modules[name]
    del sys.path[0]
    builtins.exit = builtins.quit = sys.exit  # `-S` leaves them out
    Launcher(channel).run()
