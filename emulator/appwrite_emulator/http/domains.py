"""The domains of functions: what knocks there goes to the function as it came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from ..errors import ApiError, Era, resolve
from ..models import Rule, RuleType
from ..services.executions import Answer, Executions
from ..services.rules import Rules
from ..services.runs import ExecutionRequest
from . import pages
from .reply import NO_CACHE, RawHeaders, Reply
from .request import Request, Send
from .safety import hostname

_ACME = "/.well-known/acme-challenge"
_BARE = "This domain cannot be used for security reasons. Please use any subdomain instead."
_UNCONNECTED = (
    "This domain is not connected to any Appwrite resource yet. "
    "Please configure custom domain or function domain to allow this request."
)
_HTML = b"text/html; charset=UTF-8"
_BRANDED = b"text/html"
_PLAIN: RawHeaders = ((b"content-type", b"text/plain"),)
_EXECUTION_ID = "x-appwrite-execution-id"
# The server that sends the answer says these itself.
_OURS = frozenset({"content-length", "transfer-encoding", _EXECUTION_ID})


@dataclass(frozen=True, slots=True)
class Domains:
    """Answers for all host names that are not the API's.

    Neither CORS nor origins count here: there the function decides.
    Source: Appwrite 1.6.2 and 1.9.6, router.
    """

    era: Era
    functions_domain: str
    rules: Rules
    executions: Executions

    def claims(self, host: str) -> bool:
        """Whether `host` is the domain of a function or redirect, or could be a function's."""
        name = hostname(host)
        if self.rules.is_own(name):
            return False
        rule = self.rules.find(name)
        return rule.type != RuleType.API if rule else self.rules.is_reserved(name)

    def is_of_api(self, name: str) -> bool:
        """Whether a rule lets the API answer at this host name."""
        rule = self.rules.find(name)
        return rule is not None and rule.type == RuleType.API

    async def answer(self, request: Request, send: Send) -> None:
        """Answer one request to a host that `claims` is true of."""
        try:
            reply = await self._reply(request)
        except ApiError as exc:
            row = resolve(exc, self.era)
            headers = ((b"content-type", _HTML), *NO_CACHE)
            reply = Reply(row.code, pages.error_page(row, self.era), headers)
        await reply.send(send, (), with_body=request.method != "HEAD")

    async def _reply(self, request: Request) -> Reply:
        rule = self._rule(hostname(request.header("host")))
        if request.scope["path"].startswith(_ACME):
            raise ApiError("general_route_not_found")
        if rule.type == RuleType.REDIRECT:
            location = (b"location", rule.redirect_url.encode("latin-1"))
            return Reply(rule.redirect_status_code, b"", (*_PLAIN, location))
        wanted = ExecutionRequest(
            body=await request.body(),
            path=_target(request),
            method=request.method,
            headers=self._received(request),
            client_ip=request.client_ip,
        )
        return self._sent(await self.executions.visit(rule.project, rule.function_id, wanted))

    def _rule(self, name: str) -> Rule:
        """Raises ApiError general_access_forbidden, rule_not_found for a name without one."""
        rule = self.rules.find(name)
        if rule:
            return rule
        if name == self.functions_domain:
            raise ApiError("general_access_forbidden", _BARE)
        if self.era == "1.6":
            raise ApiError("general_access_forbidden", _UNCONNECTED)
        raise ApiError("rule_not_found")

    def _received(self, request: Request) -> dict[str, str]:
        """The request's headers. Of one that is repeated 1.6 sees the last, 1.9 all, joined."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in request.scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
            is_joined = self.era == "1.9" and name in headers
            headers[name] = f"{headers[name]}, {value}" if is_joined else value
        headers.pop("x-appwrite-client-ip", None)
        return headers

    def _sent(self, answer: Answer) -> Reply:
        """What the function answered; 1.9 does not leave errors without a page."""
        status = answer.execution.response_status_code
        if not 200 <= status < 600:  # user code may say so, but HTTP cannot
            return Reply(500, b"", _PLAIN)
        is_branded = self.era == "1.9" and status >= 400 and not answer.body and not answer.crashed
        given = [pair for pair in answer.headers if pair[0] not in _OURS]
        if is_branded:
            given = [pair for pair in given if pair[0] != "content-type"]
        headers = _raw(given if self.era == "1.9" else dict(given).items())
        if is_branded:
            headers += ((b"content-type", _BRANDED),)
        elif not any(name == b"content-type" for name, _ in headers):
            headers += _PLAIN
        if self.era == "1.9":
            headers += ((_EXECUTION_ID.encode(), answer.execution.id.encode()),)
        return Reply(status, pages.branded_page(status) if is_branded else answer.body, headers)


def _target(request: Request) -> str:
    """Path and query as they were sent, still percent-encoded."""
    raw = request.scope.get("raw_path")  # servers may leave it out
    path = raw.decode("latin-1") if raw else quote(request.scope["path"])
    return f"{path}?{request.query.decode('latin-1')}" if request.query else path


def _text(value: bytes) -> str:
    """A header as text: UTF-8, or else one character for each byte."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _raw(headers: Iterable[tuple[str, str]]) -> RawHeaders:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)
