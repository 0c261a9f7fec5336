"""Deployments: uploads of every size, builds, cancel, rebuild, lists and downloads."""

from __future__ import annotations

from typing import Any

from flow import CHUNK, NODE, PYTHON, Flow


def upload_in_chunks(flow: Flow) -> str:
    """Three chunks; the SDK's callback learns of each."""
    path = flow.archives / "node-12mib.tar.gz"
    size = path.stat().st_size
    progress: list[dict[str, Any]] = []
    code = flow.sdk.input_file.from_path(str(path))
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
        flow.sdk.size: size,
    }
    flow.checks.fields(deployment, wanted, "the uploaded deployment")
    flow.checks.has(deployment, flow.sdk.models["deployment"], "the uploaded deployment")
    flow.checks.equal([each["$id"] for each in progress], [id] * 3, "ids in the progress")
    flow.checks.equal(progress[-1]["sizeUploaded"], size, "bytes in the last progress")
    flow.checks.equal(progress[-1]["progress"], 100, "percents in the last progress")
    counts = [(each["chunksUploaded"], each["chunksTotal"]) for each in progress]
    flow.checks.equal(counts, [(1, 3), (2, 3), (3, 3)], "chunks in the progress")
    flow.built(NODE, id)
    return id


def upload_in_one(flow: Flow) -> tuple[str, str]:
    """Exactly one chunk, and an archive of some bytes: the SDKs differ in what they send."""
    ids = []
    for name in ("python-5mib.tar.gz", "python-small.tar.gz"):
        path = flow.archives / name
        code = flow.sdk.input_file.from_path(str(path))
        deployment = flow.functions.create_deployment(PYTHON, code, True, "main.py", "")
        flow.checks.equal(deployment[flow.sdk.size], path.stat().st_size, f"size of {name}")
        flow.built(PYTHON, deployment["$id"])
        answer = flow.answered(PYTHON, path="/")
        flow.checks.equal(answer["deployment"], deployment["$id"], "the running deployment")
        ids.append(str(deployment["$id"]))
    flow.checks.refused(
        400,
        "storage_file_type_unsupported",
        lambda: flow.functions.create_deployment(
            PYTHON, flow.sdk.input_file.from_bytes(b"text", "code.txt"), True
        ),
    )
    return ids[0], ids[1]


def list_deployments(flow: Flow, exact: str, small: str) -> None:
    query, checks = flow.queries, flow.checks

    def ids(*queries: str) -> list[str]:
        return [each["$id"] for each in flow.listed("deployments", *queries, function=PYTHON)]

    checks.equal(ids(), [exact, small], "deployments")
    newest = ids(query.order_desc("$createdAt"), query.limit(1))
    checks.equal(newest, [small], "the newest deployment")
    checks.equal(ids(query.cursor_after(exact)), [small], "deployments after a cursor")
    checks.equal(ids(query.equal("type", "manual")), [exact, small], "deployments by type")
    checks.equal(ids(query.equal("type", "vcs")), [], "deployments of another type")
    checks.equal(ids(query.less_than(flow.sdk.size, CHUNK)), [small], "deployments by size")


def download(flow: Flow, big: str, exact: str) -> None:
    """Byte for byte what was uploaded."""
    for function, id, name in (
        (NODE, big, "node-12mib.tar.gz"),
        (PYTHON, exact, "python-5mib.tar.gz"),
    ):
        found = flow.functions.get_deployment_download(function, id)
        wanted = (flow.archives / name).read_bytes()
        flow.checks.equal(len(found), len(wanted), f"length of the downloaded {name}")
        flow.checks.true(found == wanted, f"bytes of the downloaded {name}")
    flow.checks.refused(
        404,
        "deployment_not_found",
        lambda: flow.functions.get_deployment_download(NODE, exact),
    )


def cancel_build(flow: Flow, small: str) -> str:
    """A build that would take minutes, stopped while it runs; the old code goes on serving."""
    flow.functions.update(PYTHON, "Flow", commands="echo here we go && sleep 300")
    code = flow.sdk.input_file.from_path(str(flow.archives / "python-small.tar.gz"))
    id = str(flow.functions.create_deployment(PYTHON, code, True)["$id"])
    building = flow.poll(
        lambda: flow.functions.get_deployment(PYTHON, id),
        lambda it: "here we go" in it["buildLogs"] or it["status"] in ("ready", "failed"),
    )
    flow.checks.equal(building["status"], "building", "status while commands run")
    for _ in range(2):
        answer = flow.sdk.cancel(PYTHON, id)
        flow.checks.equal(answer["status"], "canceled", "status after cancelling")
    deployment = flow.functions.get_deployment(PYTHON, id)
    flow.checks.equal(deployment["status"], "canceled", "status of the canceled deployment")
    logs = deployment["buildLogs"]
    flow.checks.true("here we go" in logs, f"a canceled build keeps its logs: {logs}")
    flow.checks.true("Build has been canceled." in logs, f"the logs tell of the cancel: {logs}")
    flow.checks.refused(400, "build_not_ready", lambda: flow.sdk.activate(PYTHON, id))
    flow.checks.refused(400, "build_already_completed", lambda: flow.sdk.cancel(PYTHON, small))
    flow.checks.equal(flow.answered(PYTHON)["deployment"], small, "the code still serving")
    return id


def rebuild(flow: Flow, small: str, canceled: str) -> None:
    """The function's commands of now are run for code that asks for activation."""
    checks, functions = flow.checks, flow.functions
    functions.update(PYTHON, "Flow", commands="echo built again")
    flow.sdk.rebuild(PYTHON, canceled)
    newest = flow.listed(
        "deployments",
        flow.queries.order_desc("$createdAt"),
        flow.queries.limit(1),
        function=PYTHON,
    )
    again = newest[0]["$id"]
    checks.true(again not in (small, canceled), "a rebuild is a deployment of its own")
    checks.true("built again" in flow.built(PYTHON, again)["buildLogs"], "the new commands ran")
    checks.equal(flow.answered(PYTHON)["deployment"], again, "the rebuilt code serves")
    function = flow.sdk.activate(PYTHON, small)
    checks.equal(function[flow.sdk.active], small, "the deployment activated by hand")
    checks.equal(flow.answered(PYTHON)["deployment"], small, "the activated code serves")
    checks.refused(404, "deployment_not_found", lambda: flow.sdk.rebuild(PYTHON, "absent"))
