"""All doors of the API, and the application they are in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..services import Services
from .app import Api
from .auth import Callers
from .control import ControlDoors
from .control_logs import LogDoors
from .deployments import DeploymentDoors
from .executions import ExecutionDoors
from .functions import FunctionDoors
from .openapi import DescriptionDoor
from .repositories import RepositoryDoors
from .route import Route
from .runtimes import RuntimeDoors
from .safety import Safety
from .variables import VariableDoors


def build(services: Services, incoming: Path, hosts: frozenset[str]) -> Api:
    """The API over `services`. `incoming` is where uploads on their way are kept, `hosts` the
    names it answers to besides those of this machine and the configured ones."""
    ground = services.ground
    safety = Safety(hosts | set(ground.config.hosts), frozenset(ground.config.origins))
    callers = Callers(ground.config, ground.clock, ground.secret)
    known = tuple(routes(services, incoming))
    control = ControlDoors(
        ground.config,
        services.control,
        services.status,
        LogDoors(ground.live_logs),
        DescriptionDoor(ground.config, known),
    )
    return Api(
        known,
        callers,
        safety,
        ground.config.appwrite,
        control=control.answer,
    )


def routes(services: Services, incoming: Path) -> Iterator[Route]:
    """All routes: the most called first, fixed paths before those with an id in the same place."""
    config, catalog = services.ground.config, services.ground.catalog
    yield from ExecutionDoors(config, services.ground.clock, services.executions).routes()
    yield from RuntimeDoors(config, catalog).routes()
    yield from RepositoryDoors(config, services.sources).routes()
    yield from DeploymentDoors(
        config,
        services.deployments,
        services.uploads,
        services.archives,
        services.variables,
        incoming,
    ).routes()
    yield from VariableDoors(config, services.variables).routes()
    yield from FunctionDoors(
        config,
        catalog,
        services.functions,
        services.variables,
        services.delete_function,
        services.sources,
    ).routes()
