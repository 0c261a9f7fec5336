"""Deployments: uploads of every size, builds, cancel, rebuild, lists and downloads."""

from __future__ import annotations

from typing import Any

from appwrite.input_file import InputFile
from appwrite.query import Query
from flow import CHUNK, NODE, PYTHON, Flow, names_in
from sdk import MODELS, NAMES


def upload_in_chunks(flow: Flow) -> None:
    """Three chunks; the SDK's callback learns of each."""
    path = flow.archives / "node-12mib.tar.gz"
    size = path.stat().st_size
    progress: list[dict[str, Any]] = []
    code = InputFile.from_path(str(path))
    deployment = flow.functions.create_deployment(
        NODE, code, activate=True, on_progress=progress.append
    )
    id = str(deployment["$id"])
    wanted = {
        "resourceId": NODE,
        "resourceType": "functions",
        "type": "manual",
        "entrypoint": "main.js",
        "activate": True,
        NAMES["size"]: size,
    }
    flow.checks.fields(deployment, wanted, "the uploaded deployment")
    flow.checks.has(deployment, MODELS["deployment"], "the uploaded deployment")
    flow.checks.equal([each["$id"] for each in progress], [id] * 3, "ids in the progress")
    flow.checks.equal(progress[-1]["sizeUploaded"], size, "bytes in the last progress")
    flow.checks.equal(progress[-1]["progress"], 100, "percents in the last progress")
    counts = [(each["chunksUploaded"], each["chunksTotal"]) for each in progress]
    flow.checks.equal(counts, [(1, 3), (2, 3), (3, 3)], "chunks in the progress")
    flow.built(NODE, id)
    flow.big = id


def upload_in_one(flow: Flow) -> None:
    """Exactly one chunk, and an archive of some bytes: the SDKs differ in what they send."""
    ids = []
    for name in ("python-5mib.tar.gz", "python-small.tar.gz"):
        path = flow.archives / name
        code = InputFile.from_path(str(path))
        deployment = flow.functions.create_deployment(PYTHON, code, True, "main.py", "")
        flow.checks.equal(deployment[NAMES["size"]], path.stat().st_size, f"size of {name}")
        flow.built(PYTHON, deployment["$id"])
        answer = flow.answered(PYTHON, path="/")
        flow.checks.equal(answer["deployment"], deployment["$id"], "the running deployment")
        ids.append(str(deployment["$id"]))
    flow.checks.refused(
        400,
        "storage_file_type_unsupported",
        lambda: flow.functions.create_deployment(
            PYTHON, InputFile.from_bytes(b"text", "code.txt"), True
        ),
    )
    flow.exact, flow.small = ids


def list_deployments(flow: Flow) -> None:
    checks = flow.checks

    def ids(*queries: str) -> list[str]:
        return [each["$id"] for each in flow.listed("deployments", *queries, function=PYTHON)]

    found = flow.functions.list_deployments(PYTHON, search=flow.small)["deployments"]
    checks.equal([it["$id"] for it in found], [flow.small], "deployments found by text")
    checks.equal(ids(), [flow.exact, flow.small], "deployments")
    newest = ids(Query.order_desc("$createdAt"), Query.limit(1))
    checks.equal(newest, [flow.small], "the newest deployment")
    checks.equal(ids(Query.cursor_after(flow.exact)), [flow.small], "deployments after a cursor")
    checks.equal(
        ids(Query.equal("type", "manual")), [flow.exact, flow.small], "deployments by type"
    )
    checks.equal(ids(Query.equal("type", "vcs")), [], "deployments of another type")
    checks.equal(ids(Query.less_than(NAMES["size"], CHUNK)), [flow.small], "deployments by size")


def download(flow: Flow) -> None:
    """Byte for byte what was uploaded."""
    for function, id, name in (
        (NODE, flow.big, "node-12mib.tar.gz"),
        (PYTHON, flow.exact, "python-5mib.tar.gz"),
    ):
        found = flow.functions.get_deployment_download(function, id)
        wanted = (flow.archives / name).read_bytes()
        flow.checks.equal(len(found), len(wanted), f"length of the downloaded {name}")
        flow.checks.true(found == wanted, f"bytes of the downloaded {name}")
    flow.checks.refused(
        404,
        "deployment_not_found",
        lambda: flow.functions.get_deployment_download(NODE, flow.exact),
    )


def cancel_build(flow: Flow) -> None:
    """A build that would take minutes, stopped while it runs; the old code goes on serving."""
    flow.functions.update(PYTHON, "Flow", commands="echo here we go && sleep 300")
    code = InputFile.from_path(str(flow.archives / "python-small.tar.gz"))
    id = str(flow.functions.create_deployment(PYTHON, code, True)["$id"])
    building = flow.poll(
        lambda: flow.functions.get_deployment(PYTHON, id),
        lambda it: "here we go" in it["buildLogs"] or it["status"] in ("ready", "failed"),
    )
    flow.checks.equal(building["status"], "building", "status while commands run")
    for _ in range(2):
        answer = flow.functions.update_deployment_status(PYTHON, id)
        flow.checks.equal(answer["status"], "canceled", "status after cancelling")
        flow.checks.has(answer, MODELS["canceled"], "the answer to a cancel")
    deployment = flow.functions.get_deployment(PYTHON, id)
    flow.checks.equal(deployment["status"], "canceled", "status of the canceled deployment")
    logs = deployment["buildLogs"]
    flow.checks.true("here we go" in logs, f"a canceled build keeps its logs: {logs}")
    flow.checks.true("Build has been canceled." in logs, f"the logs tell of the cancel: {logs}")
    flow.checks.refused(
        400, "build_not_ready", lambda: flow.functions.update_function_deployment(PYTHON, id)
    )
    flow.checks.refused(
        400,
        "build_already_completed",
        lambda: flow.functions.update_deployment_status(PYTHON, flow.small),
    )
    flow.checks.equal(flow.answered(PYTHON)["deployment"], flow.small, "the code still serving")
    flow.canceled = id


