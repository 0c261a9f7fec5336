"""What schemathesis makes of Appwrite's own description, right and wrong, sent to both eras."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis.checks import CHECKS, load_all_checks

from .target import Target, document, target

EXAMPLES = 25  # of each operation, besides those at the borders of its parameters
CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {
            "max-examples": EXAMPLES,
            "deterministic": True,
            "no-shrink": True,
            "database": "none",
        },
        "phases": {"examples": {"enabled": False}, "stateful": {"enabled": False}},
    }
)
OLD, NEW = (schemathesis.openapi.from_dict(document(era), config=CONFIG) for era in ("1.6", "1.9"))
load_all_checks()
CONFORMS = [CHECKS.get_one("response_schema_conformance")]

pytestmark = pytest.mark.timeout(120)  # a busy machine is no failure


@pytest.fixture(scope="module")
def target_16() -> Iterator[Target]:
    with target("1.6") as made:
        yield made


@pytest.fixture(scope="module")
def target_19() -> Iterator[Target]:
    with target("1.9") as made:
        yield made


def _sent_to_16(case: Any, target_16: Target) -> None:
    _send(case, target_16)


def _sent_to_19(case: Any, target_19: Target) -> None:
    _send(case, target_19)


test_whatever_is_sent_1_6_answers_in_its_words = OLD.parametrize()(_sent_to_16)
test_whatever_is_sent_1_9_answers_in_its_words = NEW.parametrize()(_sent_to_19)


def _send(case: Any, target: Target) -> None:
    if case.path_parameters and case.path_parameters.get("executionId") == "e":
        case.path_parameters["executionId"] = target.execution
    reply = case.call(base_url=target.endpoint, headers=target.headers)
    if reply.status_code < 300 and case.method not in ("GET", "HEAD", "OPTIONS"):
        target.put_back()
    kind = reply.headers.get("content-type", [""])[0]
    target.check(case.method, reply.status_code, kind, reply.content)
    case.validate_response(reply, checks=CONFORMS)
