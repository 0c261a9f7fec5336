"""Fetching: the code of a deployment, out of the repositories it lies in."""

from __future__ import annotations

import hashlib
import secrets
from typing import NamedTuple

from anyio import to_thread

from ..errors import ApiError
from ..models import Deployment
from ..repositories import Order
from .ground import Ground


class Fetched(NamedTuple):
    """An archive among the kept sources."""

    name: str
    size: int


async def fetch(ground: Ground, deployment: Deployment) -> Fetched:
    """Pack what the deployment wants, as if somebody had uploaded it.

    Raises RepositoryUnavailable, and ApiError function_entrypoint_missing.
    """
    if not deployment.entrypoint:
        raise ApiError("function_entrypoint_missing")
    return await to_thread.run_sync(_pack, ground, deployment)


def _pack(ground: Ground, deployment: Deployment) -> Fetched:
    orders = [Order(*order) for order in deployment.wanted]
    part = ground.files.incoming(secrets.token_hex(16))
    try:
        size = ground.repositories.pack(orders, part, limit=ground.config.size_limit)
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Fetched(ground.files.keep_source(part, digest), size)
    finally:
        part.unlink(missing_ok=True)
