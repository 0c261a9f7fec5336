"""All doors of the API, and the application they are in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..services import Services
from ..templates import Templates
from .account import AccountDoors
from .account_sessions import SessionDoors
from .api_keys import ApiKeyDoors
from .app import Api
from .auth import Callers
from .console import ConsoleDoors
from .control import ControlDoors
from .control_clock import ClockDoors
from .control_environments import EnvironmentDoors
from .control_events import EventDoors
from .control_functions import FunctionListDoor
from .control_inspections import InspectionDoors
from .control_logs import LogDoors
from .control_schedules import ScheduleDoors
from .control_stop import StopDoor
from .control_stubs import StubDoors
from .control_webhooks import WebhookDoors
from .deployments import DeploymentDoors
from .domains import Domains
from .elsewhere import Elsewhere
from .executions import ExecutionDoors
from .functions import FunctionDoors
from .health import HealthDoors
from .locale import LocaleDoors
from .openapi import DescriptionDoor
from .realtime import RealtimeDoor
from .repositories import RepositoryDoors
from .request import SERVER_FORMATS
from .route import Route
from .rules import RuleDoors
from .runtimes import RuntimeDoors
from .safety import Safety
from .sign_ins import SignIns
from .sockets import Sockets
from .stubbing import Stubbing
from .teams import MembershipDoors, TeamDoors
from .templates import TemplateDoors
from .usage import UsageDoors
from .user_sessions import UserSessionDoors
from .users import UserDoors
from .variables import VariableDoors
from .wording import Wording


def build(
    services: Services,
    incoming: Path,
    hosts: frozenset[str],
    stop: Callable[[], None] | None = None,
) -> Api:
    """The API over `services`. `incoming` is where uploads on their way are kept, `hosts` the
    names it answers to besides those of this machine and the configured ones; `stop` ends the
    program when a client asks for it, which without it is refused."""
    ground = services.ground
    config = ground.config
    domains = Domains(config.appwrite, config.functions_domain, services.rules, services.executions)
    names, origins = hosts | set(config.hosts), frozenset(config.origins)
    safety = Safety(names, origins, domains.is_of_api, config.appwrite)
    sign_ins = SignIns(services.users, services.sessions, services.jwts)
    people = (sign_ins, services.roles, services.console)
    callers = Callers(config, ground.clock, ground.secret, *people, ground.epochs)
    known = tuple(routes(services, incoming))
    elsewhere = Elsewhere(known, services.stubs)
    realtime = RealtimeDoor(services.realtime, services.console, sign_ins, config.appwrite)
    app = Api(
        known,
        callers,
        safety,
        domains,
        sockets=Sockets(safety, domains, realtime.serve),
        control=_control(services, known, stop).answer,
        elsewhere=elsewhere.answer,
        stubbing=Stubbing(services.stubs, callers.identify),
        events=ground.events,
    )
    ground.events.wording = Wording(SERVER_FORMATS[config.appwrite])
    services.rules.on_change = app.forget
    return app


def _control(
    services: Services, known: tuple[Route, ...], stop: Callable[[], None] | None
) -> ControlDoors:
    config = services.ground.config
    doors = (
        FunctionListDoor(services.standings),
        ClockDoors(services.calendar),
        EventDoors(services.injection, services.control),
        ScheduleDoors(services.schedules, services.executions, services.control),
        EnvironmentDoors(services.environments),
        WebhookDoors(services.webhooks),
        InspectionDoors(services.inspections),
        StubDoors(services.stubs),
        LogDoors(services.ground.live_logs),
        StopDoor(stop),
        DescriptionDoor(config, known),
    )
    return ControlDoors(config, services.control, services.status, doors)


def routes(services: Services, incoming: Path) -> Iterator[Route]:
    """All routes: the most called first, fixed paths before those with an id in the same place."""
    config, catalog = services.ground.config, services.ground.catalog
    yield from ExecutionDoors(services.ground.clock, services.executions).routes()
    yield from RuntimeDoors(config, catalog).routes()
    yield from TemplateDoors(config, catalog, Templates(catalog)).routes()
    yield from UsageDoors(services.usage).routes()
    yield from RepositoryDoors(services.sources).routes()
    yield from DeploymentDoors(
        config,
        services.deployments,
        services.uploads,
        services.archives,
        services.variables,
        incoming,
    ).routes()
    yield from VariableDoors(services.variables).routes()
    yield from FunctionDoors(
        config,
        catalog,
        services.functions,
        services.variables,
        services.delete_function,
        services.sources,
        services.rules,
    ).routes()
    yield from AccountDoors(services.accounts, services.users).routes()
    yield from SessionDoors(
        services.accounts, services.users, services.sessions, services.jwts
    ).routes()
    yield from UserDoors(services.users, services.delete_user, services.set_password).routes()
    yield from UserSessionDoors(
        config, services.users, services.sessions, services.tokens, services.jwts
    ).routes()
    yield from TeamDoors(services.teams).routes()
    yield from MembershipDoors(services.memberships).routes()
    yield from ApiKeyDoors(services.console, services.api_keys).routes()
    yield from ConsoleDoors(config, services.console, services.api_keys).routes()
    yield from RuleDoors(services.rules).routes()
    yield from HealthDoors(config, services.console).routes()
    yield from LocaleDoors().routes()
