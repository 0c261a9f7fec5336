"""Realtime: who connects, what he hears, and what he is answered."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from appwrite_emulator.clock import ManualClock
from appwrite_emulator.services.events import Happening
from appwrite_emulator.services.sessions import DURATION

from .behind import EVENT, TICK, begin, enqueue, later, schedule, settle
from .echo import PYTHON
from .forms import tar_gz
from .hearing import hearing
from .people import add_user, cookies, developer, in_console, new_user, sign_in
from .server import Json, Project, Server, serving
from .sockets import Socket

RUN = "functions.[functionId].executions.[executionId].create"
LONGEST = 64_000


def publish(project: Project, pattern: str, payload: Json, **params: str) -> None:
    """Something happens in the project."""
    events = project.server.emulator.services.ground.events
    happening = Happening(project.id, pattern, params)
    project.server.run(events.publish, happening, lambda: payload)


def run(project: Project, execution: str, *readers: str, function: str = "f", **more: Json) -> None:
    """An execution is told of that these roles may read."""
    permissions = [f'read("{role}")' for role in readers]
    payload = {"$id": execution, "$permissions": permissions, "functionId": function, **more}
    publish(project, RUN, payload, functionId=function, executionId=execution)


@contextmanager
def listening(project: Project, *channels: str, more: str = "") -> Iterator[Socket]:
    """A connection of the caller, whose greeting was read; without a key, which counts nothing."""
    names = ("cookie", "x-appwrite-session", "x-appwrite-jwt", "x-fallback-cookies")
    headers = {k.replace("-", "_"): v for k, v in project.headers.items() if k in names}
    target = url(project.headers["x-appwrite-project"], *channels) + more
    with project.server.connect(target, **headers) as socket:
        yield socket


def url(project: str, *channels: str) -> str:
    asked = "".join(f"&channels%5B%5D={quote(channel, safe='')}" for channel in channels)
    return f"/v1/realtime?project={project}{asked}"


def ids(socket: Socket, count: int) -> list[str]:
    """The ids of the things that the next events tell of."""
    return [socket.next("event")["payload"]["$id"] for _ in range(count)]


# Connecting


def test_a_guest_is_greeted_with_his_channels(either: Project) -> None:
    with listening(either.guest, "executions", "account", "account.x", "files") as socket:
        greeting = socket.next("connected")
        assert list(greeting) == ["channels", "subscriptions", "user"]
        assert greeting["channels"] == ["executions", "account", "files"]
        assert list(greeting["subscriptions"]) == ["0"]
        assert greeting["user"] is None
        assert socket.is_quiet()


@pytest.mark.parametrize("way", ["cookie", "header", "fallback", "jwt header", "jwt in the URL"])
def test_a_user_is_greeted_by_his_account(either: Project, way: str) -> None:
    ada = new_user(either, "ada")
    secret, name = ada.headers["x-appwrite-session"], f"a_session_{either.id}"
    jwt = either.post("/users/ada/jwts", {}).expect(201)["jwt"]
    caller, more = {
        "cookie": (either.guest.having(cookie=f"{name}={quote(secret)}"), ""),
        "header": (ada, ""),
        "fallback": (either.guest.having(x_fallback_cookies=json.dumps({name: secret})), ""),
        "jwt header": (either.guest.having(x_appwrite_jwt=jwt), ""),
        "jwt in the URL": (either.guest, f"&jwt={jwt}"),
    }[way]
    with listening(caller, "account", "executions", more=more) as socket:
        greeting = socket.next("connected")
        assert greeting["channels"] == ["account", "executions", "account.ada"]
        assert greeting["user"] == ada.get("/account").expect(200)


def test_the_project_may_be_in_a_header(project: Project) -> None:
    target = "/v1/realtime?channels[]=executions"
    with project.server.connect(target, x_appwrite_project=project.id) as socket:
        assert socket.next("connected")["channels"] == ["executions"]


@pytest.mark.parametrize(
    "query", ["", "?project=", "?channels[]=a", "?project=no/id", "?project=%"]
)
def test_without_a_project_there_is_no_connection(either: Project, query: str) -> None:
    with either.server.connect("/v1/realtime" + query) as socket:
        assert socket.error() == (1008, "Missing or unknown project ID")
        assert socket.closed() == 1008


def test_a_strict_server_knows_its_projects(strict: Server) -> None:
    with strict.connect(url("home", "a")) as socket:
        socket.next("connected")
    with strict.connect(url("console", "a")) as socket:
        socket.next("connected")
    with strict.connect(url("unknown", "a")) as socket:
        assert socket.error() == (1008, "Missing or unknown project ID")
        assert socket.closed() == 1008


@pytest.mark.parametrize("channels", [(), ("account.x",)])
def test_channels_are_needed_in_the_url_until_there_are_messages(
    either: Project, channels: tuple[str, ...]
) -> None:
    with listening(either.guest, *channels) as socket:
        if either.server.emulator.config.appwrite == "1.6":
            assert socket.error() == (1008, "Missing channels")
            assert socket.closed() == 1008
        else:
            greeting: Json = {"channels": [], "subscriptions": {}, "user": None}
            assert socket.next("connected") == greeting
            assert socket.is_quiet()


def test_a_token_that_is_none_ends_the_connection(either: Project) -> None:
    with listening(either.guest, "executions", more="&jwt=no.such.token") as socket:
        code, message = socket.error()
        assert (code, message[:40]) == (401, "Failed to verify JWT. Invalid token: Mis")
        assert socket.closed() == 1008


def test_a_session_that_has_ended_is_a_guests(either: Project) -> None:
    ada = new_user(either, "ada")
    ada.delete("/account/sessions/current").expect(204)
    with listening(ada, "account") as socket:
        assert socket.next("connected")["user"] is None


def test_a_blocked_user_is_a_guest(either: Project) -> None:
    ada = new_user(either, "ada")
    either.patch("/users/ada/status", {"status": False}).expect(200)
    with listening(ada, "account") as socket:
        assert socket.next("connected")["user"] is None
        socket.say("authentication", {"session": ada.headers["x-appwrite-session"]})
        assert socket.error() == (1003, "Session is not valid.")


# Events


def test_an_event_tells_all_about_itself(either: Project) -> None:
    ada = new_user(either, "ada")
    with listening(ada, "executions", "files") as socket:
        (subscription,) = socket.next("connected")["subscriptions"].values()
        run(either, "e", "user:ada", logs="a\nb")
        event = socket.next("event")
    actions = ["executions.create", "executions.e.create", "functions.f.create"]
    is_19 = either.server.emulator.config.appwrite == "1.9"
    assert list(event) == ["events", "channels", "timestamp", "payload", "subscriptions"]
    assert event["events"][0] == "functions.f.executions.e.create"
    assert event["events"][-1] == "functions.*"
    assert len(event["events"]) == 10
    assert event["channels"] == [
        "console", f"projects.{either.id}", "executions", "executions.e", "functions.f",
        *(actions if is_19 else []),
    ]  # fmt: skip
    assert event["timestamp"].endswith("+00:00")
    assert event["payload"] == {
        "$id": "e", "$permissions": ['read("user:ada")'], "functionId": "f", "logs": "a\nb",
    }  # fmt: skip
    assert event["subscriptions"] == [subscription]


def test_everybody_hears_what_he_may_read_and_nothing_else(either: Project) -> None:
    ada, bob, guest = new_user(either, "ada"), new_user(either, "bob"), either.guest
    elsewhere = either.server.project()
    with (
        listening(ada, "executions") as to_ada,
        listening(bob, "executions") as to_bob,
        listening(guest, "executions") as to_guest,
        listening(ada.having(x_appwrite_project=elsewhere.id), "executions") as to_stranger,
        listening(elsewhere.guest, "executions") as to_other,
    ):
        everybody = (to_ada, to_bob, to_guest, to_stranger, to_other)
        for socket in everybody:
            socket.next("connected")
        for id, reader in {"a": "user:ada", "u": "users", "n": "guests", "o": "any"}.items():
            run(either, id, reader)
        run(either, "v", "users/verified", "label:vip", "team:t", "member:m", "user:bob/verified")
        run(either, "k")
        assert ids(to_ada, 3) == ["a", "u", "o"]
        assert ids(to_bob, 2) == ["u", "o"]
        assert ids(to_guest, 2) == ["n", "o"]
        run(elsewhere, "x", "user:ada")  # a session is nothing in another project
        run(elsewhere, "y", "guests")
        assert ids(to_stranger, 1) == ids(to_other, 1) == ["y"]
        assert all(socket.is_quiet() for socket in everybody)


def test_channels_choose_what_is_heard(either: Project) -> None:
    channels = {
        "executions": 3, "executions.one": 1, "functions.g": 1, "functions": 0, "console": 3,
        f"projects.{either.id}": 3, "executions.create": 3, "functions.f.create": 2, "rows": 0,
        "executions.update": 0, "": 0,
    }  # fmt: skip
    if either.server.emulator.config.appwrite == "1.6":
        channels |= {"executions.create": 0, "functions.f.create": 0}
    for channel, count in channels.items():
        with listening(either.guest, channel, "x") as socket:
            socket.next("connected")
            run(either, "one", "any")
            run(either, "two", "any")
            run(either, "three", "any", function="g")
            assert len(ids(socket, count)) == count
            assert socket.is_quiet()


def test_events_come_in_the_order_in_which_they_happened(either: Project) -> None:
    wanted = [str(number) for number in range(200)]
    with listening(either.guest, "executions") as one, listening(either.guest, "console") as other:
        one.next("connected")
        other.next("connected")
        for id in wanted:
            run(either, id, "any")
        assert ids(one, 200) == wanted
        assert ids(other, 200) == wanted


def test_developers_hear_of_deployments_in_the_console(either: Project) -> None:
    dev = in_console(either.server, f"dev-{either.id}")
    outsider = new_user(dev.server.project("console"), f"out-{either.id}")
    with (
        listening(dev, "console") as to_dev,
        listening(dev, f"projects.{either.id}") as to_one,
        listening(dev, f"projects.{either.id}x") as to_none,
        listening(outsider, "console") as to_outsider,
        listening(either.guest, "console") as to_guest,
    ):
        for socket in (to_dev, to_one, to_none, to_outsider, to_guest):
            socket.next("connected")
        pattern = "functions.[functionId].deployments.[deploymentId].update"
        publish(either, pattern, {"$id": "d"}, functionId="f", deploymentId="d")
        assert ids(to_one, 1) == ["d"]
        while (event := to_dev.next("event"))["payload"] != {"$id": "d"}:
            pass  # of a project of another test
        assert event["channels"] == ["console", f"projects.{either.id}"]
        assert all(socket.is_quiet() for socket in (to_one, to_none, to_outsider, to_guest))


def test_a_client_that_cannot_keep_up_is_sent_away(either: Project) -> None:
    events = either.server.emulator.services.ground.events
    happening = Happening(either.id, RUN, {"functionId": "f", "executionId": "e"})
    payload = {"$id": "e", "$permissions": ['read("any")'], "logs": "x" * 1024 * 1024}

    def burst() -> None:
        for _ in range(9):
            events.publish(happening, lambda: payload)

    with listening(either.guest, "executions") as socket:
        socket.next("connected")
        either.server.run(burst)
        assert socket.closed() == 1013


def test_without_listeners_nobody_makes_a_payload(either: Project) -> None:
    elsewhere = either.server.project()
    realtime = either.server.emulator.services.realtime
    with listening(elsewhere.guest, "executions") as socket:
        socket.next("connected")
        assert realtime.wants(elsewhere.id, RUN)
        assert not realtime.wants(either.id, RUN)
    assert not realtime.wants(elsewhere.id, RUN)


# Roles that change


def test_who_signs_out_hears_of_it_and_then_no_more(either: Project) -> None:
    ada = new_user(either, "ada")
    here, there = sign_in(either, "ada"), sign_in(either, "ada")
    with listening(here, "executions", "account") as gone, listening(there, "account") as kept:
        gone.next("connected")
        kept.next("connected")
        session = here.get("/account/sessions/current").expect(200)["$id"]
        ada.delete(f"/account/sessions/{session}").expect(204)
        assert ids(kept, 1) == [session]
        assert ids(gone, 1) == [session]
        publish(either, "users.[userId].update.prefs", {"$id": "ada"}, userId="ada")
        run(either, "e", "user:ada", "users")
        run(either, "g", "guests")
        assert ids(kept, 1) == ["ada"]
        assert ids(gone, 1) == ["g"]
        assert gone.is_quiet()


@pytest.mark.parametrize("way", ["sign out", "block", "delete", "reset"])
def test_who_is_signed_out_silently_hears_nothing_private(either: Project, way: str) -> None:
    ada = new_user(either, "ada")
    with listening(ada, "executions", "account") as socket:
        socket.next("connected")
        if way == "sign out":
            ada.delete("/account/sessions").expect(204)
        elif way == "block":
            either.patch("/users/ada/status", {"status": False}).expect(200)
        elif way == "delete":
            either.delete("/users/ada").expect(204)
        else:
            either.server.run(either.server.emulator.control.reset, either.id)
        run(either, "e", "user:ada", "users")
        run(either, "o", "any")
        while (event := socket.next("event"))["payload"]["$id"] != "o":
            assert event["events"][0].startswith("users.ada.")
        assert socket.is_quiet()


def test_members_hear_of_their_team_as_long_as_they_are(either: Project) -> None:
    ada, bob = new_user(either, "ada"), new_user(either, "bob")
    either.post("/teams", {"teamId": "t", "name": "T"}).expect(201)
    with listening(ada, "memberships", "executions") as socket, listening(bob, "memberships") as no:
        socket.next("connected")
        no.next("connected")
        run(either, "before", "team:t")
        invited = {"userId": "ada", "roles": ["editor"]}
        id = either.post("/teams/t/memberships", invited).expect(201)["$id"]
        run(either, "during", "team:t/editor", f"member:{id}")
        either.delete(f"/teams/t/memberships/{id}").expect(204)
        run(either, "after", "team:t", "team:t/editor")
        left = "teams.[teamId].memberships.[membershipId].delete"
        publish(either, left, {"$id": "x"}, teamId="t", membershipId="x")
        heard = [socket.next("event") for _ in range(3)]
        told = [event["payload"]["$id"] for event in heard]
        assert told == [id, "during", id]
        assert heard[0]["events"][0].endswith("create")
        assert socket.is_quiet()
        assert no.is_quiet()


def test_a_restore_gives_back_what_it_took() -> None:
    with serving(memory=True) as server:
        project = server.project()
        control = server.emulator.control
        empty = server.run(control.snapshot)
        ada = new_user(project, "ada")
        with listening(ada, "executions") as socket:
            socket.next("connected")
            full = server.run(control.snapshot)
            server.run(control.restore, empty.id)
            run(project, "gone", "user:ada")
            publish(project, "users.[userId].delete", {"$id": "ada"}, userId="ada")
            server.run(control.restore, full.id)
            run(project, "back", "user:ada")
            assert ids(socket, 1) == ["back"]
            assert socket.is_quiet()


def test_a_session_that_expires_while_somebody_listens_ends_it() -> None:
    clock = ManualClock(datetime(2026, 1, 31, tzinfo=UTC))
    with serving(memory=True, clock=clock) as server:
        project = server.project()
        ada = new_user(project, "ada")
        with listening(ada, "executions") as socket:
            socket.next("connected")
            server.run(clock.advance, DURATION - timedelta(seconds=1))
            run(project, "before", "user:ada")
            server.run(clock.advance, timedelta(seconds=1))
            run(project, "after", "user:ada")
            assert ids(socket, 1) == ["before"]
            assert socket.is_quiet()


def test_who_has_listened_until_his_session_expired_is_told_nothing_of_his_account() -> None:
    clock = ManualClock(datetime(2026, 1, 31, tzinfo=UTC))
    with serving(memory=True, clock=clock) as server:
        project = server.project()
        ada = new_user(project, "ada")
        with listening(ada, "account") as socket:
            socket.next("connected")
            server.run(clock.advance, DURATION)
            project.patch("/users/ada/name", {"name": "Ada"}).expect(200)
            assert socket.is_quiet()


# Messages


def test_a_guest_becomes_a_user_by_a_message(either: Project) -> None:
    ada = new_user(either, "ada")
    with listening(either.guest, "executions", "account") as socket:
        socket.next("connected")
        run(either, "before", "user:ada")
        session = {"session": ada.headers["x-appwrite-session"]}
        answer = socket.ask("authentication", session)
        assert answer == {"user": ada.get("/account").expect(200)}
        run(either, "after", "user:ada")
        publish(either, "users.[userId].update.name", {"$id": "ada"}, userId="ada")
        assert ids(socket, 2) == ["after", "ada"]
        new_user(either, "bob")
        bob = sign_in(either, "bob").headers["x-appwrite-session"]
        socket.ask("authentication", {"session": bob})
        run(either, "his", "user:bob")
        run(either, "hers", "user:ada")
        publish(either, "users.[userId].update.name", {"$id": "ada"}, userId="ada")
        assert ids(socket, 1) == ["his"]
        assert socket.is_quiet()


def test_channels_of_an_action_follow_the_user(project: Project) -> None:
    ada = new_user(project, "ada")
    with listening(project.guest, "account.update") as socket:
        assert socket.next("connected")["channels"] == ["account.update"]
        socket.ask("authentication", {"session": ada.headers["x-appwrite-session"]})
        for pattern in ("users.[userId].update.name", "users.[userId].delete"):
            for user in ("bob", "ada"):
                publish(project, pattern, {"$id": user}, userId=user)
        assert ids(socket, 1) == ["ada"]
        assert socket.is_quiet()


def test_subscriptions_come_change_and_go_by_messages(either: Project) -> None:
    with listening(either.guest, "x") as socket:
        socket.next("connected")
        query = json.dumps({"method": "equal", "attribute": "status", "values": ["failed"]})
        wishes = [
            {"subscriptionId": "all", "channels": ["executions", "account", "account.x"]},
            {"channels": ["functions.f"], "queries": [query]},
            {"subscriptionId": None, "channels": []},
        ]
        found = socket.ask("subscribe", wishes)["subscriptions"]
        failed = found[1]["subscriptionId"]
        assert found[0] == {
            "subscriptionId": "all", "channels": ["executions", "account"], "queries": [],
        }  # fmt: skip
        assert found[1] == {
            "subscriptionId": failed, "channels": ["functions.f"], "queries": [query],
        }  # fmt: skip
        run(either, "1", "any", status="completed")
        run(either, "2", "any", status="failed")
        assert socket.next("event")["subscriptions"] == ["all"]
        assert socket.next("event")["subscriptions"] == ["all", failed]
        changed = socket.ask("subscribe", [{"subscriptionId": "all", "channels": ["files"]}])
        assert changed["subscriptions"][0]["channels"] == ["files"]
        run(either, "3", "any", status="failed")
        assert socket.next("event")["subscriptions"] == [failed]
        gone = socket.ask("unsubscribe", [{"subscriptionId": id} for id in (failed, failed, "no")])
        assert gone == {
            "subscriptions": [
                {"subscriptionId": failed, "removed": True},
                {"subscriptionId": failed, "removed": False},
                {"subscriptionId": "no", "removed": False},
            ]
        }
        run(either, "4", "any", status="failed")
        assert socket.ask("subscribe", []) == {"subscriptions": []}
        assert socket.is_quiet()


def test_slots_in_the_url_are_subscriptions_with_queries(project: Project) -> None:
    done = quote(json.dumps({"method": "equal", "attribute": "status", "values": ["done"]}))
    everything = quote(json.dumps({"method": "select", "values": ["*"]}))
    more = f"&executions[1][]={everything}&executions[2][]={done}&functions.f[2][]={done}"
    channels = ("executions", "functions.f", "files")
    with listening(project.guest, *channels, more=more) as socket:
        slots = socket.next("connected")["subscriptions"]
        assert sorted(slots) == ["0", "1", "2"]
        run(project, "1", "any", status="done")
        run(project, "2", "any", status="new")
        assert socket.next("event")["subscriptions"] == [slots["1"], slots["2"]]
        assert socket.next("event")["subscriptions"] == [slots["1"]]
        publish(
            project, "buckets.[bucketId].files.[fileId].create",
            {"$id": "f", "$permissions": ['read("any")']}, bucketId="b", fileId="f",
        )  # fmt: skip
        assert socket.next("event")["subscriptions"] == [slots["0"]]


def test_a_query_in_the_url_that_is_none_ends_the_connection(project: Project) -> None:
    with listening(project.guest, "executions", more="&executions[1][]=no") as socket:
        assert socket.error() == (1008, "Invalid query: Syntax error")
        assert socket.closed() == 1008


WRONG_FORMAT = "Message format is not valid."
WRONG_PAYLOAD = "Payload is not valid."
OBJECT = "Each subscribe payload must be an object."
NO_ID = "Each unsubscribe payload must include a non-empty subscriptionId."


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("", WRONG_FORMAT),
        ("no", WRONG_FORMAT),
        ("{", WRONG_FORMAT),
        ("null", WRONG_FORMAT),
        ("7", WRONG_FORMAT),
        ('"ping"', WRONG_FORMAT),
        ("[]", WRONG_FORMAT),
        ("{}", WRONG_FORMAT),
        ('{"x":1}', WRONG_FORMAT),
        ("[" * 60_000, WRONG_FORMAT),
        (b"\xff\xfe", WRONG_FORMAT),
        ('{"data":1}', "Message type is not valid."),
        ('{"type":null}', "Message type is not valid."),
        ('{"type":["ping"]}', "Message type is not valid."),
        ('{"type":"presence","data":{}}', "Message type is not valid."),
        ('{"type":"authentication"}', WRONG_PAYLOAD),
        ('{"type":"authentication","data":[]}', WRONG_PAYLOAD),
        ('{"type":"authentication","data":{"jwt":"x"}}', WRONG_PAYLOAD),
        ('{"type":"authentication","data":{"session":null}}', "Session is not valid."),
        ('{"type":"authentication","data":{"session":""}}', "Session is not valid."),
        ('{"type":"authentication","data":{"session":"\\ud800"}}', "Session is not valid."),
        ('{"type":"authentication","data":{"session":"bm8="}}', "Session is not valid."),
        ('{"type":"subscribe"}', WRONG_PAYLOAD),
        ('{"type":"subscribe","data":{}}', WRONG_PAYLOAD),
        ('{"type":"subscribe","data":[7]}', OBJECT),
        ('{"type":"subscribe","data":[[]]}', OBJECT),
        ('{"type":"subscribe","data":[{}]}', "channels is not present in payload."),
        ('{"type":"subscribe","data":[{"channels":"a"}]}', "channels is not a valid array."),
        ('{"type":"subscribe","data":[{"channels":[1]}]}', "channels is not a valid array."),
        ('{"type":"subscribe","data":[{"channels":{"0":"a"}}]}', "channels is not a valid array."),
        ('{"type":"subscribe","data":[{"channels":[],"queries":null}]}',
         "queries is not a valid array."),
        ('{"type":"subscribe","data":[{"channels":[],"queries":["no"]}]}',
         "Invalid query: Invalid query: Syntax error"),
        ('{"type":"subscribe","data":[{"channels":[],"subscriptionId":7}]}', WRONG_PAYLOAD),
        ('{"type":"unsubscribe","data":"all"}', WRONG_PAYLOAD),
        ('{"type":"unsubscribe","data":[7]}', NO_ID),
        ('{"type":"unsubscribe","data":[{}]}', NO_ID),
        ('{"type":"unsubscribe","data":[{"subscriptionId":""}]}', NO_ID),
    ],
)  # fmt: skip
def test_a_message_that_is_wrong_is_refused_and_changes_nothing(
    either: Project, message: str | bytes, reason: str
) -> None:
    with listening(either.guest, "executions") as socket:
        socket.next("connected")
        socket.send(message)
        assert socket.error() == (1003, reason)
        run(either, "e", "any")
        assert ids(socket, 1) == ["e"]
        assert socket.is_quiet()


def test_of_a_wrong_batch_nothing_is_done(project: Project) -> None:
    with listening(project.guest, "x") as socket:
        (id,) = socket.next("connected")["subscriptions"].values()
        socket.say("subscribe", [{"channels": ["executions"]}, {"channels": 7}])
        assert socket.error()[1] == "channels is not a valid array."
        socket.say("unsubscribe", [{"subscriptionId": id}, {}])
        assert socket.error()[1] == NO_ID
        run(project, "e", "any")
        assert socket.is_quiet()
        answer = socket.ask("unsubscribe", [{"subscriptionId": id}])
        assert answer["subscriptions"][0]["removed"]


def test_a_session_of_another_project_is_not_valid(project: Project) -> None:
    ada = new_user(project.server.project(), "ada")
    add_user(project, "ada")
    with listening(project.guest, "account") as socket:
        socket.next("connected")
        socket.say("authentication", {"session": ada.headers["x-appwrite-session"]})
        assert socket.error() == (1003, "Session is not valid.")
        forged = base64.b64encode(json.dumps({"id": "ada", "secret": "x"}).encode()).decode()
        socket.say("authentication", {"session": forged})
        assert socket.error() == (1003, "Session is not valid.")


def test_messages_have_a_longest(either: Project) -> None:
    head, tail = '{"type":"ping","data":"', '"}'
    fitting = head + "x" * (LONGEST - len(head + tail)) + tail
    with listening(either.guest, "executions") as socket:
        socket.next("connected")
        socket.send(fitting)
        assert socket.next("pong") is None
        socket.send(fitting + " ")
        assert socket.closed() == 1009
    with listening(either.guest, "executions") as socket:
        socket.next("connected")
        socket.send("é" * (LONGEST // 2 + 1))
        assert socket.closed() == 1009


def test_messages_may_be_binary(either: Project) -> None:
    with listening(either.guest, "executions") as socket:
        socket.next("connected")
        socket.send(b'{"type":"ping"}')
        assert socket.next("pong") is None


# The whole


def test_executions_of_users_are_told_to_them_alone(own: Project) -> None:
    ada, bob = new_user(own, "ada"), new_user(own, "bob")
    with listening(ada, "executions") as to_ada, listening(bob, "executions") as to_bob:
        to_ada.next("connected")
        to_bob.next("connected")
        done = ada.execute("f", path="/")
        own.execute("f", path="/")
        own.guest.execute("f", path="/")
        event: dict[str, Any] = to_ada.next("event")
        assert event["events"][0] == f"functions.f.executions.{done['$id']}.create"
        assert event["payload"] == done
        assert to_ada.is_quiet()
        assert to_bob.is_quiet()


def test_people_hear_of_runs_that_they_caused_and_of_no_others(either: Project) -> None:
    either.function()
    either.deploy("f", {"main.py": PYTHON})
    ada, is_19 = new_user(either, "ada"), either.server.emulator.config.appwrite == "1.9"
    with listening(ada, "functions.f") as socket:
        socket.next("connected")
        runs = [
            (schedule(ada), ["scheduled", "completed"]),
            (enqueue(either, EVENT._replace(user_id="ada")), ["completed"]),
            (enqueue(either, TICK), []),
            (enqueue(either, EVENT), []),
            (later(either.guest), []),
            (later(either), []),
        ]
        begin(either, runs[0][0])
        settle(either.server)
        heard: dict[str, list[str]] = {id: [] for id, _ in runs}
        for _ in range(3):
            event = socket.next("event")
            payload, action = event["payload"], event["events"][0].rpartition(".")[2]
            heard[payload["$id"]].append(payload["status"])
            assert action == ("create" if payload["status"] == "scheduled" else "update")
            names = ["executions", f"executions.{payload['$id']}", "functions.f"]
            acted = [f"{name}.{action}" for name in names] if is_19 else []
            assert event["channels"] == ["console", f"projects.{either.id}", *names, *acted]
            shown = either.get(f"/functions/f/executions/{payload['$id']}").expect(200)
            if action == "update":
                assert payload == shown, "with logs, though they were a user's"
            assert list(payload) == list(shown)
        assert socket.is_quiet()
    assert heard == dict(runs)


def test_secrets_are_for_functions_and_not_for_who_listens(either: Project) -> None:
    ada = new_user(either, "ada")
    with hearing(either) as ear, listening(ada, "account") as socket:
        socket.next("connected")
        for path in ("sessions", "tokens"):
            made = either.post(f"/users/ada/{path}").expect(201)
            event = socket.next("event")
            assert (event["payload"]["$id"], event["payload"]["secret"]) == (made["$id"], "")
            assert [each.event.payload["secret"] for each in ear.taken()] == [made["secret"]]
            assert made["secret"]


def test_what_preferences_call_a_secret_is_theirs_to_tell(either: Project) -> None:
    ada = new_user(either, "ada")
    with listening(ada, "account") as socket:
        socket.next("connected")
        prefs = {"secret": "a garden"}
        either.patch("/users/ada/prefs", {"prefs": prefs}).expect(200)
        assert socket.next("event")["payload"] == prefs


def test_of_each_asynchronous_execution_the_end_comes_after_the_beginning(own: Project) -> None:
    ada = new_user(own, "ada")
    with listening(ada, "executions") as socket:
        socket.next("connected")
        wanted = [
            ada.post("/functions/f/executions", {"async": True}).expect(202)["$id"]
            for _ in range(20)
        ]
        heard = [socket.next("event") for _ in range(2 * len(wanted))]
        assert socket.is_quiet()
    stories: dict[str, list[tuple[str, str]]] = {}
    for event in heard:
        action = event["events"][0].rpartition(".")[2]
        story = stories.setdefault(event["payload"]["$id"], [])
        story.append((action, event["payload"]["status"]))
    told = [("create", "waiting"), ("update", "completed")]
    assert stories == dict.fromkeys(wanted, told)


@pytest.mark.parametrize(("command", "end"), [("echo a", "ready"), ("exit 1", "failed")])
def test_developers_see_how_a_build_goes_on(either: Project, command: str, end: str) -> None:
    dev = in_console(either.server, f"dev-{either.id}")
    either.function(commands=command)
    with listening(dev, f"projects.{either.id}") as socket:
        socket.next("connected")
        either.deploy("f", {"main.py": "def main(context):\n    pass\n"})
        story: list[tuple[str, str]] = []
        while not story or story[-1][1] != end:
            event = socket.next("event")
            action = event["events"][0].rpartition(".")[2]
            story.append((action, event["payload"]["status"]))
    steps = [("create", "waiting"), ("update", "processing"), ("update", "building")]
    assert list(dict.fromkeys(story)) == [*steps, ("update", end)]


def test_developers_see_that_a_build_is_canceled(either: Project) -> None:
    dev = in_console(either.server, f"dev-{either.id}")
    either.function(commands="sleep 60")
    with listening(dev, f"projects.{either.id}") as socket:
        socket.next("connected")
        id = either.upload("f", tar_gz({"main.py": "x"})).expect(202)["$id"]
        either.patch(f"/functions/f/deployments/{id}/status").expect(200)
        while (heard := socket.next("event")["payload"])["status"] != "canceled":
            assert heard["$id"] == id


def test_what_is_injected_is_told_as_what_happens(project: Project) -> None:
    with listening(project.guest, "rows", "files") as socket:
        socket.next("connected")
        payload = {"$id": "x", "$permissions": ['read("any")']}
        name = "databases.d.tables.t.rows.x.create"
        fired = {"project": project.id, "event": name, "payload": payload}
        body = json.dumps(fired).encode()
        reply = project.server.call("POST", "/_emulator/trigger/event", project.headers, body)
        assert reply.status < 300, reply.body
        event = socket.next("event")
        assert event["payload"] == payload
        assert event["events"][0] == name
        assert "databases.d.collections.t.documents.x" in event["channels"]
        assert socket.is_quiet()


def test_cookies_of_developers_are_read_in_the_console(project: Project) -> None:
    dev = developer(project, f"dev-{project.id}")
    body = {"email": f"dev-{project.id}@example.org", "password": "correct horse"}
    reply = project.server.project("console").guest.post("/account/sessions/email", body)
    cookie = f"a_session_console={cookies(reply)['a_session_console']}"
    with project.server.connect(url("console", "console"), cookie=cookie) as socket:
        greeting = socket.next("connected")
    assert greeting["user"]["email"] == body["email"]
    assert dev.get("/functions").status == 200
