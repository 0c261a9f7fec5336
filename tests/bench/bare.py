"""The least that an execution can cost: the web server and a worker, and nothing in between.

Nobody is asked who he is, nothing is checked or stored. What this takes longer than hello is the
way to another process and back; what the emulator takes longer than this is its own work.
"""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import functions
from tests.bench.serve import announce

from appwrite_emulator import jsontext, network
from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog
from appwrite_emulator.execution.executor import Call, Executor, Target
from appwrite_emulator.execution.probing import output_of
from appwrite_emulator.execution.spawner import Spawner
from appwrite_emulator.sandbox import choose

App = Callable[..., Awaitable[None]]

# As many headers each way, and as long a reply, as the emulator has.
_ASKED = tuple((f"x-appwrite-{number}", "v" * 25) for number in range(12))
_ANSWERED = [(b"x-header-%d" % number, b"v" * 10) for number in range(5)]
_REPLY = {"status": "completed"} | {f"field{number}": "v" * 10 for number in range(22)}


async def serve(project: Path) -> None:
    """Run the functions in the folder `project`, each at the path of its executions."""
    async with AsyncExitStack() as stack:
        sandbox = choose()
        space = sandbox.workspace(project)  # who made the project removes it with all that is in it
        homes = space / "bare" / "homes"
        spawner = await stack.enter_async_context(Spawner(sandbox))
        catalog = Catalog([sandbox.lend(assets("runtimes"), space)])
        targets = {}
        for language, (runtime, entrypoint) in functions.RUNTIMES.items():
            id, build = f"{language}-1", space / "bare" / language
            shutil.copytree(project / id, build / "src" / "function")
            sandbox.adopt(build)
            targets[functions.path(id)] = Target(
                key=id,
                launch=await catalog.launch(runtime, partial(output_of, spawner, homes / "probe")),
                folder=build,
                entrypoint=entrypoint,
                env={},
                memory=512,
            )
        servers: list[network.Server] = []
        executor = await stack.enter_async_context(
            Executor(spawner, homes, is_calm=lambda: servers[0].answering <= 1)
        )
        servers.append(network.Server(_app(executor, targets)))
        sockets = network.bind("localhost", 0)
        announce(sockets)
        await servers[0].serve(sockets)


def _app(executor: Executor, targets: Mapping[str, Target]) -> App:
    async def app(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        asked = jsontext.decode((await receive())["body"])
        call = Call("bare", asked["method"], "http", "bare", 80, asked["path"], "", _ASKED)
        result = await executor.run(targets[scope["path"]], call)
        body = jsontext.encode(_REPLY | {"responseBody": result.body.decode()})
        headers = [*_ANSWERED, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
