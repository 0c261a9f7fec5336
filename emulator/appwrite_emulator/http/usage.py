"""The doors of usage, and its models on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..services.usage import Usage
from ..usage import RANGES, Series
from .functions import READ
from .params import Param, query_params, read
from .reply import Reply, json_reply
from .request import Request, Version
from .route import Operation, Route
from .validators import WhiteList

_RULES = (Param("range", WhiteList(tuple(RANGES)), "30d"),)

# Source: usage models of Appwrite 1.6.2 and 1.9.6. A name that ends in Total is a sum over all
# time, the others are series.
_EXECUTIONS = "executions executionsTime executionsMbSeconds"
_SERIES = (
    f"deployments deploymentsStorage builds buildsStorage buildsTime buildsMbSeconds {_EXECUTIONS}"
)
_TOTALS = " ".join(f"{name}Total" for name in _SERIES.split())
_RESULTS, _RESULT_TOTALS = "buildsSuccess buildsFailed", "buildsSuccessTotal buildsFailedTotal"
_FUNCTION = (
    f"deploymentsTotal deploymentsStorageTotal buildsTotal {_RESULT_TOTALS} buildsStorageTotal "
    "buildsTimeTotal buildsTimeAverage buildsMbSecondsTotal executionsTotal executionsTimeTotal "
    f"executionsMbSecondsTotal {_SERIES} {_RESULTS}"
).split()
_FUNCTION_16 = f"{_TOTALS} {_SERIES}".split()
_FUNCTIONS = (
    f"functionsTotal {_TOTALS} functions deployments deploymentsStorage {_RESULT_TOTALS} "
    f"builds buildsStorage buildsTime buildsMbSeconds {_EXECUTIONS} {_RESULTS}"
).split()
_FUNCTIONS_16 = f"functionsTotal {_TOTALS} functions {_SERIES}".split()
_MODELS = {
    "usageFunction": (_FUNCTION_16, _FUNCTION),
    "usageFunctions": (_FUNCTIONS_16, _FUNCTIONS),
}


@dataclass(frozen=True, slots=True)
class UsageDoors:
    """How much functions were used."""

    usage: Usage

    def routes(self) -> Iterator[Route]:
        all, one = "/v1/functions/usage", "/v1/functions/{functionId}/usage"
        yield Route("GET", all, self.of_project, READ, _of_project)
        yield Route("GET", one, self.of_function, READ, _of_function)

    async def of_project(self, request: Request) -> Reply:
        span = read(_RULES, query_params(request.query))["range"]
        series = await self.usage.of_project(request.caller.project, span)
        return self._reply("usageFunctions", span, series, request)

    async def of_function(self, request: Request) -> Reply:
        span = read(_RULES, query_params(request.query))["range"]
        id = request.path_params["functionId"]
        series = await self.usage.of_function(request.caller.project, id, span)
        return self._reply("usageFunction", span, series, request)

    def _reply(
        self, model: str, span: str, series: Mapping[str, Series], request: Request
    ) -> Reply:
        names = fields(model, request.format)
        return json_reply({"range": span} | {name: _value(name, series) for name in names}, 200)


def _of_project(format: Version) -> Operation:
    name = "getUsage" if format < (1, 7, 0) else "listUsage"
    return Operation(f"functions.{name}", _RULES, model="usageFunctions")


def _of_function(format: Version) -> Operation:
    name = "getFunctionUsage" if format < (1, 7, 0) else "getUsage"
    return Operation(f"functions.{name}", _RULES, model="usageFunction")


def fields(model: str, format: Version) -> list[str]:
    """What the model of usage says beside its range."""
    older, newer = _MODELS[model]
    return older if format < (1, 7, 0) else newer


def _value(field: str, series: Mapping[str, Series]) -> Any:
    if field == "buildsTimeAverage":
        return series["buildsTime"].total // max(1, series["builds"].total)
    if field in series:
        return [{"value": amount, "date": moment} for moment, amount in series[field].points]
    return series[field.removesuffix("Total")].total
