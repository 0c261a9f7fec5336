"""The API of Appwrite, called with the key that Appwrite gives to each call of a function."""

import json
import os
from urllib.request import Request, urlopen


def appwrite(context, method, path, body=None):
    headers = {
        "content-type": "application/json",
        "x-appwrite-project": os.environ["APPWRITE_FUNCTION_PROJECT_ID"],
        "x-appwrite-key": context.req.headers["x-appwrite-key"],
    }
    url = os.environ["APPWRITE_FUNCTION_API_ENDPOINT"] + path
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, headers, method=method)) as answer:
        return json.load(answer)
