"""Tests with an event loop of their own: the emulator runs in another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from appwrite_emulator import Appwrite, Emulator, isolated

ASKS = """
    import urllib.request

    def main(context):
        with urllib.request.urlopen(context.req.body_text, timeout=10) as reply:
            return context.res.text(reply.read().decode())
"""


@asynccontextmanager
async def baker() -> AsyncIterator[str]:
    """A server in this loop; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nrye")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/"


async def test_a_function_is_called_directly(appwrite: Appwrite) -> None:
    assert appwrite.functions["node"].call(user="ann").json()["user"] == "ann"
    assert appwrite.settle() == []


async def test_a_function_calls_back_into_the_loop_of_the_test(appwrite: Appwrite) -> None:
    (asks,) = appwrite.deploy(files={"main.py": ASKS}, id="asks")
    async with baker() as url:
        execution = await asyncio.to_thread(asks.call, url)

    assert execution.text == "rye"


async def test_calls_go_on_side_by_side(appwrite: Appwrite) -> None:
    call = appwrite.functions["python"].call
    paths = [f"/{number}" for number in range(8)]

    every = await asyncio.gather(*(asyncio.to_thread(call, path=each) for each in paths))

    assert [each.json()["path"] for each in every] == paths


async def test_an_emulator_begins_and_ends_within_a_loop() -> None:
    with Emulator(port=0) as emulator, isolated(emulator) as appwrite:
        code = "def main(context):\n    return context.res.text('Hello')\n"
        (greet,) = appwrite.deploy(files={"main.py": code}, id="greet")
        assert greet.call().text == "Hello"
        assert (await asyncio.to_thread(greet.call)).text == "Hello"


async def test_an_emulator_of_the_loop_itself_says_what_to_do_instead() -> None:
    async with Emulator(port=0) as emulator:
        try:
            emulator.in_loop(lambda: None)
        except AssertionError as exc:
            told = str(exc)
    assert "in an event loop of yours await the methods of emulator.control" in told
