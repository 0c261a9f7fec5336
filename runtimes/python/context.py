"""What user code sees: the context it is called with."""

from __future__ import annotations

import json
import os


class Request:
    """`context.req`: path and query are percent-decoded, as Appwrite's Python server does."""

    def __init__(self, call, headers, body):
        self.method = call["method"]
        self.scheme = call["scheme"]
        self.host = call["host"]
        self.port = call["port"]
        self.path = decoded(call["path"])
        self.query_string = decoded_query(call["queryString"])
        self.query = parsed_query(self.query_string)
        self.headers = headers
        self.body_binary = body

    @property
    def url(self):
        usual = 443 if self.scheme == "https" else 80
        port = "" if self.port == usual else f":{self.port}"
        query = f"?{self.query_string}" if self.query_string else ""
        return f"{self.scheme}://{self.host}{port}{self.path}{query}"

    @property
    def body_text(self):
        return self.body_binary.decode("utf-8")

    @property
    def body_raw(self):
        return self.body_text

    @property
    def body_json(self):
        return json.loads(self.body_text)

    @property
    def body(self):
        content_type = self.headers.get("content-type", "text/plain").lower()
        if not content_type.startswith("application/json"):
            return self.body_text
        return self.body_json if self.body_binary else {}


class Response:
    """`context.res`: every method returns a plain dict, which counts only when it is returned."""

    def text(self, body, statusCode=200, headers=None):
        return self.binary(body.encode("utf-8"), statusCode, headers)

    def json(self, obj, statusCode=200, headers=None):
        headers = {} if headers is None else headers
        headers["content-type"] = "application/json"
        return self.text(compact(obj), statusCode, headers)

    def binary(self, bytes, statusCode=200, headers=None):
        return {
            "body": bytes,
            "statusCode": statusCode,
            "headers": {} if headers is None else headers,
        }

    def redirect(self, url, statusCode=301, headers=None):
        headers = {} if headers is None else headers
        headers["location"] = url
        return self.text("", statusCode, headers)

    def empty(self):
        return self.text("", 204)

    def send(self, body, statusCode=200, headers=None):
        return self.binary(body, statusCode, headers)


class Context:
    """What `main` is called with."""

    def __init__(self, execution, call, body, enforced):
        headers = received_headers(call["headers"], enforced)
        self.req = Request(call, headers, body)
        self.res = Response()
        self.log = execution.log
        self.error = execution.error


def rendered(message):
    return compact(message) if isinstance(message, (list, dict, tuple)) else str(message)


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def decoded(text):
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)


def decoded_query(text):
    """`text` decoded, but for escapes that would be taken for separators afterwards."""
    if "%" in text:
        for kept in ("%26", "%2B", "%3B", "%3D"):
            text = text.replace(kept.lower(), kept).replace(kept, "%25" + kept[1:])
    return decoded(text.replace("+", " "))


def parsed_query(text):
    pieces = (piece.partition("=") for piece in text.split("&"))
    return {name: value for name, _, value in pieces if name}


def received_headers(pairs, enforced):
    headers = {}
    for name, value in pairs:
        key = name.lower()
        if key not in headers and not key.startswith("x-open-runtimes-"):
            headers[key] = value if value.isascii() else as_utf8(value)
    headers.update(enforced)
    return headers


def as_utf8(value):
    try:
        return value.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value


def enforced_headers():
    """Headers that the platform sets over the client's, from OPEN_RUNTIMES_HEADERS."""
    try:
        given = json.loads(os.environ.get("OPEN_RUNTIMES_HEADERS") or "{}")
    except ValueError:
        return {}
    given = given if isinstance(given, dict) else {}
    return {name.lower(): str(value) for name, value in given.items()}
