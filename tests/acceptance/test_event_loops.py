"""A function that causes the event it listens to comes to an end."""

from __future__ import annotations

from pathlib import Path
from urllib.request import Request, urlopen

from .command import Running, project, source, started

CHANGES = """
export default async ({ req, res }) => {
  const reply = await fetch(`${process.env.APPWRITE_FUNCTION_API_ENDPOINT}/users/ann/prefs`, {
    method: "PATCH",
    headers: {
      "content-type": "application/json",
      "x-appwrite-project": process.env.APPWRITE_FUNCTION_PROJECT_ID,
      "x-appwrite-key": req.headers["x-appwrite-key"],
    },
    body: JSON.stringify({ prefs: { last: req.headers["x-appwrite-execution-id"] } }),
  });
  return res.text("", reply.status);
};
"""


def test_a_function_that_calls_itself_by_an_event_stops_after_so_many(reachable: Path) -> None:
    settings = {"runtime": "node-22", "entrypoint": "main.mjs", "scopes": ["users.write"]}
    project(reachable, {"$id": "loop", "events": ["users.*.update.prefs"], **settings})
    source(reachable, "loop/main.mjs", CHANGES)
    with started(str(reachable), "--memory", "--event-depth", "3") as emulator:
        status, _ = emulator.call("/users", {"userId": "ann"}, project="shop")
        assert status == 201
        _patch(emulator, "/users/ann/prefs")
        _settle(emulator)
        _, listing = emulator.call("/functions/loop/executions", project="shop")
        assert emulator.stop() == 0
        assert emulator.process.stderr is not None
        log = emulator.process.stderr.read()
    *ran, last = listing["executions"]
    assert [each["status"] for each in ran] == ["completed"] * 3
    assert last["status"] == "failed"
    assert last["errors"].startswith("users.ann.update did not call this function: 3 events led to")
    assert log.count("If this is no loop, allow more by --event-depth (now 3).") == 1


def _patch(emulator: Running, path: str) -> None:
    headers = {
        "content-type": "application/json",
        "x-appwrite-project": "shop",
        "x-appwrite-key": "any",
    }
    request = Request(emulator.endpoint + path, b'{"prefs": {}}', headers, method="PATCH")
    with urlopen(request) as reply:
        assert reply.status == 200


def _settle(emulator: Running) -> None:
    url = emulator.endpoint.removesuffix("/v1") + "/_emulator/settle"
    with urlopen(Request(url, b"{}", method="POST")) as reply:
        assert reply.status == 200
