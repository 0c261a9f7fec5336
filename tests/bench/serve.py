"""A server to measure, in a process of its own: the emulator, or a bare Starlette hello.

serve.py (plain|fast) hello             Starlette answers `hello` on uvicorn, nothing in between
serve.py (plain|fast) emulator ARG...   the command `appwrite-emulator ARG...`

`plain` hides the packages of the extra `fast` from both, wherever they are installed.
"""

from __future__ import annotations

import gc
import importlib.util
import sys

FAST = ("uvloop", "httptools")


def main() -> None:
    mode, what, *rest = sys.argv[1:]
    if mode == "plain":
        for name in FAST:
            sys.modules[name] = None  # type: ignore[assignment]  # makes its import fail
    if what == "hello":
        _hello()
    else:
        from appwrite_emulator.cli import main as command

        command(rest, prog_name="appwrite-emulator")


def _hello() -> None:
    import anyio
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    from appwrite_emulator import network

    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/", hello, methods=["GET", "POST"])])
    sockets = network.bind("localhost", 0)  # its backlog answers until the server does
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
    gc.collect()
    gc.freeze()  # as the emulator's command does
    sys.stdout.write(f"Ready at {network.url('localhost', sockets[0].getsockname()[1])}\n")
    sys.stdout.flush()
    uvloop = importlib.util.find_spec("uvloop") is not None
    anyio.run(server.serve, sockets, backend_options={"use_uvloop": uvloop})


if __name__ == "__main__":
    main()
