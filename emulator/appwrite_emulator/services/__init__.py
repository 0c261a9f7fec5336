"""What the API does: the only place that writes rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

from anyio import to_thread

from ..builder import Builder
from ..execution.executor import Executor
from ..models import CONSOLE, Function
from ..people import User
from ..watch import Watcher
from . import long_texts, wiring
from .accounts import Accounts
from .api_keys import ApiKeys
from .archives import Archives
from .attendance import Attendance
from .builds import Builds
from .calendar import Calendar
from .console import Console
from .control import Control
from .deployments import Deployments
from .environments import Environments
from .executions import Executions
from .functions import Functions
from .ground import Ground
from .housekeeping import Housekeeping
from .injection import Injection
from .inspections import Inspections
from .jwts import Jwts
from .memberships import Memberships
from .origins import Origins
from .projects import Projects
from .realtime import Realtime
from .reload import Reload
from .retention import Retention
from .roles import Roles
from .rules import Rules
from .schedules import Schedules
from .serving import Serving
from .sessions import Sessions
from .sources import Sources
from .standings import Standings
from .status import About, Status
from .stubs import Stubs
from .teams import Teams
from .tokens import Tokens
from .triggers import Triggers
from .uploads import Uploads
from .usage import Usage
from .users import Users
from .variables import Variables
from .webhooks import Webhooks
from .witness import Witness


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
    origins: Origins
    triggers: Triggers
    injection: Injection
    webhooks: Webhooks
    witness: Witness
    stubs: Stubs

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
        people = wiring.people(ground, about.project)
        code = wiring.code(ground, executor, builder)
        calls = wiring.calls(ground, code, executor, people.jwts, about.project)
        follow = wiring.follow(ground, code, calls.runs, executor, watcher)
        hearing = wiring.hearing(ground, code, calls.executions, people, about.project)
        retention, control = wiring.control(ground, code, calls, follow, executor)
        control.memories = wiring.memories(code, people, hearing)
        functions, deployments, executions = code.functions, code.deployments, calls.executions
        rows = (functions, deployments, executions)
        return cls(
            ground=ground,
            rules=code.rules,
            functions=functions,
            variables=code.variables,
            builds=code.builds,
            deployments=deployments,
            archives=code.archives,
            inspections=code.inspections,
            sources=Sources(ground, functions, deployments),
            uploads=Uploads(ground, deployments),
            usage=Usage(ground, functions),
            executions=executions,
            schedules=calls.schedules,
            projects=follow.projects,
            reload=follow.reload,
            origins=follow.folders.origins,
            serving=follow.serving,
            environments=wiring.environments(code, follow.reload, about.project),
            standings=wiring.standings(ground, code, calls.schedules, follow.reload),
            attendance=wiring.attendance(ground, code, calls.runs, executor),
            **people._asdict(),
            **hearing._asdict(),
            retention=retention,
            control=control,
            witness=Witness(calls.runs, ground.live_logs, ground.epochs),
            calendar=Calendar(ground.clock, ground.timers, ground.under_way),
            housekeeping=Housekeeping(ground, control.maintain),
            status=Status(ground, about, rows, executor, control),
            stubs=wiring.stubs(ground, about.project),
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
        self.control.begin()

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
