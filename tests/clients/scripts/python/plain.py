"""Everything a function goes through, with PyPI's appwrite 7: dictionaries, in the era of 1.6."""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from appwrite.client import Client
from appwrite.exception import AppwriteException
from appwrite.input_file import InputFile
from appwrite.query import Query
from appwrite.services.functions import Functions
from everything import run
from flow import CHUNK, NODE, Calls, Flow, Sdk

MODELS = json.loads(Path(__file__).parents[1].joinpath("models.json").read_text())["1.6"]


def client() -> Client:
    """A client without a key, as a guest has it."""
    found = Client().set_endpoint(os.environ["APPWRITE_ENDPOINT"])
    return found.set_project(os.environ["APPWRITE_PROJECT_ID"])


def sdk() -> Sdk:
    functions = Functions(client().set_key(os.environ["APPWRITE_API_KEY"]))
    return Sdk(
        name=f"appwrite {version('appwrite')}",
        functions=Calls(functions),
        guest=Calls(Functions(client())),
        queries=Query,
        input_file=InputFile,
        refusal=AppwriteException,
        create_variable=functions.create_variable,
        rebuild=functions.create_build,
        cancel=functions.update_deployment_build,
        activate=functions.update_deployment,
        active="deployment",
        size="size",
        owner="functionId",
        taken="document_already_exists",
        models={name: set(fields.split()) for name, fields in MODELS.items()},
    )


def refuse_bytes(flow: Flow) -> None:
    """This SDK sends a wrong last chunk of `from_bytes` beyond 5 MiB; the refusal says so."""
    code = (flow.archives / "node-12mib.tar.gz").read_bytes()
    progress: list[dict[str, Any]] = []
    error = flow.checks.refused(
        400,
        "storage_invalid_content_range",
        lambda: flow.functions.create_deployment(
            NODE, InputFile.from_bytes(code, "code.tar.gz"), True, on_progress=progress.append
        ),
        "InputFile.from_path",
    )
    flow.checks.equal(len(progress), 2, f"chunks that came before {error}")
    id = progress[0]["$id"]
    flow.checks.equal(flow.functions.get_deployment(NODE, id)["size"], 12582912, "announced size")
    flow.functions.delete_deployment(NODE, id)


def accept_bytes(flow: Flow) -> None:
    """Up to one chunk `from_bytes` is right, though exactly 5 MiB are sent with a range."""
    code = (flow.archives / "python-5mib.tar.gz").read_bytes()
    flow.checks.equal(len(code), CHUNK, "bytes of one chunk")
    uploaded = flow.functions.create_deployment(
        "flow-python", InputFile.from_bytes(code, "code.tar.gz"), True
    )
    flow.built("flow-python", uploaded["$id"])


def rebuild_without_an_answer(flow: Flow) -> None:
    newest = flow.listed("deployments", function="flow-python")[-1]["$id"]
    answer = flow.functions.create_build("flow-python", newest)
    flow.checks.equal(answer, b"", "the answer to a rebuild in this era")


if __name__ == "__main__":
    run(Flow(sdk(), Path(sys.argv[1])), refuse_bytes, accept_bytes, rebuild_without_an_answer)
