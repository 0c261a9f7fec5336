"""Calls the function as a client does: appwrite-emulator exec -- python3 @folder@/test/main.py"""

import json
import os
import unittest
from urllib.request import Request, urlopen


def call(path):
    request = Request(
        os.environ["APPWRITE_ENDPOINT"] + "/functions/@function@/executions",
        json.dumps({"method": "GET", "path": path}).encode(),
        {
            "Content-Type": "application/json",
            "X-Appwrite-Project": os.environ["APPWRITE_PROJECT_ID"],
            "X-Appwrite-Key": os.environ["APPWRITE_API_KEY"],
        },
    )
    with urlopen(request) as response:
        return json.load(response)


class Greeting(unittest.TestCase):
    def test_it_greets_whom_the_query_names(self):
        execution = call("/?name=Ada")
        self.assertEqual(execution["status"], "completed", execution["errors"])
        self.assertEqual(execution["responseBody"], "Hello, Ada!")

    def test_it_greets_the_world_without_a_name(self):
        self.assertEqual(call("/")["responseBody"], "Hello, world!")


if __name__ == "__main__":
    unittest.main()
