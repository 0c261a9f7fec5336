"""Wiring: the services that belong together are made, and told of each other."""

from __future__ import annotations

from typing import NamedTuple

from ..builder import Builder
from ..execution.executor import Executor
from ..models import Deployment, Execution, Function
from ..people import Membership
from ..watch import Watcher
from .accounts import Accounts
from .api_keys import ApiKeys
from .archives import Archives
from .attendance import Attendance
from .background import Background
from .bringing import Bringing
from .builds import Builds
from .console import Console
from .control import Control, Memory
from .deployments import Deployments
from .environments import Environments
from .errands import Errands
from .executions import Executions
from .folders import Folders
from .functions import Functions
from .generations import Generations
from .ground import Ground
from .injection import Injection
from .inspections import Inspections
from .jwts import Jwts
from .keys import Keys
from .memberships import Memberships
from .plans import Plans
from .projects import Projects
from .realtime import Realtime
from .records import Records
from .reload import Reload
from .retention import Retention
from .roles import Roles
from .rules import Rules
from .runs import Runs
from .schedules import Schedules
from .serving import Serving
from .sessions import Sessions
from .standings import Standings
from .stubs import Stubs
from .teams import Teams
from .tokens import Tokens
from .triggers import Triggers
from .users import Users
from .variables import Variables
from .webhooks import Webhooks


class People(NamedTuple):
    """Who calls."""

    users: Users
    sessions: Sessions
    tokens: Tokens
    jwts: Jwts
    accounts: Accounts
    teams: Teams
    memberships: Memberships
    roles: Roles
    api_keys: ApiKeys
    console: Console


class Code(NamedTuple):
    """What can be called."""

    rules: Rules
    functions: Functions
    variables: Variables
    plans: Plans
    inspections: Inspections
    records: Records[Deployment]
    builds: Builds
    archives: Archives
    deployments: Deployments


class Calls(NamedTuple):
    """What is called, now or later."""

    runs: Runs
    executions: Executions
    schedules: Schedules


class Follow(NamedTuple):
    """What follows the developer's folders."""

    folders: Folders
    projects: Projects
    reload: Reload
    serving: Serving


class Hearing(NamedTuple):
    """What hears of events."""

    realtime: Realtime
    triggers: Triggers
    webhooks: Webhooks
    injection: Injection


def people(ground: Ground, project: str) -> People:
    users, sessions, tokens = Users(ground), Sessions(ground), Tokens(ground)
    members = Records(
        ground, Membership, owner="userId", found_by=("teamId",), searched=("$id", "userId")
    )
    teams, api_keys = Teams(ground, members), ApiKeys(ground)
    console = Console(ground, teams, api_keys, project)
    memberships = Memberships(ground, members, teams, users)
    return People(
        users=users,
        sessions=sessions,
        tokens=tokens,
        jwts=Jwts(ground),
        accounts=Accounts(ground.config, users, sessions, tokens, console.welcome),
        teams=teams,
        memberships=memberships,
        roles=Roles(users, sessions, memberships),
        api_keys=api_keys,
        console=console,
    )


def code(ground: Ground, executor: Executor, builder: Builder) -> Code:
    function_records = Records(ground, Function, searched=("$id", "name", "runtime"))
    rules = Rules(ground, function_records)
    functions = Functions(ground, function_records, rules)
    variables = Variables(ground, functions)
    plans = Plans(ground, functions, variables, Keys(ground), executor.retire)
    inspections = Inspections(ground, executor)
    plans.inspect = inspections.inspect
    ground.epochs.when_ended(plans.on_epoch)
    records = Records(ground, Deployment, owner="resourceId", searched=("$id", "entrypoint"))
    builds = Builds(ground, records, functions, plans, builder)
    archives = Archives(ground, records)
    deployments = Deployments(ground, records, functions, builds, archives)
    return Code(
        rules, functions, variables, plans, inspections, records, builds, archives, deployments
    )


def calls(ground: Ground, code: Code, executor: Executor, jwts: Jwts, project: str) -> Calls:
    runs = Runs(ground, code.deployments, code.plans, executor, jwts)
    runs.is_inspected = code.inspections.is_wanted
    records = Records(ground, Execution, owner="functionId", searched=("$id", "functionId"))
    errands = Errands(ground, records)
    background = Background(ground, records, errands, code.functions, runs)
    executions = Executions(ground, records, code.functions, runs, background)
    schedules = Schedules(ground, code.functions, executions, project)
    code.functions.on_schedule = schedules.refresh
    executions.on_scheduled = schedules.expect
    executions.on_unscheduled = schedules.cancel
    return Calls(runs, executions, schedules)


def attendance(ground: Ground, code: Code, runs: Runs, executor: Executor) -> Attendance:
    made = Attendance(ground, code.functions, code.plans, runs, executor, code.inspections)
    code.functions.on_active.append(made.on_active)
    return made


def follow(ground: Ground, code: Code, runs: Runs, executor: Executor, watcher: Watcher) -> Follow:
    functions, plans = code.functions, code.plans
    running = (plans, executor)
    generations = Generations(ground, code.records, functions, code.deployments, running)
    bringing = Bringing(ground, generations, code.builds, running)
    folders = Folders(ground, functions, generations, bringing, plans)
    projects = Projects(ground, functions, code.variables, folders)
    reload = Reload(ground, watcher, functions, folders)
    runs.freshen = reload.freshen
    code.functions.on_active.append(reload.on_active)
    code.inspections.folder_of = reload.folder_of
    return Follow(folders, projects, reload, Serving(ground, watcher, projects, reload))


def environments(code: Code, reload: Reload, project: str) -> Environments:
    made = Environments(code.functions, code.variables, code.deployments, code.plans, project)
    made.entry_of = reload.entry_of
    return made


def standings(ground: Ground, code: Code, schedules: Schedules, reload: Reload) -> Standings:
    made = Standings(ground, code.functions, code.deployments, code.rules, schedules)
    made.following = reload.of
    return made


def control(
    ground: Ground, code: Code, calls: Calls, follow: Follow, executor: Executor
) -> tuple[Retention, Control]:
    retention = Retention(ground, code.functions, code.deployments, calls.executions)
    made = Control(ground, (code.builds, calls.executions), code.rules, executor, retention)
    made.pausing = calls.schedules.paused
    made.kept_builds = follow.folders.kept_builds
    made.refill = follow.serving.refill
    code.plans.is_kept = made.keeps
    follow.folders.collect = made.collect
    return retention, made


def hearing(
    ground: Ground, code: Code, executions: Executions, people: People, project: str
) -> Hearing:
    realtime = Realtime(ground, people.roles, people.console.team_of)
    triggers = Triggers(ground, code.functions, executions)
    webhooks = Webhooks(ground)
    ground.events.add(realtime, is_watcher=True)  # before what an event causes
    ground.events.add(triggers)
    if ground.config.webhooks:
        ground.events.add(webhooks)
        ground.epochs.when_ended(webhooks.drop)
    injection = Injection(ground, people.console, executions, triggers, project)
    return Hearing(realtime, triggers, webhooks, injection)


def stubs(ground: Ground, project: str) -> Stubs:
    made = Stubs(ground, project)
    ground.epochs.when_ended(made.clear)
    return made


def memories(code: Code, people: People, hearing: Hearing) -> tuple[Memory, ...]:
    return code.plans.remember, people.api_keys.remember, hearing.webhooks.remember
