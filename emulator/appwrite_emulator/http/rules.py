"""The doors of rules: which domain a function, a redirect or the API answers at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..models import Rule, RuleType
from ..services import rules as service
from ..services.rules import Rules
from . import render
from .body import read_body
from .listing import LIST, read_listing
from .numbers import NumberOf
from .params import Param, read
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route
from .validators import Pattern, Text, Uid, WhiteList

READ, WRITE = ("rules.read",), ("rules.write",)

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = Param(
    "domain",
    Pattern(rf"(?=.{{1,253}}$)({_LABEL}\.)*{_LABEL}", "Value must be a valid domain"),
)
_URL = Pattern(r"[A-Za-z][A-Za-z0-9+.-]*://(?![/?#])[!-~]+", "Value must be a valid URL")


_CREATED = "rules.[ruleId].create"
_OLD = (
    _DOMAIN,
    Param("resourceType", WhiteList(("api", "function"))),
    Param("resourceId", Uid(), ""),
)
_FUNCTION = (_DOMAIN, Param("functionId", Uid()), Param("branch", Text(255, 0), ""))
_REDIRECT = (
    _DOMAIN,
    Param("url", _URL),
    Param("statusCode", NumberOf((301, 302, 307, 308))),
    Param("resourceId", Uid()),
    Param("resourceType", WhiteList(("site", "function"))),
)


@dataclass(frozen=True, slots=True)
class RuleDoors:
    """Create, list, get, verify and delete rules."""

    rules: Rules

    def routes(self) -> Iterator[Route]:
        path = "/v1/proxy/rules"
        one = path + "/{ruleId}"
        made = Operation("proxy.createRule", _OLD, 201, "proxyRule")
        yield Route("POST", path, self.create, WRITE, made, event=_CREATED)
        listed = Operation("proxy.listRules", LIST, model="proxyRuleList")
        yield Route("GET", path, self.list, READ, listed)
        for kind, door, name, params in (
            ("function", self.create_for_function, "createFunctionRule", _FUNCTION),
            ("redirect", self.create_redirect, "createRedirectRule", _REDIRECT),
            ("api", self.create_for_api, "createAPIRule", (_DOMAIN,)),
        ):
            made = Operation(f"proxy.{name}", params, 201, "proxyRule")
            yield Route("POST", f"{path}/{kind}", door, WRITE, made, event=_CREATED)
        shown = Operation("proxy.getRule", model="proxyRule")
        yield Route("GET", one, self.get, READ, shown)
        verified = Operation("proxy.updateRuleVerification", model="proxyRule")
        event, end = "rules.[ruleId].update", "/verification"
        yield Route("PATCH", one + end, self.verify, WRITE, verified, event=event)
        deleted = Operation("proxy.deleteRule", status=204)
        yield Route("DELETE", one, self.delete, WRITE, deleted, event="rules.[ruleId].delete")

    async def create(self, request: Request) -> Reply:
        values = read(_OLD, await read_body(request))
        type = RuleType.API if values["resourceType"] == "api" else RuleType.DEPLOYMENT
        project, domain = request.caller.project, values["domain"]
        return self._made(self.rules.create(project, domain, type, values["resourceId"]), request)

    async def create_for_function(self, request: Request) -> Reply:
        values = read(_FUNCTION, await read_body(request))
        rule = self.rules.create_for_function(
            request.caller.project, values["domain"], values["functionId"], branch=values["branch"]
        )
        return self._made(rule, request)

    async def create_redirect(self, request: Request) -> Reply:
        values = read(_REDIRECT, await read_body(request))
        # No site is here, so none has the id that was given.
        function_id = values["resourceId"] if values["resourceType"] == "function" else ""
        rule = self.rules.create_redirect(
            request.caller.project,
            values["domain"],
            function_id,
            url=values["url"],
            status_code=values["statusCode"],
        )
        return self._made(rule, request)

    async def create_for_api(self, request: Request) -> Reply:
        values = read((_DOMAIN,), await read_body(request))
        rule = self.rules.create_for_api(request.caller.project, values["domain"])
        return self._made(rule, request)

    async def list(self, request: Request) -> Reply:
        listing = read_listing(request, service.ATTRIBUTES)
        found, total = self.rules.page(request.caller.project, listing)
        items = [self._wire(rule, request) for rule in found]
        return json_reply(render.listing("rules", items, total), 200)

    async def get(self, request: Request) -> Reply:
        return json_reply(self._wire(self._rule(request), request), 200)

    async def verify(self, request: Request) -> Reply:
        """Change nothing: a rule is verified from the start."""
        rule = self._rule(request)
        tell_rule(rule, self.rules, request)
        return json_reply(self._wire(rule, request), 200)

    async def delete(self, request: Request) -> Reply:
        rule = self._rule(request)
        self.rules.delete(rule.project, rule.id)
        tell_rule(rule, self.rules, request)
        return Reply(204)

    def _rule(self, request: Request) -> Rule:
        return self.rules.get(request.caller.project, request.path_params["ruleId"])

    def _made(self, rule: Rule, request: Request) -> Reply:
        tell_rule(rule, self.rules, request)
        return json_reply(self._wire(rule, request), 201)

    def _wire(self, rule: Rule, request: Request) -> render.Wire:
        return render.rule(rule, self.rules.deployment_id(rule), request.format)


def tell_rule(rule: Rule, rules: Rules, request: Request, *, pattern: str = "") -> None:
    """Of a rule, with the deployment that answers at its domain, as the route or `pattern` says."""
    deployment_id = rules.deployment_id(rule)
    request.happened(
        lambda format: render.rule(rule, deployment_id, format), pattern=pattern, ruleId=rule.id
    )
