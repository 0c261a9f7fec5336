"""What the API does: the only place that writes rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

from anyio import to_thread

from ..builder import Builder
from ..execution.executor import Executor
from ..models import CONSOLE, Deployment, Execution, Function
from ..people import Membership, User
from ..watch import Watcher
from . import long_texts
from .accounts import Accounts
from .api_keys import ApiKeys
from .archives import Archives
from .attendance import Attendance
from .background import Background
from .bringing import Bringing
from .builds import Builds
from .calendar import Calendar
from .console import Console
from .control import Control
from .deployments import Deployments
from .environments import Environments
from .errands import Errands
from .executions import Executions
from .folders import Folders
from .functions import Functions
from .generations import Generations
from .ground import Ground
from .housekeeping import Housekeeping
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
from .sources import Sources
from .standings import Standings
from .status import About, Status
from .teams import Teams
from .tokens import Tokens
from .triggers import Triggers
from .uploads import Uploads
from .usage import Usage
from .users import Users
from .variables import Variables
from .webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Services:
    """All services over one ground."""

    ground: Ground
    rules: Rules
    functions: Functions
    variables: Variables
    builds: Builds
    deployments: Deployments
    sources: Sources
    archives: Archives
    uploads: Uploads
    executions: Executions
    schedules: Schedules
    usage: Usage
    environments: Environments
    projects: Projects
    reload: Reload
    serving: Serving
    inspections: Inspections
    attendance: Attendance
    users: Users
    sessions: Sessions
    tokens: Tokens
    jwts: Jwts
    accounts: Accounts
    teams: Teams
    memberships: Memberships
    roles: Roles
    realtime: Realtime
    api_keys: ApiKeys
    console: Console
    retention: Retention
    control: Control
    calendar: Calendar
    housekeeping: Housekeeping
    status: Status
    standings: Standings
    triggers: Triggers
    injection: Injection
    webhooks: Webhooks

    @classmethod
    def over(
        cls,
        ground: Ground,
        watcher: Watcher,
        executor: Executor,
        builder: Builder,
        about: About,
    ) -> Self:
        """Build the services and connect them."""
        function_records = Records(ground, Function, searched=("$id", "name", "runtime"))
        rules = Rules(ground, function_records)
        functions = Functions(ground, function_records, rules)
        variables = Variables(ground, functions)
        plans = Plans(ground, functions, variables, Keys(ground), executor.retire)
        inspections = Inspections(ground, executor)
        plans.inspect = inspections.inspect
        records = Records(ground, Deployment, owner="resourceId", searched=("$id", "entrypoint"))
        builds = Builds(ground, records, functions, plans, builder)
        archives = Archives(ground, records)
        deployments = Deployments(ground, records, functions, builds, archives)
        uploads = Uploads(ground, deployments)
        jwts = Jwts(ground)
        runs = Runs(ground, deployments, plans, executor, jwts)
        runs.is_inspected = inspections.is_wanted
        attendance = Attendance(ground, functions, plans, runs, executor, inspections)
        execution_records = Records(
            ground, Execution, owner="functionId", searched=("$id", "functionId")
        )
        errands = Errands(ground, execution_records)
        background = Background(ground, execution_records, errands, functions, runs)
        executions = Executions(ground, execution_records, functions, runs, background)
        schedules = Schedules(ground, functions, executions, about.project)
        functions.on_schedule = schedules.refresh
        executions.on_scheduled = schedules.expect
        executions.on_unscheduled = schedules.cancel
        generations = Generations(ground, records, functions, deployments, (plans, executor))
        bringing = Bringing(ground, generations, builds, (plans, executor))
        folders = Folders(ground, functions, generations, bringing, plans)
        projects = Projects(ground, functions, variables, folders)
        reload = Reload(ground, watcher, functions, folders)
        runs.freshen = reload.freshen
        functions.on_active = (attendance.on_active, reload.on_active)
        serving = Serving(ground, watcher, projects, reload)
        environments = Environments(functions, variables, deployments, plans, about.project)
        environments.entry_of = reload.entry_of
        standings = Standings(ground, functions, deployments, rules, schedules)
        standings.following = reload.of
        inspections.folder_of = reload.folder_of
        users, sessions, tokens = Users(ground), Sessions(ground), Tokens(ground)
        retention = Retention(ground, functions, deployments, executions)
        control = Control(ground, (builds, executions), rules, executor, retention)
        control.pausing = schedules.paused
        control.kept_builds = folders.kept_builds
        control.refill = serving.refill
        folders.collect = control.collect
        rows = (functions, deployments, executions)
        members = Records(
            ground, Membership, owner="userId", found_by=("teamId",), searched=("$id", "userId")
        )
        teams, api_keys = Teams(ground, members), ApiKeys(ground)
        console = Console(ground, teams, api_keys, about.project)
        memberships = Memberships(ground, members, teams, users)
        roles = Roles(users, sessions, memberships)
        realtime = Realtime(ground, roles, console.team_of)
        triggers = Triggers(ground, functions, executions)
        ground.events.add(realtime, is_watcher=True)  # before what an event causes
        ground.events.add(triggers)
        webhooks = Webhooks(ground)
        if ground.config.webhooks:
            ground.events.add(webhooks)
            ground.epochs.when_ended(webhooks.drop)
        return cls(
            ground=ground,
            rules=rules,
            functions=functions,
            variables=variables,
            builds=builds,
            deployments=deployments,
            sources=Sources(ground, functions, deployments),
            archives=archives,
            uploads=uploads,
            executions=executions,
            schedules=schedules,
            usage=Usage(ground, functions),
            environments=environments,
            projects=projects,
            reload=reload,
            serving=serving,
            inspections=inspections,
            attendance=attendance,
            users=users,
            sessions=sessions,
            tokens=tokens,
            jwts=jwts,
            accounts=Accounts(ground.config, users, sessions, tokens, console.welcome),
            teams=teams,
            memberships=memberships,
            roles=roles,
            realtime=realtime,
            api_keys=api_keys,
            console=console,
            retention=retention,
            control=control,
            calendar=Calendar(ground.clock, ground.timers, ground.under_way),
            housekeeping=Housekeeping(ground, control.maintain),
            status=Status(ground, about, rows, executor, control),
            standings=standings,
            triggers=triggers,
            injection=Injection(ground, console, executions, triggers, about.project),
            webhooks=webhooks,
        )

    def delete_function(self, project: str, id: str) -> None:
        """Delete a function and all that is its own. Raises ApiError function_not_found."""
        function = self.functions.get(project, id)
        self.functions.delete(project, id, children=self._delete_children)
        self.schedules.forget(function)

    def _delete_children(self, function: Function) -> None:
        self.rules.delete_of(function)
        self.variables.delete_of(function)
        self.deployments.delete_of(function)
        self.executions.delete_of(function)

    def delete_user(self, project: str, id: str) -> None:
        """Delete a user and all that is his. Raises ApiError user_not_found."""
        self.users.delete(project, id, children=self._delete_possessions)

    def set_password(self, project: str, id: str, password: str) -> User:
        """Change or, with "", remove a user's password; since 1.9 a new one ends his sessions.

        Raises ApiError user_not_found. Source: Appwrite 1.6.2 and 1.9.6.
        """
        with self.ground.state.transaction():
            user = self.users.set_password(project, id, password)
            if password and self.ground.config.appwrite == "1.9":
                self.sessions.close_all(user)
        return user

    def _delete_possessions(self, user: User) -> None:
        self.sessions.close_all(user)
        self.tokens.delete_of(user)
        self.memberships.delete_of(user.project, user.id)

    async def tidy(self) -> None:
        """Remove rows that are too old, and files that no row names, before new ones are made."""
        await self.retention.apply()
        await self.sweep()

    def begin(self) -> None:
        """Go on where an earlier process stopped, and be ready for what the clock brings."""
        self.recover()
        self.arm()
        self.ground.timers.rearm = self.arm

    def recover(self) -> None:
        """End, with the reason, what an earlier process left unfinished; go on with builds.

        Developers of a strict emulator sign in anew: an earlier one may have taken any password.
        """
        if self.ground.config.strict:
            self.sessions.close_in(CONSOLE)
            self.tokens.delete_in(CONSOLE)
        self.executions.recover()
        self.builds.recover()

    def arm(self) -> None:
        """Set all timers anew, from the rows: at the start, and when the clock has gone back."""
        self.housekeeping.arm()
        self.schedules.rearm()

    async def sweep(self) -> int:
        """Remove files that no row names; how many there were. Nothing may be in the making."""
        remove = partial(
            self.ground.files.sweep,
            sources=self.archives.source_names(),
            logs=long_texts.names(self.ground.state.snapshot()),
            builds=self.archives.build_names(),
        )
        return await to_thread.run_sync(remove)
