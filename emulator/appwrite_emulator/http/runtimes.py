"""The doors of runtimes and specifications."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..catalog import Catalog
from ..config import Config
from . import render
from .functions import READ
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route


@dataclass(frozen=True, slots=True)
class RuntimeDoors:
    """List what functions can be written in and how large they can be."""

    config: Config
    catalog: Catalog

    def routes(self) -> Iterator[Route]:
        runtimes = Operation("functions.listRuntimes", model="runtimeList")
        sizes = Operation("functions.listSpecifications", model="specificationList")
        public = ("public", *READ)
        yield Route("GET", "/v1/functions/runtimes", self.list_runtimes, public, runtimes)
        yield Route("GET", "/v1/functions/specifications", self.list_specifications, READ, sizes)

    async def list_runtimes(self, request: Request) -> Reply:
        known = self.catalog.runtimes(self.config.appwrite)
        items = [render.runtime(runtime) for runtime in known]
        return json_reply(render.listing("runtimes", items, len(items)), 200)

    async def list_specifications(self, request: Request) -> Reply:
        items = [render.specification(each) for each in self.catalog.specifications()]
        return json_reply(render.listing("specifications", items, len(items)), 200)
