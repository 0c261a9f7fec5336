"""A server to measure, in a process of its own.

serve.py (plain|fast) hello             Starlette answers `hello` on uvicorn
serve.py (plain|fast) bare FOLDER       workers behind uvicorn, and nothing in between: see bare.py
serve.py (plain|fast) emulator ARG...   the command `appwrite-emulator ARG...`

`plain` hides the packages of the extra `fast` from them, wherever they are installed.
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from socket import socket

FAST = ("uvloop", "httptools")


def main() -> None:
    mode, what, *rest = sys.argv[1:]
    if mode == "plain":
        for name in FAST:
            sys.modules[name] = None  # type: ignore[assignment]  # makes its import fail
    if what == "emulator":
        from appwrite_emulator.cli import main as command

        command(rest, prog_name="appwrite-emulator")
    elif what == "bare":
        from tests.bench import bare

        run(bare.serve, Path(rest[0]))
    else:
        run(hello)


async def hello() -> None:
    """Serve the smallest application there is."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    from appwrite_emulator import network

    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
    sockets = network.bind("localhost", 0)
    announce(sockets)
    await server.serve(sockets)


def announce(sockets: list[socket]) -> None:
    """Say where we will answer; whoever connects before that waits in the backlog."""
    from appwrite_emulator import addresses

    gc.collect()
    gc.freeze()  # as the emulator's command does
    sys.stdout.write(f"Ready at {addresses.url('localhost', sockets[0].getsockname()[1])}\n")
    sys.stdout.flush()


def run(serve: Callable[..., Awaitable[None]], *args: object) -> None:
    import anyio

    uvloop = importlib.util.find_spec("uvloop") is not None
    anyio.run(serve, *args, backend_options={"use_uvloop": uvloop})


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()
