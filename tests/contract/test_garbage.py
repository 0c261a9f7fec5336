"""Bodies that no client sends, over a socket: the answer is one of Appwrite's."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from .target import IDS, Target, document, target

BODIES = {
    "nothing": b"",
    "cut": b'{"name": "a',
    "list": b"[]",
    "text": b'"x"',
    "null": b"null",
    "deep": b'{"name":' * 20_000,
    "no text": b'{"name": "\xff\xfe"}',
    "half a pair": b'{"name": "\\ud800", "functionId": "\\udfff"}',
    "numbers": b'{"timeout": 18446744073709551616, "name": 1e999, "activate": -1e999}',
    "NaN": b'{"timeout": NaN, "deploymentRetention": Infinity}',
    "digits": b'{"timeout": ' + b"9" * 5_000 + b"}",
    "long": b'{"name": "' + b"x" * 300_000 + b'", "key": "' + b"y" * 300_000 + b'"}',
    "twice": b'{"name": 1, "name": {"name": []}}',
    "pairs": b"name=a&name[b]=c&name[]=d&%ff=%zz&=&activate[]=",
    "part": b'--b\r\nContent-Disposition: form-data; name="activate"\r\n\r\ntrue',
    "parts": b"--b\r\nContent-Disposition: form-data\r\n\r\n\x00\r\n--b--\r\n--b\r\n\r\n",
    "file": b'--b\r\nContent-Disposition: form-data; name="code"; filename="a.gz"\r\n\r\nx',
    "zeros": b"\x00" * 1_000,
}
TYPES = (
    "application/json",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=b",
    'multipart/form-data; boundary="',
    "text/plain",
    "a; b; c",
    "",
)


@pytest.fixture(scope="module", params=["1.6", "1.9"])
def aim(request: pytest.FixtureRequest) -> Iterator[Target]:
    with target(request.param) as made:
        yield made


def _operations(era: str) -> Iterator[tuple[str, str]]:
    """Method and path of all that change something."""
    ids = {name: words[0] for name, words in IDS.items()}
    for path, methods in document(era)["paths"].items():
        yield from ((method.upper(), path.format(**ids)) for method in methods if method != "get")


@pytest.mark.parametrize("body", BODIES)
def test_no_garbage_breaks_a_call(aim: Target, body: str) -> None:
    """Each body goes to every operation, and in all of them each type does."""
    first = [*BODIES].index(body)
    for number, (method, path) in enumerate(_operations(aim.era), first):
        _try(aim, method, path, TYPES[number % len(TYPES)], BODIES[body])


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("body", BODIES)
def test_no_garbage_of_any_type_breaks_a_call(aim: Target, body: str) -> None:
    for kind in TYPES:
        for method, path in _operations(aim.era):
            _try(aim, method, path, kind, BODIES[body])


def _try(aim: Target, method: str, path: str, kind: str, body: bytes) -> None:
    path = path.replace("/executions/e", f"/executions/{aim.execution}")
    reply = _send(aim, method, path, kind, body)
    aim.check(method, reply.status_code, reply.headers.get("content-type", ""), reply.content)
    if reply.is_success:
        aim.put_back()


def _send(aim: Target, method: str, path: str, kind: str, body: bytes) -> httpx2.Response:
    headers = {"content-type": kind}
    return aim.http.request(method, f"{aim.endpoint}{path}", content=body, headers=headers)
