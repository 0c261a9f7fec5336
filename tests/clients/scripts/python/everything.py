"""The way of functions from create to delete through PyPI's appwrite of any version.

python everything.py ARCHIVES, in an environment with the SDK; see test_sdks.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import deploying
import executing
import people
import settings
import typed
from flow import Flow
from sdk import IS_TYPED, VERSION


@dataclass(frozen=True)
class Step:
    """What is done next, and what the SDK must have for it: a call or `call.parameter`."""

    run: Callable[[Flow], None]
    needs: str = ""


MODELS = "typed models"
STEPS = (
    Step(settings.list_what_there_is),
    Step(settings.choose_of_what_there_is, "list_specifications.type"),
    Step(settings.create_functions),
    Step(settings.refuse_what_is_wrong),
    Step(settings.update_function),
    Step(settings.keep_variables),
    Step(settings.name_variables, "create_variable.variable_id"),
    Step(deploying.upload_in_chunks),
    Step(executing.execute),
    Step(executing.execute_failing),
    Step(executing.execute_later),
    Step(executing.execute_as_guest),
    Step(deploying.upload_in_one),
    Step(settings.list_functions),
    Step(deploying.list_deployments),
    Step(executing.list_executions),
    Step(executing.search_executions, "list_executions.search"),
    Step(settings.leave_out_totals, "list.total"),
    Step(settings.leave_out_the_total_of_variables, "list_variables.total"),
    Step(deploying.download),
    Step(deploying.cancel_build),
    Step(deploying.rebuild),
    Step(deploying.rebuild_without_an_answer, "create_build"),
    Step(deploying.refuse_bytes, "create_build"),
    Step(deploying.upload_bytes),
    Step(deploying.upload_more_bytes, "create_duplicate_deployment"),
    Step(deploying.name_a_template, "create.template_repository"),
    Step(deploying.deploy_a_template, "create_template_deployment"),
    Step(deploying.deploy_a_branch, "create_vcs_deployment"),
    Step(typed.send_whole_models, MODELS),
    Step(typed.type_the_answers, MODELS),
    Step(settings.keep_secrets, "create_variable.secret"),
    Step(deploying.download_the_build, "get_deployment_download.type"),
    Step(executing.schedule),
    Step(people.make_users),
    Step(people.call_as_user),
    Step(people.keep_account),
    Step(people.work_in_teams),
    Step(people.send_people_away),
    Step(settings.delete_everything),
)


def main() -> None:
    """Take all steps that this version of the SDK can; end with how many checks passed."""
    flow = Flow(Path(sys.argv[1]))
    offered = flow.functions.offered() | ({MODELS} if IS_TYPED else set())
    for step in STEPS:
        if step.needs and step.needs not in offered:
            sys.stdout.write(f"{step.run.__name__}: appwrite {VERSION} has no {step.needs}\n")
        else:
            step.run(flow)
    unused = flow.functions.offered() - flow.functions.used - flow.guest.used
    flow.checks.equal(sorted(unused), [], "calls and parameters that no step used")
    sys.stdout.write(f"{flow.checks.count} checks passed with appwrite {VERSION}\n")


if __name__ == "__main__":
    main()
