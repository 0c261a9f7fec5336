"""The doors of usage, and its models on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..config import Config
from ..services.usage import Usage
from ..usage import RANGES, Series
from . import render
from .functions import READ
from .params import Param, query_params, read
from .reply import Reply, json_reply
from .request import Request
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


@dataclass(frozen=True, slots=True)
class UsageDoors:
    """How much functions were used."""

    config: Config
    usage: Usage

    def routes(self) -> Iterator[Route]:
        for path, door, name, model in (
            ("/v1/functions/usage", self.of_project, "listUsage", "usageFunctions"),
            ("/v1/functions/{functionId}/usage", self.of_function, "getUsage", "usageFunction"),
        ):
            operation = Operation(f"functions.{name}", _RULES, model=model)
            yield Route("GET", path, door, READ, operation)

    async def of_project(self, request: Request) -> Reply:
        span = read(_RULES, query_params(request.query))["range"]
        series = self.usage.of_project(request.caller.project, span)
        fields = _FUNCTIONS_16 if self._is_old(request) else _FUNCTIONS
        return json_reply(_wire(span, series, fields), 200)

    async def of_function(self, request: Request) -> Reply:
        span = read(_RULES, query_params(request.query))["range"]
        id = request.path_params["functionId"]
        series = self.usage.of_function(request.caller.project, id, span)
        fields = _FUNCTION_16 if self._is_old(request) else _FUNCTION
        return json_reply(_wire(span, series, fields), 200)

    def _is_old(self, request: Request) -> bool:
        return request.is_older((1, 7, 0), self.config.appwrite)


def _wire(span: str, series: Mapping[str, Series], fields: list[str]) -> render.Wire:
    return {"range": span} | {field: _value(field, series) for field in fields}


def _value(field: str, series: Mapping[str, Series]) -> Any:
    if field == "buildsTimeAverage":
        return series["buildsTime"].total // max(1, series["builds"].total)
    if field in series:
        return [{"value": amount, "date": moment} for moment, amount in series[field].points]
    return series[field.removesuffix("Total")].total
