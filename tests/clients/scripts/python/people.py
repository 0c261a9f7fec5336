"""Users, sessions, tokens and teams: made with a key, then calling functions themselves."""

from __future__ import annotations

from typing import Any

from appwrite.client import Client
from appwrite.query import Query
from appwrite.services.account import Account
from appwrite.services.functions import Functions
from appwrite.services.teams import Teams
from appwrite.services.users import Users
from flow import NODE, PYTHON, Flow
from sdk import MODELS, NAMES, Calls, admin, client

ADA, BOB = "ada", "bob"
PASSWORD = "correct horse"


def make_users(flow: Flow) -> None:
    checks, users = flow.checks, Calls(Users(admin()))
    for id in (ADA, BOB):
        made = users.create(id, email=f"{id}@example.com", password=PASSWORD, name=id.title())
        wanted = {"$id": id, "email": f"{id}@example.com", "name": id.title(), "status": True}
        checks.fields(made, {**wanted, "labels": [], "phone": ""}, "the new user")
        checks.has(made, MODELS["user"], "the new user")
    again = {"email": "ada@example.com", "password": PASSWORD}
    checks.refused(409, "user_already_exists", lambda: users.create(ADA, **again))
    checks.refused(409, "user_already_exists", lambda: users.create("other", **again))
    checks.refused(404, "user_not_found", lambda: users.get("absent"))
    checks.equal(users.get(ADA)["name"], "Ada", "the stored name")
    listed = users.list(queries=[Query.equal("email", "bob@example.com")])
    checks.equal([each["$id"] for each in listed["users"]], [BOB], "users by email")
    checks.equal(users.list(search="Ada")["total"], 1, "users found by text")
    checks.equal(users.update_labels(ADA, ["pilot"])["labels"], ["pilot"], "labels")
    checks.true(users.update_email_verification(ADA, True)["emailVerification"], "verified")


def call_as_user(flow: Flow) -> None:
    """By a session that a key made, by a token for a session, by password and by JWT."""
    checks, users = flow.checks, Calls(Users(admin()))
    session = users.create_session(ADA)
    checks.fields(session, {"userId": ADA, "provider": "server"}, "the session by a key")
    checks.has(session, MODELS["session"], "the session by a key")
    _is_ada(flow, client().set_session(session["secret"]))
    token = users.create_token(ADA, length=8, expire=600)
    checks.equal(len(token["secret"]), 8, "length of the token")
    traded = Calls(Account(admin())).create_session(ADA, token["secret"])
    _is_ada(flow, client().set_session(traded["secret"]))
    account = Calls(Account(admin()))
    by_password = account.create_email_password_session("ada@example.com", PASSWORD)
    _is_ada(flow, client().set_session(by_password["secret"]))
    jwt = users.create_jwt(ADA, session_id=session["$id"], duration=600)["jwt"]
    _is_ada(flow, client().set_jwt(jwt))
    checks.equal(users.list_sessions(ADA)["total"], 3, "sessions of Ada")
    users.delete_session(ADA, session["$id"])
    gone = Calls(Account(client().set_jwt(jwt)))
    checks.refused(401, "general_unauthorized_scope", gone.get, "role: guests")
    checks.equal(users.list_sessions(ADA)["total"], 2, "sessions of Ada after a delete")


def _is_ada(flow: Flow, client: Client) -> None:
    flow.checks.equal(Calls(Account(client)).get()["$id"], ADA, "whose account it is")
    functions = Calls(Functions(client))
    execution = functions.create_execution(NODE, path="/ada")
    flow.checks.true(f'"user":"{ADA}"' in execution["responseBody"], "the function knows Ada")
    wanted = {"logs": "", "errors": "", "$permissions": [f'read("user:{ADA}")']}
    flow.checks.fields(execution, wanted, "the execution of Ada")
    found = functions.get_execution(NODE, execution["$id"])
    flow.checks.equal(found["$id"], execution["$id"], "the execution, read again by Ada")


def keep_account(flow: Flow) -> None:
    """What somebody signed in does with an account."""
    session = Calls(Users(admin())).create_session(ADA)
    account = Calls(Account(client().set_session(session["secret"])))
    account.update_prefs({"theme": "dark"})
    flow.checks.equal(_prefs(account.get_prefs()), {"theme": "dark"}, "preferences")
    current = account.get_session("current")
    flow.checks.equal((current["$id"], current["current"]), (session["$id"], True), "session")
    account.delete_session("current")
    flow.checks.refused(401, "general_unauthorized_scope", account.get, "role: guests")


def _prefs(answer: dict[str, Any]) -> dict[str, Any]:
    """Typed SDKs keep a user's own data below `data`."""
    return dict(answer.get("data", answer))


def work_in_teams(flow: Flow) -> None:
    """A function for the team's pilots: Ada is one, Bob is nobody there."""
    checks, teams = flow.checks, Calls(Teams(admin()))
    team = teams.create("crew", "Crew")
    checks.fields(team, {"$id": "crew", "name": "Crew", "total": 0}, "the new team")
    checks.has(team, MODELS["team"], "the new team")
    membership = teams.create_membership("crew", ["pilot"], user_id=ADA)
    wanted = {"userId": ADA, "teamId": "crew", "roles": ["pilot"], "confirm": True}
    checks.fields(membership, wanted, "the membership")
    checks.has(membership, MODELS["membership"], "the membership")
    checks.equal(teams.get("crew")["total"], 1, "members")
    checks.equal(teams.list()["total"], 1, "teams")
    checks.equal(teams.list_memberships("crew")["total"], 1, "memberships")
    flow.functions.update(PYTHON, "Flow", execute=["team:crew/pilot"])
    checks.equal(_called(ADA)["responseStatusCode"], 200, "a pilot's call")
    checks.refused(401, "user_unauthorized", lambda: _called(BOB))
    teams.delete_membership("crew", membership["$id"])
    checks.refused(401, "user_unauthorized", lambda: _called(ADA))
    teams.delete("crew")
    checks.refused(404, "team_not_found", lambda: teams.get("crew"))


def _called(id: str) -> dict[str, Any]:
    """The function for pilots, called by a user with a token of no session."""
    jwt = Calls(Users(admin())).create_jwt(id)["jwt"]
    return dict(Calls(Functions(client().set_jwt(jwt))).create_execution(PYTHON))


def send_people_away(flow: Flow) -> None:
    users = Calls(Users(admin()))
    jwt = users.create_jwt(BOB)["jwt"]
    flow.checks.equal(users.update_status(BOB, False)["status"], False, "status of Bob")
    blocked = Calls(Account(client().set_jwt(jwt)))
    flow.checks.refused(NAMES["blocked"], "user_blocked", blocked.get)
    flow.checks.equal(users.update_status(BOB, True)["status"], True, "status of Bob again")
    flow.checks.equal(blocked.get()["$id"], BOB, "the account of Bob, who is let in again")
    for id in (ADA, BOB):
        users.delete(id)
        flow.checks.refused(404, "user_not_found", lambda id=id: users.get(id))
    flow.checks.equal(users.list()["total"], 0, "users")
