"""A month of an hourly function, in seconds: `appwrite-emulator exec -- pytest`."""

import json
import os
from datetime import datetime, timedelta
from urllib.parse import quote
from urllib.request import Request, urlopen

API = os.environ["APPWRITE_ENDPOINT"]
EMULATOR = API.removesuffix("/v1") + "/_emulator"
HEADERS = {
    "Content-Type": "application/json",
    "X-Appwrite-Project": os.environ["APPWRITE_PROJECT_ID"],
    "X-Appwrite-Key": os.environ["APPWRITE_API_KEY"],
}
HOUR = timedelta(hours=1)


def call(method, url, **body):
    data = json.dumps(body).encode() if body else None
    request = Request(url, data, HEADERS, method=method)
    with urlopen(request) as reply:
        return json.load(reply)


def start_at(moment):
    call("POST", f"{EMULATOR}/clock/freeze", time=moment)


def advance(**step):
    """Let time pass; how many executions that brought."""
    return call("POST", f"{EMULATOR}/clock/advance", **step)["works"].get("execution", 0)


def executions(since):
    """The executions that were created from a moment on, the oldest first."""
    queries = [
        {"method": "greaterThanEqual", "attribute": "$createdAt", "values": [since]},
        {"method": "orderAsc", "attribute": "$createdAt"},
        {"method": "limit", "values": [1000]},
    ]
    asked = "&".join(f"queries[]={quote(json.dumps(query))}" for query in queries)
    return call("GET", f"{API}/functions/sweep/executions?{asked}")["executions"]


def test_a_month_has_720_sweeps_one_at_each_full_hour():
    start_at("2031-04-01T00:00Z")

    assert advance(days=30) == 720

    swept = executions(since="2031-04-01T00:00:00.000+00:00")
    first = datetime.fromisoformat("2031-04-01T01:00+00:00")
    dates = [datetime.fromisoformat(each["$createdAt"]) for each in swept]
    assert dates == [first + number * HOUR for number in range(720)]
    assert {each["status"] for each in swept} == {"completed"}
    assert {each["trigger"] for each in swept} == {"schedule"}
    assert {each["logs"] for each in swept} == {"swept\n"}


def test_between_full_hours_nothing_happens():
    start_at("2032-02-29T12:00Z")

    assert advance(minutes=59, seconds=59) == 0
    assert advance(seconds=1) == 1
