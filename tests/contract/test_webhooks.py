"""Webhooks: what they are sent, when they are not, and how they bear what goes wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator

import pytest

from appwrite_emulator.config import ConfigError, Webhook
from appwrite_emulator.services.events import Happening
from appwrite_emulator.services.webhooks import refuse_unknown

from ..receiver import Receiver, Told, receiving
from .people import PASSWORD, in_console, new_user
from .server import Json, Project, Server, serving

USER = {"userId": "ann", "email": "ann@example.org", "password": PASSWORD}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def told(url: str, *events: str, **fields: str) -> dict[str, tuple[Webhook, ...]]:
    """The option for one webhook."""
    return {"webhooks": (Webhook(url, events or ("users.*.create",), **fields),)}


def states(server: Server) -> list[Json]:
    reply = server.call("GET", "/_emulator/webhooks")
    assert reply.json["total"] == len(reply.json["webhooks"])
    return list(reply.json["webhooks"])


def settle(server: Server) -> list[Json]:
    body = b'{"timeout": 15}'
    return list(server.call("POST", "/_emulator/settle", {}, body).expect(200)["waitedFor"])


def add_users(project: Project, *ids: str) -> None:
    for id in ids:
        project.post("/users", {"userId": id}).expect(201)


def ids(came: list[Told]) -> list[str]:
    return [each.json["$id"] for each in came]


def test_webhooks_hear_what_functions_cannot_listen_to(receiver: Receiver) -> None:
    with serving(memory=True, **told(receiver.url("/"), "variables.*.create")) as server:
        project = server.project()
        project.function()
        made = project.post("/functions/f/variables", {"key": "A", "value": "b"}).expect(201)
        assert receiver.next().json["$id"] == made["$id"]
        with pytest.raises(ConfigError, match=r"variables\.\*\.burn"):
            server.run(refuse_unknown, [Webhook(receiver.url("/"), ("variables.*.burn",))])


def test_an_event_is_posted_with_appwrites_headers(receiver: Receiver) -> None:
    url = receiver.url("/a/b?c=d")
    with serving(memory=True, **told(url, "users.*", name="Ünser", signature_key="key")) as server:
        project = server.project()
        user = project.post("/users", USER).expect(201)
        came = receiver.next()
        (state,) = states(server)
    assert came.target == "/a/b?c=d"
    assert came.json == user
    names = ["users.ann.create", "users.*.create", "users.ann", "users.*"]
    signed = hmac.new(b"key", url.encode() + came.body, hashlib.sha1).digest()
    assert came.headers == {
        "host": f"localhost:{receiver.port}",
        "content-type": "application/json",
        "content-length": str(len(came.body)),
        "user-agent": "Appwrite-Server v1.9.6. Please report abuse at security@localhost.test",
        "x-appwrite-webhook-id": state["$id"],
        "x-appwrite-webhook-events": ",".join(names),
        "x-appwrite-webhook-name": "Ünser".encode().decode("latin-1"),
        "x-appwrite-webhook-user-id": "",
        "x-appwrite-webhook-project-id": project.id,
        "x-appwrite-webhook-signature": base64.b64encode(signed).decode(),
    }


def test_what_is_signed_is_the_url_without_its_escapes(receiver: Receiver) -> None:
    url = receiver.url("/a%20b+c?d=%C3%A4%2F")
    with serving(memory=True, **told(url, signature_key="key"), appwrite="1.6") as server:
        add_users(server.project(), "ann")
        came = receiver.next()
    assert came.target == "/a%20b+c?d=%C3%A4%2F"
    signed = receiver.url("/a b+c?d=ä/").encode() + came.body
    digest = hmac.new(b"key", signed, hashlib.sha1).digest()
    assert came.headers["x-appwrite-webhook-signature"] == base64.b64encode(digest).decode()
    assert came.headers["user-agent"].startswith("Appwrite-Server v1.6.2. Please report abuse at ")


def test_a_user_without_a_password_is_not_sent(receiver: Receiver) -> None:
    for fields in ({"user": "me"}, {"password": "secret"}):
        with serving(memory=True, **told(receiver.url(), **fields)) as server:
            add_users(server.project(), "ann")
            assert "authorization" not in receiver.next().headers


def test_names_are_compared_literally_and_functions_are_told_of_too(receiver: Receiver) -> None:
    options = told(receiver.url(), "users.*.update.name", "users.bob", "functions.*.create")
    with serving(memory=True, **options) as server:
        project = server.project()
        add_users(project, "ann", "bob")
        project.patch("/users/ann/name", {"name": "Ann"}).expect(200)
        project.patch("/users/ann/prefs", {"prefs": {}}).expect(200)
        project.post("/teams", {"teamId": "t", "name": "T"}).expect(201)
        project.function()
        settle(server)
        firsts = [each.names[0] for each in receiver.all()]
    assert firsts == ["users.bob.create", "users.ann.update", "functions.f.create"]


def test_who_acts_is_named_and_basic_authentication_is_sent(receiver: Receiver) -> None:
    options = told(receiver.url(), "users.*.update.name", user="me", password="a:ß")
    with serving(memory=True, **options) as server:
        ann = new_user(server.project(), "ann")
        ann.patch("/account/name", {"name": "Ann"}).expect(200)
        headers = receiver.next().headers
    assert headers["x-appwrite-webhook-user-id"] == "ann"
    kind, _, pair = headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(pair).decode()) == ("Basic", "me:a:ß")


def test_a_project_that_is_named_is_the_only_one_and_the_console_is_none(
    receiver: Receiver,
) -> None:
    one = Webhook(receiver.url("/one"), ("users.*",), project="one")
    every = Webhook(receiver.url("/every"), ("users.*.create",))
    with serving(memory=True, webhooks=(one, every)) as server:
        for id in ("one", "two"):
            server.project(id).post("/users", {"userId": "ann"}).expect(201)
        in_console(server)
        settle(server)
        came = {(each.target, each.headers["x-appwrite-webhook-project-id"])
                for each in receiver.all()}  # fmt: skip
    assert came == {("/one", "one"), ("/every", "one"), ("/every", "two")}


def test_a_key_is_made_for_who_declares_none_and_shown(receiver: Receiver) -> None:
    with serving(memory=True, **told(receiver.url())) as server:
        add_users(server.project(), "ann")
        settle(server)
        (state,) = states(server)
    key = state.pop("signatureKey")
    came = receiver.next()
    signed = hmac.new(key.encode(), receiver.url().encode() + came.body, hashlib.sha1).digest()
    assert came.headers["x-appwrite-webhook-signature"] == base64.b64encode(signed).decode()
    assert len(key) == 128
    state.pop("$id")
    assert state == {
        "name": "", "url": receiver.url(), "events": ["users.*.create"], "project": "",
        "enabled": True, "delivered": 1, "failures": 0, "waiting": 0, "lastStatus": 200,
        "lastError": "",
    }  # fmt: skip
    with serving(memory=True, **told(receiver.url())) as server:
        assert states(server)[0]["signatureKey"] != key


def test_who_is_slow_is_told_in_order_and_keeps_nobody_else_waiting(receiver: Receiver) -> None:
    receiver.is_open.clear()
    slow = Webhook(receiver.url(), ("users.*.create",))
    with receiving() as quick:
        hooks = (slow, Webhook(quick.url(), ("users.*.create",)))
        with serving(memory=True, webhooks=hooks) as server:
            add_users(server.project(), "a", "b", "c")
            assert ids([quick.next() for _ in range(3)]) == ["a", "b", "c"]
            assert ids([receiver.next()]) == ["a"]
            assert receiver.all() == []
            assert states(server)[0]["waiting"] == 3
            receiver.is_open.set()
            waited = settle(server)
            assert ids(receiver.all()) == ["b", "c"]
    assert {work["kind"] for work in waited} == {"webhook"}
    assert waited[0]["id"].endswith(f" to {receiver.url()}")


@pytest.mark.parametrize("status", [201, 302, 399])
def test_an_answer_below_400_is_a_success_and_redirects_are_not_followed(
    receiver: Receiver, status: int
) -> None:
    receiver.status, receiver.headers = status, {"location": receiver.url("/elsewhere")}
    with serving(memory=True, **told(receiver.url())) as server:
        add_users(server.project(), "ann")
        settle(server)
        (state,) = states(server)
    assert [each.target for each in receiver.all()] == ["/hook"]
    assert (state["delivered"], state["failures"], state["lastStatus"]) == (1, 0, status)


def test_a_success_forgives_failures(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.status = 500
    with serving(memory=True, **told(receiver.url())) as server:
        project = server.project()
        add_users(project, *"abcdefghi")
        settle(server)
        (state,) = states(server)
        assert (state["failures"], state["lastStatus"]) == (9, 500)
        assert state["lastError"] == "answered 500"
        receiver.status = 200
        add_users(project, "z")
        settle(server)
        (state,) = states(server)
        assert (state["failures"], state["enabled"], state["lastError"]) == (0, True, "")
    assert f"webhook {receiver.url()} was not told of users.a.create: answered 500" in caplog.text


def test_ten_failures_in_a_row_turn_it_off(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        with serving(memory=True, **told(url)) as server:
            add_users(server.project(), *"abcdefghijklm")
            settle(server)
            (state,) = states(server)
    assert (state["failures"], state["enabled"], state["waiting"]) == (10, False, 0)
    assert "refused" in state["lastError"]
    assert f"webhook {url} is off after 10 failures in a row" in caplog.text


def test_who_does_not_answer_in_time_has_failed(receiver: Receiver) -> None:
    receiver.is_open.clear()
    with serving(memory=True, **told(receiver.url())) as server:
        server.emulator.services.webhooks.patience = 0.05
        add_users(server.project(), "ann")
        settle(server)
        (state,) = states(server)
    assert (state["failures"], state["lastStatus"]) == (1, 0)
    assert state["lastError"] in ("no answer in 0.05 s", "timed out")


def test_what_is_no_http_has_failed(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:
        url = f"http://127.0.0.1:{odd.getsockname()[1]}/"
        with serving(memory=True, **told(url)) as server:
            add_users(server.project(), "ann")
            connection, _ = odd.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"what?\r\n\r\n")
            settle(server)
            (state,) = states(server)
    assert state["failures"] == 1
    assert state["lastError"]


@pytest.mark.parametrize("project", ["", "home", "other"])
def test_what_was_not_told_is_dropped_when_the_state_is_put_back(
    receiver: Receiver, project: str
) -> None:
    receiver.is_open.clear()
    with serving(memory=True, **told(receiver.url())) as server:
        home = server.project("home")
        add_users(home, "a", "b")
        receiver.next()
        body = json.dumps({"project": project} if project else {}).encode()
        ended = server.call("POST", "/_emulator/reset", {}, body).expect(200)["ended"]
        assert len(ended) == (0 if project == "other" else 2)
        receiver.is_open.set()
        add_users(home, "c")
        settle(server)
        assert ids(receiver.all()) == (["b", "c"] if project == "other" else ["c"])
        assert states(server)[0]["failures"] == 0


def test_an_emulator_stops_although_a_webhook_hangs(receiver: Receiver) -> None:
    receiver.is_open.clear()
    with serving(memory=True, **told(receiver.url())) as server:
        add_users(server.project(), "a", "b")
        receiver.next()
    assert receiver.all() == []


def test_too_many_waiting_lose_the_oldest(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.is_open.clear()
    with serving(memory=True, **told(receiver.url())) as server:
        events = server.emulator.services.ground.events

        def publish(first: int, last: int) -> None:
            for number in range(first, last):
                params = {"userId": str(number)}
                events.publish(Happening("p", "users.[userId].create", params), lambda: {})

        server.run(publish, 0, 1)
        receiver.next()
        server.run(publish, 1, 10_003)
        assert states(server)[0]["waiting"] == 10_001
    assert "too slow: users.2.create was dropped" in caplog.text
    assert "users.3.create was dropped" not in caplog.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "hook.LOCALHOST"])
def test_all_names_of_this_machine_are_this_machine(receiver: Receiver, host: str) -> None:
    with serving(memory=True, **told(receiver.url(host=host))) as server:
        add_users(server.project(), "ann")
        assert receiver.next().headers["host"] == f"{host}:{receiver.port}"


def test_an_event_that_appwrite_does_not_have_is_refused_at_the_start() -> None:
    options = told("http://localhost:1", "users.*.create", "user.*.create")
    with (
        pytest.RaisesGroup(
            pytest.RaisesExc(
                ConfigError, match="has the event 'user\\.\\*\\.create', which Appwrite"
            )
        ),
        serving(memory=True, **options),
    ):
        pass
