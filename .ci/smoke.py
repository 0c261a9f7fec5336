"""Calls both functions of the quickstart; run by `appwrite-emulator exec`."""

from __future__ import annotations

import json
import os
import sys
import urllib.request

HEADERS = {
    "Content-Type": "application/json",
    "X-Appwrite-Project": os.environ["APPWRITE_PROJECT_ID"],
    "X-Appwrite-Key": os.environ["APPWRITE_API_KEY"],
}

for function in ("postcard", "mandelbrot"):
    url = f"{os.environ['APPWRITE_ENDPOINT']}/functions/{function}/executions"
    request = urllib.request.Request(url, b'{"method": "GET"}', HEADERS)
    with urllib.request.urlopen(request) as reply:
        execution = json.load(reply)
    assert execution["status"] == "completed", execution
    sys.stdout.write(execution["responseBody"])
