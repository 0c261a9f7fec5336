"""The handle's clients of one version of the Python SDK call functions as who they are.

python handle.py VERSION, where both the emulator and the SDK can be imported; see test_handle.py.
"""

from __future__ import annotations

import sys

from appwrite.client import Client
from appwrite.exception import AppwriteException
from appwrite.services.account import Account
from appwrite.services.functions import Functions
from appwrite.services.users import Users

from appwrite_emulator import Appwrite, Emulator, isolated

WHO = """
    def main(context):
        return context.res.text(context.req.headers.get("x-appwrite-user-id") or "nobody")
"""


def value(reply, name):
    """A field of a reply, which is an object since version 17."""
    if isinstance(reply, dict):
        return reply[name]
    return reply.to_dict()[name] if hasattr(reply, "to_dict") else getattr(reply, name)


def says(client: Client, function: str) -> str:
    return value(Functions(client).create_execution(function), "responseBody")


def refusal(client: Client, function: str) -> str:
    try:
        says(client, function)
    except AppwriteException as exc:
        return exc.type
    return ""


def check(appwrite: Appwrite) -> int:
    roles = {
        "all": "any", "vip": "label:vip", "owners": "team:staff/owner", "known": "users/verified",
    }  # fmt: skip
    for id, role in roles.items():
        appwrite.deploy(files={"main.py": WHO}, id=id, runtime="python-3.12", execute=[role])
    ann = appwrite.client("ann", labels=["vip"], teams={"staff": ["owner"]}, verification=True)
    bob = appwrite.client("bob", email="bob@example.org", name="Bob")
    checks = [
        isinstance(ann, Client),
        [says(ann, each) for each in roles] == ["ann"] * len(roles),
        [refusal(bob, each) for each in roles] == ["", *["user_unauthorized"] * 3],
        value(Account(bob).get(), "email") == "bob@example.org",
        says(appwrite.server(), "vip") == "nobody",
        says(appwrite.guest(), "all") == "nobody",
        refusal(appwrite.guest(), "known") == "user_unauthorized",
        value(Users(appwrite.server()).list(), "total") == 2,
        value(Users(appwrite.server(scopes=["users.read"])).get("bob"), "name") == "Bob",
        refusal(appwrite.server(scopes=["users.read"]), "all") == "general_unauthorized_scope",
        len(appwrite.executions(user="ann")) == len(roles),
    ]
    assert all(checks), checks
    return len(checks)


if __name__ == "__main__":
    with Emulator(port=0) as emulator, isolated(emulator) as appwrite:
        sys.stdout.write(f"{check(appwrite)} checks passed with appwrite {sys.argv[1]}\n")
