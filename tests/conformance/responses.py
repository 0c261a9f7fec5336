"""Cases about what becomes of what user code returns."""

from __future__ import annotations

import base64

from .case import Case, Expect, case

_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mP4a5ZHEmIY1TCqYfhqAAA/gaEQG9Oy"
    "hwAAAABJRU5ErkJggg=="
)
_PLAIN = "text/plain; charset=utf-8"
_COOKIES = (
    "cookieName=cookieValue; cookie2=value2; cookie3=value=3; cookie4=val:ue4; cookie5=value5"
)
_TWO_COOKIES = ["cookie=value; path=/", "cookie2=value2; path=/"]
_NO_RETURN = "Return statement missing. return context.res.empty() if no response is expected.\n"


def _typed(name: str, action: str, content_type: str) -> Case:
    return case(name, action, Expect(content_type=content_type))


TEXTS = (
    case(
        "plaintext",
        "plaintextResponse",
        Expect(body="Hello World 👋", content_type=_PLAIN, logs="", errors=""),
    ),
    case(
        "json",
        "jsonResponse",
        Expect(
            content_type="application/json; charset=utf-8",
            json='{"json": true, "message": "Developers are awesome."}',
        ),
    ),
    _typed("custom charset", "customCharsetResponse", "text/plain; charset=iso-8859-1"),
    _typed("upper-case type", "uppercaseCharsetResponse", _PLAIN),
    _typed("multipart", "multipartResponse", "multipart/form-data; boundary=12345"),
    _typed("content type named in capitals", "capitalHeader", "text/html; charset=utf-8"),
    case("double response", "doubleResponse", Expect(body="This should be returned.")),
    case("status", "statusResponse", Expect(status=404, body="FAIL")),
    case("env", "envVars", Expect(json='{"var": "customValue", "emptyVar": null}')),
)

HEADERS = (
    case(
        "redirect",
        "redirectResponse",
        Expect(status=301, body="", headers={"location": "https://github.com/"}),
    ),
    case(
        "redirect with status and headers",
        "redirectWith",
        Expect(
            status=302,
            body="",
            headers={"location": "https://github.com/", "x-own": "value"},
        ),
    ),
    case(
        "json with a content type",
        "jsonWith",
        Expect(status=201, json='{"a": 1}', content_type="application/json; charset=utf-8"),
    ),
    case(
        "response headers",
        "headersResponse",
        Expect(
            body="OK",
            headers={
                "first-header": "first-value",
                "second-header": "missing",
                "cookie": _COOKIES,
            },
            no_headers=("x-open-runtimes-custom-out-header",),
        ),
        headers=(("x-open-runtimes-custom-in-header", "notMissing"), ("cookie", _COOKIES)),
    ),
    *(
        case(
            name,
            action,
            Expect(body="OK", headers={"some-header": "some-value", "set-cookie": _TWO_COOKIES}),
            row="set-cookie",
        )
        for name, action in (("set-cookie", "setCookie"), ("set-cookie 2", "setCookie2"))
    ),
)

STATUSES = (
    case("empty", "emptyResponse", Expect(status=204, body="", logs="", errors="")),
    *(
        case(
            f"status {status} with a body",
            "statusWith",
            Expect(status=status, body=body),
            row="statuses that drop the body",
            body=str(status),
        )
        for status, body in ((204, ""), (304, ""), (201, "body"))
    ),
    case("status 600", "statusWith", Expect(status=600, body="body"), body="600"),
    *(
        case(
            f"impossible status {status}",
            "statusWith",
            Expect(status=500, body=""),
            row="impossible statuses",
            body=status,
        )
        for status in ("0", "99", "1000")
    ),
)

VALUES = (
    case("no response", "noResponse", Expect(status=500, body="", errors=_NO_RETURN)),
    case(
        "hand-made map",
        "handMade",
        Expect(status=201, body="x", headers={"x-foo": "Bar"}, content_type=_PLAIN),
    ),
    case("returned text", "returnText", Expect(status=500, body="")),
    *(
        case(
            f"binary {number}",
            f"binaryResponse{number}",
            Expect(body_hex=bytes((0, number * 10, 255)).hex()),
            row="binary 1-5",
        )
        for number in range(1, 6)
    ),
    *(
        case(
            f"deprecated send of {name}",
            "deprecatedMethods",
            Expect(body=body),
            row="deprecated send",
            body=body,
            headers=headers,
        )
        for name, body, headers in (
            ("text", "Hello", ()),
            ("JSON", '{"hello":"world"}', (("content-type", "application/json"),)),
            ("another type", '{"hello":"world"}', (("content-type", "application/unknown"),)),
        )
    ),
    case("deprecated untyped", "deprecatedMethodsUntypedBody", Expect(body="50"), body="Hello"),
    case(
        "deprecated bytes",
        "deprecatedMethodsBytesBody",
        Expect(body_hex=_PNG.hex(), content_type="image/png; charset=utf-8"),
        body="Hello",
    ),
)

CASES = (*TEXTS, *HEADERS, *STATUSES, *VALUES)
