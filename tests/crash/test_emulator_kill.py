"""`kill -9` of a loaded emulator: nothing acknowledged is lost, no process is left."""

from __future__ import annotations

import asyncio
import io
import os
import random
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from appwrite_emulator.clock import machine_time

from .served import fast_time
from .witness import BACKGROUND, Witness

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "emulator"
HEADERS = {
    "x-appwrite-project": "crash",
    "x-appwrite-key": "any",
    "x-appwrite-response-format": "1.9.5",
}
CODE = 'def main(context):\n    context.log("served")\n    return context.res.text("ok")\n'


@dataclass
class Model:
    """What the emulator has acknowledged."""

    start: datetime  # when its clock left the machine's
    functions: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)
    completed: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)  # in the background: must end, once
    soon: set[str] = field(default_factory=set)  # the same, once their moment has come
    carried: set[str] = field(default_factory=set)  # of those, what began after a kill
    scheduled: set[str] = field(default_factory=set)  # for tomorrow: must go on waiting
    ticks: set[str] = field(default_factory=set)  # seen: must stay
    deleted: set[str] = field(default_factory=set)
    deployments: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)  # their deletion may have come to pass


def archive(source: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        entry = tarfile.TarInfo("main.py")
        entry.size = len(source)
        tar.addfile(entry, io.BytesIO(source.encode()))
    return out.getvalue()


class Client:
    """The calls the load is made of; each notes what was acknowledged."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        model: Model,
        chance: random.Random,
        quota: asyncio.Semaphore,
    ) -> None:
        self.http = http
        self.model = model
        self.chance = chance
        self.quota = quota  # released once for each call that was acknowledged

    async def create_function(self) -> None:
        id = f"f{self.chance.getrandbits(40):x}"
        body = {"functionId": id, "name": id, "runtime": "python-3.12"}
        reply = await self.http.post("/functions", json=body)
        assert reply.status_code == 201, reply.text
        self.model.functions.add(id)

    async def create_variable(self) -> None:
        key = f"K{self.chance.getrandbits(40):x}"
        body = {"key": key, "value": "v", "secret": False}
        reply = await self.http.post("/functions/fast/variables", json=body)
        assert reply.status_code == 201, reply.text
        self.model.variables[reply.json()["$id"]] = key

    async def execute(self) -> None:
        reply = await self.http.post("/functions/fast/executions", json={"body": "x"})
        assert reply.status_code == 201, reply.text
        assert reply.json()["status"] == "completed", reply.text
        self.model.completed.add(reply.json()["$id"])

    async def execute_later(self) -> None:
        body = {"async": True, "body": "x" * self.chance.choice([0, 100, 50_000])}
        reply = await self.http.post("/functions/slow/executions", json=body)
        assert reply.status_code == 202, reply.text
        self.model.accepted.add(reply.json()["$id"])

    async def fire(self) -> None:
        body = {"event": "buckets.b.files.f.create", "payload": {"a": 1}, "project": "crash"}
        reply = await self.http.post(f"{control(self.http)}/trigger/event", json=body)
        assert reply.status_code == 202, reply.text
        self.model.accepted.update(each["$id"] for each in reply.json()["executions"])

    async def schedule(self) -> None:
        self.model.scheduled.add(await self._schedule(timedelta(days=1)))

    async def schedule_soon(self) -> None:
        self.model.soon.add(await self._schedule(timedelta(seconds=140)))

    async def _schedule(self, delay: timedelta) -> str:
        moment = fast_time(self.model.start) + delay
        body = {"async": True, "scheduledAt": moment.strftime("%Y-%m-%dT%H:%M:00.000+00:00")}
        reply = await self.http.post("/functions/slow/executions", json=body)
        assert reply.status_code == 202, reply.text
        return str(reply.json()["$id"])

    async def delete_execution(self) -> None:
        if len(self.model.completed) < 20:
            return await self.execute()
        id = self.chance.choice(sorted(self.model.completed))
        self.model.completed.discard(id)
        self.model.doubtful.add(id)
        reply = await self.http.delete(f"/functions/fast/executions/{id}")
        assert reply.status_code == 204, reply.text
        self.model.doubtful.discard(id)
        self.model.deleted.add(id)

    async def deploy(self) -> None:
        deployment = await deploy(self.http, "spare", CODE, commands="sleep 0.2")
        self.model.deployments.add(deployment)

    async def work(self) -> None:
        calls = [self.execute] * 6 + [self.execute_later, self.fire, self.create_variable] * 2
        calls += [self.create_function, self.delete_execution, self.deploy]
        calls += [self.schedule, self.schedule_soon]
        while True:
            try:
                await self.chance.choice(calls)()
            except httpx2.TransportError:
                return  # killed
            self.quota.release()


async def deploy(http: httpx2.AsyncClient, function: str, code: str, commands: str = "") -> str:
    reply = await http.post(
        f"/functions/{function}/deployments",
        data={"activate": "true", "commands": commands},
        files={"code": ("code.tar.gz", archive(code), "application/gzip")},
    )
    assert reply.status_code == 202, reply.text
    return str(reply.json()["$id"])


async def ended(http: httpx2.AsyncClient, path: str) -> dict[str, Any]:
    """What lies at `path`, once its status is final."""
    async with asyncio.timeout(20):
        while True:
            row: dict[str, Any] = (await http.get(path)).json()
            if row["status"] in ("ready", "failed", "completed", "canceled"):
                return row
            await asyncio.sleep(0.01)  # the API has no other way to wait


class Victim:
    """An emulator below a process that can tell whether anything of it is left."""

    def __init__(self, state: Path, start: datetime) -> None:
        command = [sys.executable, str(HERE / "served.py"), str(state), start.isoformat()]
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "reaper.py"), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
            text=True,
        )
        assert self.process.stdout
        self.endpoint = self.process.stdout.readline().strip()
        assert self.endpoint.startswith("http"), self.endpoint

    def kill(self) -> None:
        report, _ = self.process.communicate("kill\n", timeout=20)
        assert self.process.returncode == 0, report

    def end(self) -> None:
        """Leave nothing of it, whatever the test has come to: without input the reaper kills."""
        if self.process.returncode is None:
            self.process.communicate(timeout=20)


@asynccontextmanager
async def connected(victim: Victim) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=victim.endpoint, headers=HEADERS, timeout=20) as http:
        yield http


def control(http: httpx2.AsyncClient) -> str:
    """Where the control API lies."""
    return str(http.base_url).replace("/v1", "/_emulator").rstrip("/")


async def prepare(http: httpx2.AsyncClient, witness: Witness) -> None:
    background = BACKGROUND.format(port=witness.port)
    codes = {"fast": CODE, "spare": CODE, "slow": background, "heard": background}
    for function, code in codes.items():
        body = {
            "functionId": function,
            "name": function,
            "runtime": "python-3.12",
            "entrypoint": "main.py",
            "timeout": 900,
            "events": ["buckets.*.files.*.create"] if function == "heard" else [],
            "schedule": "* * * * *" if function == "heard" else "",
        }
        assert (await http.post("/functions", json=body)).status_code == 201
        deployment = await deploy(http, function, code)
        row = await ended(http, f"/functions/{function}/deployments/{deployment}")
        assert row["status"] == "ready", row


async def compare(http: httpx2.AsyncClient, model: Model, witness: Witness) -> None:
    """Everything acknowledged is there; what was under way has ended, with a reason."""
    reply = await http.post(f"{control(http)}/settle", json={"timeout": 15})
    assert reply.status_code == 200, reply.text
    model.carried |= {each["id"] for each in reply.json()["waitedFor"]}
    functions = (await http.get(f"/functions?queries[0]={LIMIT}")).json()["functions"]
    assert model.functions <= {each["$id"] for each in functions}
    variables = (await http.get(f"/functions/fast/variables?queries[0]={LIMIT}")).json()
    found = {each["$id"]: each["key"] for each in variables["variables"]}
    assert model.variables.items() <= found.items()
    await compare_executions(http, model)
    await compare_background(http, model, witness)
    for id in model.deployments:
        row = await ended(http, f"/functions/spare/deployments/{id}")
        assert row["status"] == "ready" or "stopped during this build" in row["buildLogs"], row


BEGUN = {  # how often; by a tick, one may just begin
    "scheduled": {0},
    "waiting": {0, 1},
    "processing": {0, 1},
    "completed": {1},
    "failed": {0, 1},
}
LIMIT = '{"method":"limit","values":[90000]}'


async def compare_executions(http: httpx2.AsyncClient, model: Model) -> None:
    fast = await rows(http, "fast")
    missing = model.completed - fast.keys()
    assert not missing, f"{len(missing)} acknowledged executions are lost"
    assert {fast[id]["status"] for id in model.completed} <= {"completed"}
    assert not model.deleted & fast.keys(), "a deleted execution is back"


async def compare_background(http: httpx2.AsyncClient, model: Model, witness: Witness) -> None:
    """Each run that was accepted has ended, and has begun once, or perhaps not when it failed."""
    before = witness.starts.copy()  # the next may become due while all this is read
    found = {**await rows(http, "slow"), **await rows(http, "heard")}
    model.ticks |= {id for id, row in found.items() if _is_tick(row)}
    assert model.ticks <= found.keys(), "a run by a schedule is lost"
    assert model.accepted | model.soon | model.scheduled <= found.keys(), "a run is lost"
    assert {found[id]["status"] for id in model.scheduled} <= {"scheduled"}
    assert not {found[id]["status"] for id in model.accepted} - {"completed", "failed"}
    for id, row in found.items():
        begun = range(before[id], witness.starts[id] + 1)
        assert not BEGUN[row["status"]].isdisjoint(begun), (row, begun)
        assert row["status"] != "failed" or "stopped before" in row["errors"], row
    assert set(before) <= found.keys(), "something ran that nobody knows of"


def _is_tick(row: dict[str, Any]) -> bool:
    return row["trigger"] == "schedule" and row["scheduledAt"] is None


async def rows(http: httpx2.AsyncClient, function: str) -> dict[str, dict[str, Any]]:
    reply = await http.get(f"/functions/{function}/executions?queries[0]={LIMIT}")
    return {row["$id"]: row for row in reply.json()["executions"]}


async def one_round(
    state: Path, model: Model, witness: Witness, chance: random.Random, *, is_first: bool
) -> None:
    victim = Victim(state, model.start)
    try:
        async with connected(victim) as http, asyncio.TaskGroup() as group:
            if is_first:
                await prepare(http, witness)
            await compare(http, model, witness)
            acknowledged = asyncio.Semaphore(0)
            for _ in range(6):
                group.create_task(Client(http, model, chance, acknowledged).work())
            for _ in range(chance.randint(1, 80)):
                await acknowledged.acquire()
            await asyncio.sleep(chance.uniform(0, 0.01))  # in the middle of whatever
            await asyncio.to_thread(victim.kill)
    finally:
        victim.end()


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_kills_lose_nothing_acknowledged_and_leave_no_process(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    model, chance = Model(machine_time()), random.Random(20240229)
    async with Witness().listening() as witness:
        for number in range(request.config.getoption("--kills")):
            is_first = number == 0
            await one_round(tmp_path / "state.json", model, witness, chance, is_first=is_first)
        victim = Victim(tmp_path / "state.json", model.start)
        try:
            async with connected(victim) as http:
                for id in model.soon:
                    await ended(http, f"/functions/slow/executions/{id}")
                await compare(http, model, witness)
                reply = await http.post("/functions/fast/executions", json={})
                assert reply.json()["responseBody"] == "ok", "it serves on"
        finally:
            victim.kill()
    assert len(model.completed) > 10, "there was no load"
    assert model.accepted, "there was no load in the background"
    assert model.carried & model.accepted, "no run had to wait for the next start"
    assert model.carried & model.soon, "nothing was overdue at a start"
    assert model.ticks, "no schedule ran"
    assert model.scheduled, "nothing was to be run later"
    assert model.deployments, "there were no builds"