def rebuild(flow: Flow) -> None:
    """The function's commands of now are run for code that asks for activation."""
    checks, functions = flow.checks, flow.functions
    functions.update(PYTHON, "Flow", commands="echo built again")
    flow.functions.create_duplicate_deployment(PYTHON, flow.canceled, build_id="")
    newest = flow.listed(
        "deployments",
        Query.order_desc("$createdAt"),
        Query.limit(1),
        function=PYTHON,
    )
    again = newest[0]["$id"]
    checks.true(again not in (flow.small, flow.canceled), "a rebuild is a deployment of its own")
    checks.true("built again" in flow.built(PYTHON, again)["buildLogs"], "the new commands ran")
    checks.equal(flow.answered(PYTHON)["deployment"], again, "the rebuilt code serves")
    function = flow.functions.update_function_deployment(PYTHON, flow.small)
    checks.equal(function[NAMES["active"]], flow.small, "the deployment activated by hand")
    checks.equal(flow.answered(PYTHON)["deployment"], flow.small, "the activated code serves")
    checks.refused(
        404,
        "deployment_not_found",
        lambda: flow.functions.create_duplicate_deployment(PYTHON, "absent"),
    )


def rebuild_without_an_answer(flow: Flow) -> None:
    newest = flow.listed("deployments", function=PYTHON)[-1]["$id"]
    answer = flow.functions.create_duplicate_deployment(PYTHON, newest, build_id="")
    flow.checks.equal(answer, b"", "the answer to a rebuild in this era")


def refuse_bytes(flow: Flow) -> None:
    """Old SDKs send a wrong last chunk of `from_bytes` beyond 5 MiB; the refusal says so."""
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


def upload_bytes(flow: Flow) -> None:
    """Up to one chunk `from_bytes` is right everywhere; some send exactly 5 MiB with a range."""
    code = (flow.archives / "python-5mib.tar.gz").read_bytes()
    flow.checks.equal(len(code), CHUNK, "bytes of one chunk")
    source = InputFile.from_bytes(code, "code.tar.gz")
    uploaded = flow.functions.create_deployment(PYTHON, source, True)
    flow.built(PYTHON, uploaded["$id"])


def upload_more_bytes(flow: Flow) -> None:
    code = (flow.archives / "node-12mib.tar.gz").read_bytes()
    source = InputFile.from_bytes(code, "code.tar.gz")
    uploaded = flow.functions.create_deployment(PYTHON, source, False)
    flow.checks.equal(uploaded[NAMES["size"]], len(code), "bytes of the upload")
    found = flow.functions.get_deployment_download(PYTHON, uploaded["$id"])
    flow.checks.true(found == code, "bytes of the download")
    flow.functions.delete_deployment(PYTHON, uploaded["$id"])


def name_a_template(flow: Flow) -> None:
    """The way of 1.6: the new function names the template and deploys it at once."""
    flow.functions.create(
        "templated",
        "Templated",
        "node-22",
        template_repository="nowhere",
        template_owner="nobody",
        template_root_directory="node/starter",
        template_version="0.2.*",
    )
    (deployment,) = flow.listed("deployments", function="templated")
    flow.checks.equal(deployment["type"], "manual", "type of a template's deployment")
    _tells_why_it_failed(flow, "templated", deployment["$id"])
    flow.functions.delete("templated")


def deploy_a_template(flow: Flow) -> None:
    """A tag, which some versions call `version`; nobody has that repository."""
    deployment = flow.functions.create_template_deployment(
        PYTHON,
        repository="nowhere",
        owner="nobody",
        root_directory="python/starter",
        version="0.3.1",
        type="tag",
        reference="0.3.1",
        activate=False,
    )
    wanted = {
        "type": "vcs",
        "activate": False,
        "providerRepositoryName": "nowhere",
        "providerRepositoryOwner": "nobody",
        "providerBranch": "",
        "providerBranchUrl": "https://github.com/nobody/nowhere/blob/0.3.1",
    }
    flow.checks.fields(deployment, wanted, "a template's deployment")
    flow.checks.has(deployment, MODELS["deployment"], "a template's deployment")
    _tells_why_it_failed(flow, PYTHON, deployment["$id"])


def deploy_a_branch(flow: Flow) -> None:
    deployment = flow.functions.create_vcs_deployment(
        PYTHON, type="branch", reference="main", activate=False
    )
    wanted = {"type": "vcs", "activate": False, "providerBranch": "main"}
    flow.checks.fields(deployment, wanted, "a branch's deployment")
    _tells_why_it_failed(flow, PYTHON, deployment["$id"])


def _tells_why_it_failed(flow: Flow, function: str, id: str) -> None:
    deployment = flow.ended(function, id)
    flow.checks.equal(deployment["status"], "failed", "status of code that cannot be had")
    flow.checks.true(deployment["buildLogs"], "the logs tell why")
    flow.functions.delete_deployment(function, id)


def download_the_build(flow: Flow) -> None:
    function = flow.functions.get(NODE)[NAMES["active"]]
    download = flow.functions.get_deployment_download
    source = download(NODE, function, type="source")
    output = download(NODE, function, type="output", token="")
    wanted = (flow.archives / "node-12mib.tar.gz").read_bytes()
    flow.checks.true(source == wanted, "bytes of the source, asked for by type")
    flow.checks.true({"main.js", "blob.bin"} <= names_in(output), "files of the build's output")
