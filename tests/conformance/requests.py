"""Cases about what user code sees of a request."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .case import Case, Expect, case

_JSON = '{"key1":"OK 👋","key2":true,"key3":3}'
_COMPACT = '{"name":"OpenRntimes","version":3.5,"published":true,"nested":[{"object":1}]}'
_HELLO = "Hello 👋"
_BYTES = "0123456789abcdef"
_MEGABYTE = bytes(range(256)) * 4096
_LARGE = _MEGABYTE * 17
_ENFORCED = '{"x-custom":"value","x-custom-uppercase":"Value2","x-open-runtimes-custom":"248"}'
_OTHER_TYPES = (
    "application/xhtml+xml", "not-application/json", "not-video/mp4", "application/octet-stream",
    "audio/mpeg", "font/ttf", "image/png", "video/mp4",
)  # fmt: skip
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def _typed(content_type: str) -> tuple[tuple[str, str], ...]:
    return (("content-type", content_type),)


def _url(name: str, url: str, port: int, *, host: str = "", proto: str = "") -> Case:
    """A case of an address that the `host` and `x-forwarded-proto` headers make."""
    given = (("host", host), ("x-forwarded-proto", proto))
    headers = tuple((header, value) for header, value in given if value)
    expect = Expect(json_has=json.dumps({"url": url, "port": port}))
    return case(name, "requestUrl", expect, headers=headers)


def _query(name: str, target: str, **seen: Any) -> Case:
    return case(name, "requestUrl", Expect(json_has=json.dumps(seen)), path=target)


ADDRESSES = (
    case(
        "url 1",
        "requestUrl",
        Expect(
            content_type="application/json; charset=utf-8",
            json='{"url": "http://localhost:3000/", "port": 3000, "path": "/", "query": {},'
            ' "queryString": "", "scheme": "http", "host": "localhost"}',
        ),
    ),
    case(
        "url 2",
        "requestUrl",
        Expect(
            json='{"url": "https://www.mydomain.com:3001/a/b?c=d&e=f", "port": 3001,'
            ' "path": "/a/b", "query": {"c": "d", "e": "f"}, "queryString": "c=d&e=f",'
            ' "scheme": "https", "host": "www.mydomain.com"}'
        ),
        path="/a/b?c=d&e=f#something",
        headers=(("x-forwarded-proto", "https"), ("host", "www.mydomain.com:3001")),
    ),
    _url("url 3", "http://www.mydomain.com/", 80, host="www.mydomain.com:80"),
    _query(
        "url 4",
        "/?a=b&c==d&e=f=g=&h&i=j&&k",
        query={"a": "b", "c": "=d", "e": "f=g=", "h": "", "i": "j", "k": ""},
    ),
    _url("url 5", "https://myapp.com/", 443, host="myapp.com", proto="https"),
    _url("url 6", "https://myapp.com/", 443, host="myapp.com:443", proto="https"),
    _url("url 7", "https://myapp.com:80/", 80, host="myapp.com:80", proto="https"),
    _url("url 8", "http://myapp.com/", 80, host="myapp.com:80", proto="http"),
    _url("scheme of its own", "wss://myapp.com/", 80, host="myapp.com", proto="wss"),
    _query("duplicate query keys", "/?a=1&a=2", query={"a": "2"}),
    _query("empty query key", "/?=c&d=e", query={"d": "e"}, queryString="=c&d=e"),
    _query(
        "second question mark",
        "/x?a=1?b=2&c=3?",
        url="http://localhost:3000/x?a=1?b=2&c=3?",
        path="/x",
        query={"a": "1?b=2", "c": "3?"},
        queryString="a=1?b=2&c=3?",
    ),
    _query(
        "encoded path and query",
        "/a%20b/%F0%9F%91%8B%2Fz+?k%20ey=v%20al%26+x%3d",
        url="http://localhost:3000/a%20b/%F0%9F%91%8B%2Fz+?k%20ey=v%20al%26+x%3d",
        path="/a%20b/%F0%9F%91%8B%2Fz+",
        query={"k%20ey": "v%20al%26+x%3d"},
        queryString="k%20ey=v%20al%26+x%3d",
    ),
    _query("bad escape", "/a/%zz", path="/a/%zz"),
)

HEADERS = (
    case(
        "request headers",
        "requestHeaders",
        Expect(
            content_type="application/json; charset=utf-8",
            json_has='{"x-action": "requestHeaders", "x-first-header": "first-value"}',
            body_lacks=("should-be-hidden", "x-open-runtimes-secret"),
        ),
        headers=(
            ("x-first-header", "first-value"),
            ("x-open-runtimes-custom-header", "should-be-hidden"),
        ),
    ),
    case(
        "header case",
        "requestHeaders",
        Expect(json_has='{"x-uppercase-key": "value"}', body_lacks=("X-UpPeRcAsE-KeY",)),
        headers=(("X-UpPeRcAsE-KeY", "value"),),
    ),
    case("enforced headers", "enforcedHeaders", Expect(json=_ENFORCED)),
    case(
        "enforced headers that the client sends",
        "enforcedHeaders",
        Expect(json=_ENFORCED),
        row="enforced headers",
        headers=tuple((name, "IS_IGNORED") for name in json.loads(_ENFORCED)),
    ),
    case(
        "enforced header that the client sends in capitals",
        "enforcedHeaders",
        Expect(json=_ENFORCED),
        row="enforced headers",
        headers=(("X-CUSTOM-UPPERCASE", "IS_IGNORED"),),
    ),
    case(
        "repeated request headers",
        "requestHeaders",
        Expect(json_has='{"x-a": "1", "cookie": "a=b", "host": "x"}'),
        headers=(
            ("X-A", "1"), ("x-a", "2"), ("Cookie", "a=b"), ("cookie", "c=d"),
            ("Host", "x"), ("host", "y"),
        ),
    ),
    case(
        "header that is not ASCII",
        "requestHeaders",
        Expect(json_has='{"x-own": "ü"}'),
        headers=(("x-own", "ü"),),
    ),
)  # fmt: skip

METHODS = (
    *(
        case(f"method {method}", "requestMethod", Expect(body=method), row="methods", method=method)
        for method in _METHODS
    ),
    case("OPTIONS", "requestMethod", Expect(body="OPTIONS"), method="OPTIONS"),
    case("HEAD", "requestMethod", Expect(body="HEAD"), method="HEAD"),
)

BODIES = (
    case("json compact", "requestBodyJson", Expect(body_lacks=(" ", "\n")), body=_COMPACT),
    case("body text", "requestBodyText", Expect(body=_HELLO), body=_HELLO),
    case("body text auto", "requestBodyTextAuto", Expect(body=_HELLO), body=_HELLO),
    case("body text empty", "requestBodyText", Expect(body="")),
    *(
        case(
            f"body text auto of {kind}",
            "requestBodyTextAuto",
            Expect(body=_HELLO),
            row="body text auto, other types",
            body=_HELLO,
            headers=_typed(kind),
        )
        for kind in _OTHER_TYPES
    ),
    case(
        "body json",
        "requestBodyJson",
        Expect(json=_JSON),
        body=_JSON,
        headers=_typed("application/json"),
    ),
    *(
        case(
            f"body json auto of {kind}",
            "requestBodyJsonAuto",
            Expect(json=_JSON),
            row=row,
            body=_JSON,
            headers=_typed(kind),
        )
        for kind, row in (
            ("application/json", "body json auto"),
            ("ApPlIcAtIoN/JSON", "body json auto"),
            ("application/json; charset=utf-8", "body of other JSON types"),
            ("application/json-patch+json", "body of other JSON types"),
        )
    ),
    case("body json, text type", "requestBodyJson", Expect(json=_JSON), body=_JSON),
    case(
        "body json auto, empty",
        "requestBodyJsonAuto",
        Expect(body="{}"),
        headers=_typed("application/json"),
    ),
    *(
        case(
            f"body binary of {kind}",
            "requestBodyBinary",
            Expect(body_hex=_BYTES),
            row="body binary",
            body=bytes.fromhex(_BYTES),
            headers=_typed(kind),
        )
        for kind in ("application/octet-stream", "text/plain")
    ),
    case(
        "body binary that is no UTF-8",
        "requestBodyBinary",
        Expect(body_hex="000aff"),
        row="body binary",
        body=bytes((0, 10, 255)),
    ),
    case(
        "body binary of a megabyte",
        "requestBodyBinary",
        Expect(body_hex=_MEGABYTE.hex()),
        row="body binary",
        body=_MEGABYTE,
    ),
    *(
        case(
            f"large body by {method}",
            "binaryResponseLarge",
            Expect(body=hashlib.md5(_LARGE).hexdigest(), headers={"x-method": method}),
            row="large body",
            method=method,
            body=_LARGE,
        )
        for method in ("PUT", "POST")
    ),
    *(
        case(
            f"empty body, {name}",
            "plaintextResponse",
            Expect(body="Hello World 👋"),
            row="empty bodies",
            method="GET",
            headers=headers,
        )
        for name, headers in {
            "no length": (),
            "length 0": (("content-length", "0"),),
            "empty length": (("content-length", ""),),
        }.items()
    ),
    case("GET with a body", "requestBodyText", Expect(body=_HELLO), body=_HELLO, method="GET"),
    case(
        "invalid JSON",
        "requestBodyJson",
        Expect(status=500, body="", errors_match=("(?i)json|code=3840",)),
        body='{"invaludJson:true}',
        headers=_typed("application/json"),
    ),
    case(
        "empty JSON",
        "requestBodyJson",
        Expect(status=500, body=""),
        headers=_typed("application/json"),
    ),
    case(
        "empty object",
        "requestBodyJson",
        Expect(body="{}"),
        body="{}",
        headers=_typed("application/json"),
    ),
)

CASES = (*ADDRESSES, *HEADERS, *METHODS, *BODIES)
