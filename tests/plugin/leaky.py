"""A suite whose first test leaves behind whatever a test can leave."""

from __future__ import annotations

from .suites import ANNOUNCING, Code, Suite

TICKS = """\
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");

const token = Math.random().toString(36);
const places = () => [os.homedir(), os.tmpdir(), process.cwd()];
const left = (name) => name.startsWith("left");

module.exports = async ({ req, res, log }) => {
  if (req.path === "/leave") {
    for (const place of places()) {
      try {
        fs.writeFileSync(path.join(place, "left-by-node"), "x");
      } catch (error) {
        log(error.code);
      }
    }
    const witness = net.connect(Number(req.bodyText), "127.0.0.1");
    await new Promise((resolve) => witness.once("connect", resolve));
    witness.unref();
    setInterval(() => console.log("late"), 5);
  }
  const found = places().flatMap((place) => fs.readdirSync(place)).filter(left);
  return res.json({ token, found });
};
"""
THREADS = """\
import os
import socket
import tempfile
import threading
import uuid
from pathlib import Path

TOKEN = str(uuid.uuid4())
KEPT = []


def places():
    return [Path.home(), Path(tempfile.gettempdir()), Path.cwd()]


def again():
    print("late")
    timer = threading.Timer(0.005, again)
    timer.daemon = True
    timer.start()


def main(context):
    if context.req.path == "/leave":
        for place in places():
            try:
                (place / "left-by-python").write_text("x")
            except OSError as error:
                context.log(str(error))
        KEPT.append(socket.create_connection(("127.0.0.1", int(context.req.body_text))))
        again()
    found = [each.name for place in places() for each in place.iterdir()]
    found = [name for name in found if name.startswith("left")]
    return context.res.json({"token": TOKEN, "found": found})
"""
HANGS = """\
import socket


def main(context):
    witness = socket.create_connection(("127.0.0.1", int(context.req.body_text)))
    witness.recv(1)  # nobody ever sends
    return context.res.text("")
"""
ECHO = """\
import uuid

TOKEN = str(uuid.uuid4())


def main(context):
    return context.res.text(TOKEN)
"""
FUNCTIONS = {
    "ticks": Code("node-22", "main.js", TICKS),
    "threads": Code("python-3.12", "main.py", THREADS),
    "hangs": Code("python-3.12", "main.py", HANGS),
    "echo": Code("python-3.12", "main.py", ECHO),
    "gone": Code("python-3.12", "main.py", ECHO),
}

TESTS = """\
import contextlib
import socket
import threading

import pytest
from appwrite_emulator import Refused

KNOWN = {}


@pytest.fixture(scope="module")
def witness():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        yield server


def heard(witness):
    connection = witness.accept()[0]
    connection.settimeout(10)
    return connection


def test_one_leaves_everything(appwrite, witness):
    port, functions = str(witness.getsockname()[1]), appwrite.functions
    KNOWN["echo"] = functions["echo"].call().text
    KNOWN["connections"] = []
    for id in ("ticks", "threads"):
        KNOWN[id] = functions[id].call(port, path="/leave", user="ann").json()["token"]
        KNOWN["connections"].append(heard(witness))
    functions["hangs"].call(port, wait=False)
    KNOWN["connections"].append(heard(witness))
    KNOWN["ends"] = []
    KNOWN["thread"] = threading.Thread(target=ask, args=(functions["hangs"], port), daemon=True)
    KNOWN["thread"].start()
    KNOWN["connections"].append(heard(witness))
    functions["echo"].call(at="2031-01-02T00:00Z")
    KNOWN["gone"] = functions["gone"].call().deployment
    functions["gone"].delete()


def ask(function, port):
    try:
        function.call(port)
    except Exception as error:
        KNOWN["ends"].append(error)


@pytest.mark.appwrite(clock="2031-01-01T00:00Z")
def test_two_finds_nothing_of_it(appwrite):
    assert appwrite.executions() == []
    for id in ("ticks", "threads"):
        answer = appwrite.functions[id].call().json()
        assert answer["found"] == []
        assert answer["token"] != KNOWN[id]
    assert [each.logs for each in appwrite.executions()] == ["", ""]
    for connection in KNOWN["connections"]:
        with connection:
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""


def test_three_finds_what_was_deleted_and_a_warm_process_of_the_others(appwrite):
    assert appwrite.functions["gone"].call().deployment == KNOWN["gone"]

    execution = appwrite.functions["echo"].call()
    assert (execution.text, execution.cold) == (KNOWN["echo"], False)


def test_four_hears_that_the_request_was_refused(appwrite):
    KNOWN["thread"].join(10)

    assert [each.type for each in KNOWN["ends"]] == ["emulator_restored"]


@pytest.mark.appwrite(clock="2031-01-01T00:00Z")
def test_five_is_not_visited_by_what_was_scheduled(appwrite):
    appwrite.clock.advance(days=2)

    assert appwrite.executions() == []
"""


def lay(suite: Suite) -> None:
    suite.write_functions(FUNCTIONS)
    suite.write("conftest.py", ANNOUNCING)
    suite.write("test_leaky.py", TESTS)
