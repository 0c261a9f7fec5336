"""Rules: which host name a function, a redirect or the API answers at."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ..errors import ApiError
from ..models import Function, Row, Rule, RuleType, unique_id
from ..query import Attribute
from .ground import Ground
from .records import Listing, Records

ATTRIBUTES = {
    "domain": Attribute("domain", "string"),
    "resourceType": Attribute("resourceType", "string"),
    "resourceId": Attribute("functionId", "string"),
    "url": Attribute("redirectUrl", "string"),
    "type": Attribute("type", "string"),
    "trigger": Attribute("trigger", "string"),
    "deploymentResourceType": Attribute("deploymentResourceType", "string"),
    "deploymentResourceId": Attribute("functionId", "string"),
    "deploymentId": Attribute("deploymentId", "string"),
    "deploymentVcsProviderBranch": Attribute("branch", "string"),
}

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NOT_ALLOWED = "This domain name is not allowed. Please use a different domain."
# Texts of Appwrite 1.6.2.
_MAIN = (
    "You cannot assign your main domain to specific resource. "
    "Please use subdomain or a different domain."
)
_FUNCTIONS = (
    "You cannot assign your functions domain or its subdomain to a specific resource. "
    "Please use a different domain."
)
_LOCALHOST = "This domain name is not allowed. Please pick another one."


class Rules:
    """The rules of all projects; a domain has one rule at most, whatever project it is of."""

    def __init__(self, ground: Ground, functions: Records[Function]) -> None:
        self._ground = ground
        self._functions = functions
        self._records = Records(
            ground, Rule, owner="functionId", searched=("$id", "domain", "branch")
        )
        ground.state.table(Rule.table).create_index("domain")
        self._suffix = "." + ground.config.functions_domain
        self._own = {"localhost", urlsplit(ground.endpoint).hostname, *ground.config.hosts}
        self.on_change: Callable[[], None] = lambda: None
        """Called when rules have come or gone, by a restore too."""

    def find(self, domain: str) -> Rule | None:
        """The rule of a domain in lower case, of any project."""
        return next(iter(self._records.all(domain=domain)), None)

    def is_own(self, domain: str) -> bool:
        """Whether the API answers at the name, which no rule can change."""
        # An address is no domain: a rule for 127.0.0.1 would take the API away.
        return domain in self._own or domain.rpartition(".")[2].isdigit()

    def is_reserved(self, domain: str) -> bool:
        """Whether the name is the functions domain or below it."""
        return f".{domain}".endswith(self._suffix)

    def get(self, project: str, id: str) -> Rule:
        """The rule. Raises ApiError rule_not_found."""
        rule = self._records.get(project, id)
        if rule is None:
            raise ApiError("rule_not_found")
        return rule

    def page(self, project: str, listing: Listing) -> tuple[list[Rule], int]:
        """One page of the project's rules, and how many match."""
        return self._records.page(listing, project, view=self._view)

    def deployment_id(self, rule: Rule) -> str:
        """The deployment that answers at the rule's domain now; empty when there is none."""
        return self._deployment_of(rule.project, rule.type, rule.function_id)

    def create(self, project: str, domain: str, type: RuleType, function_id: str) -> Rule:
        """A rule as clients of 1.6 make them.

        Raises ApiError general_argument_invalid, rule_already_exists, function_not_found,
        rule_resource_not_found.
        """
        domain = domain.lower()
        if refusal := self._old_refusal(domain):
            raise ApiError("general_argument_invalid", refusal)
        if taken := self.find(domain):
            raise ApiError("rule_already_exists", _taken_by(taken, project))
        if type is RuleType.API:
            return self._add(project, domain, type=type)
        if not function_id:
            raise ApiError("function_not_found")
        return self._add_for(project, domain, function_id)

    def create_for_function(
        self, project: str, domain: str, function_id: str, *, branch: str = ""
    ) -> Rule:
        """A domain at which the function answers.

        Raises ApiError general_argument_invalid, rule_resource_not_found, rule_already_exists.
        """
        return self._add_for(project, self._allowed(domain), function_id, branch=branch)

    def create_redirect(
        self, project: str, domain: str, function_id: str, *, url: str, status_code: int
    ) -> Rule:
        """A domain that sends its visitors to `url`. Raises as `create_for_function`."""
        return self._add_for(
            project,
            self._allowed(domain),
            function_id,
            type=RuleType.REDIRECT,
            redirect_url=url,
            redirect_status_code=status_code,
        )

    def create_for_api(self, project: str, domain: str) -> Rule:
        """A domain at which the API answers.

        Raises ApiError general_argument_invalid, rule_already_exists.
        """
        return self._add(project, self._allowed(domain), type=RuleType.API)

    def delete(self, project: str, id: str) -> None:
        """Forget the rule. Raises ApiError rule_not_found."""
        self._records.remove([self.get(project, id)])
        self.on_change()

    def give_domain(self, function: Function) -> Rule:
        """The domain that a function has from the start: its own id if that can be one."""
        label = function.id.lower()
        domain = label + self._suffix
        if not _LABEL.fullmatch(label) or self.is_own(domain) or self.find(domain):
            domain = unique_id() + self._suffix
        return self._add(function.project, domain, function_id=function.id)

    def of(self, function: Function) -> list[Rule]:
        """The rules that name `function`, in creation order."""
        return self._records.all(project=function.project, functionId=function.id)

    def delete_of(self, function: Function) -> None:
        """Remove the rules of a function that is being deleted."""
        self._records.remove(self.of(function))
        self.on_change()

    def _add_for(self, project: str, domain: str, function_id: str, **fields: Any) -> Rule:
        if self._functions.get(project, function_id) is None:
            raise ApiError("rule_resource_not_found")
        return self._add(project, domain, function_id=function_id, **fields)

    def _add(self, project: str, domain: str, **fields: Any) -> Rule:
        if self.find(domain):
            raise ApiError("rule_already_exists")
        born = self._records.born(project)
        rule = self._records.add(Rule(id=unique_id(), **born, domain=domain, **fields))
        self.on_change()
        return rule

    def _allowed(self, domain: str) -> str:
        """The domain in lower case. Source: Appwrite 1.9.6, restrictions of rule domains."""
        domain = domain.lower()
        label = domain.removesuffix(self._suffix)
        if self.is_own(domain) or (self.is_reserved(domain) and not _LABEL.fullmatch(label)):
            raise ApiError("general_argument_invalid", _NOT_ALLOWED)
        return domain

    def _old_refusal(self, domain: str) -> str:
        """Why a client of 1.6 cannot have the domain, empty when it can."""
        if self.is_reserved(domain):
            return _FUNCTIONS
        if domain == "localhost":
            return _LOCALHOST
        return _MAIN if self.is_own(domain) else ""

    def _view(self, row: Row) -> Row:
        """The row with what both eras call things that it does not hold."""
        is_api = row["type"] == RuleType.API
        return {
            **row,
            "resourceType": "api" if is_api else "function",
            "deploymentResourceType": "" if is_api else "function",
            "deploymentId": self._deployment_of(row["project"], row["type"], row["functionId"]),
        }

    def _deployment_of(self, project: str, type: str, function_id: str) -> str:
        if type != RuleType.DEPLOYMENT:
            return ""
        function = self._functions.get(project, function_id)
        return function.deployment_id if function else ""


def _taken_by(rule: Rule, project: str) -> str:
    """Who has the domain already. Source: Appwrite 1.6.2."""
    if rule.project != project:
        return "Domain already assigned to different project."
    if not rule.function_id:
        return "Domain already assigned to 'api' service."
    return f"Domain already assigned to 'function' service with ID '{rule.function_id}'."
