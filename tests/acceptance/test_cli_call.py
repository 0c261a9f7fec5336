"""`appwrite-emulator call`, run as users run it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .command import COMMAND, Running, environment, project, source, started

pytestmark = pytest.mark.timeout(60)

ECHO = """
export default async ({ req, res, log }) => {
  if (req.path === "/bytes") return res.binary(Buffer.from([0, 255, 13, 10, 254]));
  if (req.path === "/boom") throw new Error("no such order");
  log(`called by ${req.headers["x-appwrite-user-id"] || "nobody"}`);
  return res.json({
    method: req.method,
    path: req.url.replace(/^https?:\\/\\/[^/]+/, ""),
    type: req.headers["content-type"] ?? "",
    trace: req.headers["x-trace"] ?? "",
    bytes: [...req.bodyBinary],
  });
};
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One with a function that tells how it was called, and one only for users."""
    folder = tmp_path_factory.mktemp("shop")
    settings = {"runtime": "node-22", "entrypoint": "main.mjs"}
    project(
        folder,
        {"$id": "echo", "execute": ["any"], **settings},
        {"$id": "members", "execute": ["users"], **settings},
    )
    for name in ("echo", "members"):
        source(folder, f"{name}/main.mjs", ECHO)
    with started(str(folder), "--memory") as running:
        status, _ = running.call("/users", {"userId": "ann"}, project="shop")
        assert status == 201
        yield running


def call(
    emulator: Running, *arguments: str, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, "call", *arguments],
        env=environment(APPWRITE_ENDPOINT=emulator.endpoint),
        input=given,
        capture_output=True,
        timeout=30,
        check=False,
    )


def answer(emulator: Running, *arguments: str, given: bytes = b"") -> dict[str, object]:
    done = call(emulator, *arguments, given=given)
    assert done.returncode == 0, done.stderr
    value: dict[str, object] = json.loads(done.stdout)
    return value


def test_the_answer_is_printed_and_what_was_said_beside_it(emulator: Running) -> None:
    done = call(emulator, "echo", "/orders?page=2")
    told = json.loads(done.stdout)
    assert (done.returncode, told["method"], told["path"]) == (0, "GET", "/orders?page=2")
    first, second = done.stderr.decode().splitlines()
    assert first.startswith("✓ echo  200 in 0.")
    assert second == "    called by nobody"


def test_requests_have_a_method_headers_and_a_body(emulator: Running, tmp_path: Path) -> None:
    told = answer(emulator, "echo", "orders", "-d", '{"item": 7}', "-H", "X-Trace: 1: 2")
    assert (told["method"], told["path"]) == ("POST", "/orders")
    assert (told["type"], told["trace"]) == ("application/json", "1: 2")
    file = tmp_path / "photo"
    file.write_bytes(bytes(range(256)))
    told = answer(emulator, "echo", "/", "-X", "PUT", "-d", f"@{file}")
    assert (told["method"], told["bytes"]) == ("PUT", [*range(256)])
    assert answer(emulator, "echo", "-d", "-", given=b"\xff\r\n")["bytes"] == [255, 13, 10]


def test_bytes_come_back_as_they_are(emulator: Running) -> None:
    body = bytes([0, 255, 13, 10, 254])
    assert call(emulator, "echo", "/bytes").stdout == body
    with_headers = call(emulator, "echo", "/bytes", "-i").stdout
    assert with_headers.startswith(b"HTTP/1.1 200 OK\ncontent-type: ")
    assert with_headers.endswith(b"\n\n" + body)
    told = answer(emulator, "echo", "/bytes", "--json")
    assert (told["responseBody"], told["responseBodyIsBase64"]) == ("AP8NCv4=", True)


def test_a_failure_is_told_with_its_errors(emulator: Running) -> None:
    done = call(emulator, "echo", "/boom")
    assert (done.returncode, done.stdout) == (1, b"")
    first, second, third = done.stderr.decode().splitlines()[:3]
    assert first.startswith("✗ echo  failed, 500 in 0.")
    assert second == "    Error: no such order"
    assert "/echo/main.mjs:4:" in third, "not the copy that runs, but the developer's own file"


def test_users_and_guests_call_as_themselves(emulator: Running) -> None:
    assert call(emulator, "members", "--user", "ann").stderr.endswith(b"    called by ann\n")
    refused = call(emulator, "members", "--guest")
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert refused.stderr.startswith(b'appwrite-emulator: Missing "execute" permission for role')


def test_a_call_can_only_be_begun(emulator: Running) -> None:
    begun = call(emulator, "echo", "--async", "--user", "ann")
    id = begun.stdout.decode().strip()
    assert (begun.returncode, begun.stderr, len(id)) == (0, b"", 20)
    waited = call(emulator, "echo", "--async", "--wait")
    assert (waited.returncode, waited.stdout) == (0, b"")
    assert waited.stderr.startswith("✓ echo  200 in 0.".encode())
    assert call(emulator, "echo", "/boom", "--async", "--wait").returncode == 1
    told = answer(emulator, "echo", "--async", "--wait", "--json")
    assert (told["status"], told["logs"]) == ("completed", "called by nobody\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ecko"], "There is no function 'ecko' in project 'shop'. Did you mean 'echo'?"),
        (["echo/../a"], "There is no function 'echo/../a' in project 'shop'. "),
        (["zzz"], "There is no function 'zzz' in project 'shop'. There are echo, members."),
        (["echo", "--user", "anne"], "There is no user 'anne' in project 'shop'. Did you mean 'an"),
        (["echo", "--user", "ann", "--guest"], "--user and --guest exclude each other"),
        (["echo", "-H", "X-Trace"], "--header is 'X-Trace', it must be like 'X-Trace: 1'"),
        (["echo", "-d", "@none"], "--data: @none cannot be read: No such file"),
        (["echo", "--wait"], "--wait is for --async"),
        (["echo", "--url", "http://[::1"], "'http://[::1' is no address of an emulator"),
        (["echo", "--url", "http://a:b"], "'http://a:b' is no address of an emulator"),
        (["echo", "--url", "http://127.0.0.1:1"], "no emulator answers at http://127.0.0.1:1"),
    ],
)
def test_what_cannot_be_called_is_refused_in_one_line(
    emulator: Running, arguments: list[str], words: str
) -> None:
    done = call(emulator, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert words in done.stderr.decode()
