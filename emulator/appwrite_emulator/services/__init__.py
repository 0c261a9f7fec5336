"""What the API does: the only place that writes rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

from anyio import to_thread

from ..builder import Builder
from ..execution.executor import Executor
from ..models import Deployment, Function
from .archives import Archives
from .builds import Builds
from .control import Control
from .deployments import Deployments
from .executions import Executions
from .functions import Functions
from .ground import Ground
from .keys import Keys
from .plans import Plans
from .projects import Projects
from .records import Records
from .retention import Retention
from .runs import Runs
from .sources import Sources
from .status import About, Status
from .uploads import Uploads
from .variables import Variables


@dataclass(frozen=True, slots=True)
class Services:
    """All services over one ground."""

    ground: Ground
    functions: Functions
    variables: Variables
    builds: Builds
    deployments: Deployments
    sources: Sources
    archives: Archives
    uploads: Uploads
    executions: Executions
    projects: Projects
    retention: Retention
    control: Control
    status: Status

    @classmethod
    def over(cls, ground: Ground, executor: Executor, builder: Builder, about: About) -> Self:
        """Build the services and connect them."""
        functions = Functions(ground)
        variables = Variables(ground, functions)
        plans = Plans(ground, variables, Keys(ground), executor.retire)
        records = Records(ground, Deployment, owner="resourceId", searched=("$id", "entrypoint"))
        builds = Builds(ground, records, functions, plans, builder)
        archives = Archives(ground, records)
        deployments = Deployments(ground, records, functions, builds, archives)
        uploads = Uploads(ground, deployments)
        executions = Executions(ground, functions, deployments, Runs(ground, plans, executor))
        projects = Projects(ground, functions, variables, deployments, builds)
        retention = Retention(ground, functions, deployments, executions)
        control = Control(ground, (builds, executions), executor, retention)
        rows = (functions, deployments, executions)
        return cls(
            ground,
            functions,
            variables,
            builds,
            deployments,
            Sources(ground, functions, deployments),
            archives,
            uploads,
            executions,
            projects,
            retention,
            control,
            Status(ground, about, rows, executor, control),
        )

    def delete_function(self, project: str, id: str) -> None:
        """Delete a function and all that is its own. Raises ApiError function_not_found."""
        self.functions.delete(project, id, children=self._delete_children)

    def _delete_children(self, function: Function) -> None:
        self.variables.delete_of(function)
        self.deployments.delete_of(function)
        self.executions.delete_of(function)

    def recover(self) -> None:
        """End, with the reason, what an earlier process left unfinished; go on with builds."""
        self.executions.recover()
        self.builds.recover()

    async def sweep(self) -> int:
        """Remove files that no row names; how many there were. Nothing may be in the making."""
        remove = partial(
            self.ground.files.sweep,
            sources=self.archives.source_names(),
            logs=self.executions.log_names(),
            builds=self.archives.build_names(),
        )
        return await to_thread.run_sync(remove)
