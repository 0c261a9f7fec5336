"""Webhooks: places on this machine that are told of events by HTTP, in order, each by itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import anyio
from anyio import to_thread

from .. import events, jsontext
from ..config import ConfigError, Webhook
from ..errors import SERVER_VERSIONS
from ..models import CONSOLE
from .events import Event
from .ground import Ground
from .posting import Posting
from .under_way import Work, WorkKind

logger = logging.getLogger(__name__)

_PATIENCE = 15.0  # seconds that a delivery may take. Source: Appwrite 1.6.2 and 1.9.6
_MOST_FAILURES = 10  # in a row. Source: Appwrite 1.6.2 and 1.9.6
_MOST_WAITING = 10_000
_AGENT = "Appwrite-Server v{}. Please report abuse at security@localhost.test"


class WebhookState(NamedTuple):
    """How a webhook is: what it is told of, and how it went."""

    id: str
    webhook: Webhook
    signature_key: str
    is_on: bool
    delivered: int
    failures: int  # in a row
    waiting: int
    last_status: int  # 0: there was no answer yet, or none at all
    last_error: str

    def to_json(self) -> dict[str, Any]:
        webhook = self.webhook
        return {
            "$id": self.id,
            "name": webhook.name,
            "url": webhook.url,
            "events": list(webhook.events),
            "project": webhook.project,
            "signatureKey": self.signature_key,
            "enabled": self.is_on,
            "delivered": self.delivered,
            "failures": self.failures,
            "waiting": self.waiting,
            "lastStatus": self.last_status,
            "lastError": self.last_error,
        }


class _Delivery(NamedTuple):
    work: Work
    event: Event
    body: bytes


class _Standing(NamedTuple):
    """How it went until now."""

    is_on: bool = True
    delivered: int = 0
    failures: int = 0
    last_status: int = 0
    last_error: str = ""


@dataclass(slots=True)
class _Hook:
    """A webhook at work."""

    id: str
    webhook: Webhook
    key: str
    standing: _Standing = field(default_factory=_Standing)
    waiting: deque[_Delivery] = field(default_factory=deque)
    current: _Delivery | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    is_served: bool = False

    def hears(self, event: Event) -> bool:
        return (
            self.standing.is_on
            and self.webhook.project in ("", event.project)
            and not set(self.webhook.events).isdisjoint(event.names)
        )


def refuse_unknown(webhooks: Sequence[Webhook]) -> None:
    """Raise ConfigError for a webhook with an event that Appwrite does not have."""
    for webhook in webhooks:
        for name in webhook.events:
            if not events.is_known(name):
                raise ConfigError(
                    f"the webhook {webhook.url} has the event {name!r}, which Appwrite does not "
                    "have. Events are like users.*.create, users.ann.update.email or "
                    "functions.*.executions.*.update"
                )


class Webhooks:
    """A listener of events, which it tells on in the background; nothing waits for it.

    What has not been sent when the emulator stops is lost, and when the state is put back dropped.
    Events of the console are nobody's.
    """

    def __init__(self, ground: Ground) -> None:
        self.patience = _PATIENCE
        self._ground = ground
        self._hooks = [_hook(*each) for each in enumerate(ground.config.webhooks)]
        self._numbers = count(1)
        # Those of which nobody wants to know any more may take a while to end.
        self._limiter = anyio.CapacityLimiter(2 * len(self._hooks) or 1)
        version = SERVER_VERSIONS[ground.config.appwrite]
        self._agent = _AGENT.format(version)

    def states(self) -> list[WebhookState]:
        """How all webhooks are, in the order of their declaration."""
        return [_state(hook) for hook in self._hooks]

    def wants(self, project: str, pattern: str) -> bool:
        start = pattern.partition(".")[0] + "."
        return project != CONSOLE and any(
            hook.standing.is_on and any(name.startswith(start) for name in hook.webhook.events)
            for hook in self._hooks
        )

    def hear(self, event: Event) -> None:
        hooks = [hook for hook in self._hooks if hook.hears(event)]
        body = jsontext.encode(event.payload) if hooks else b""
        for hook in hooks:
            if len(hook.waiting) == _MOST_WAITING:
                self._drop_oldest(hook)
            id = f"{next(self._numbers)} to {hook.webhook.url}"
            work = Work(WorkKind.WEBHOOK, event.project, "", id)
            hook.waiting.append(_Delivery(work, event, body))
            self._ground.under_way.begin(work)
            if not hook.is_served:
                hook.is_served = True
                self._ground.start(self._serve, hook)

    def remember(self) -> Callable[[], None]:
        """Keeps how all webhooks are now; what puts that back, so that one which was switched off
        meanwhile is told again."""
        before = [hook.standing for hook in self._hooks]

        def put_back() -> None:
            for hook, standing in zip(self._hooks, before, strict=True):
                hook.standing = standing

        return put_back

    def drop(self, project: str = "") -> None:
        """Forget what has happened in `project`, or anywhere, and was not told yet."""
        for hook in self._hooks:
            self._forget(hook, [each for each in hook.waiting if _is_of(each, project)])
            if hook.current is not None and _is_of(hook.current, project):
                hook.scope.cancel()

    def _forget(self, hook: _Hook, deliveries: Sequence[_Delivery]) -> None:
        for each in deliveries:
            hook.waiting.remove(each)
            self._ground.under_way.end(each.work)

    def _drop_oldest(self, hook: _Hook) -> None:
        oldest = hook.waiting[0]
        logger.warning(
            "webhook %s is too slow: %s was dropped, %d events wait",
            hook.webhook.url,
            oldest.event.names[0],
            _MOST_WAITING,
            extra={"action": "webhook_dropped"},
        )
        self._forget(hook, [oldest])

    async def _serve(self, hook: _Hook) -> None:
        """Deliver what waits, one after the other."""
        try:
            while hook.waiting:
                hook.current = delivery = hook.waiting.popleft()
                try:
                    await self._deliver(hook, delivery)
                except Exception:  # one event's turn: the next must be told
                    logger.exception("webhook %s failed in the emulator", hook.webhook.url)
                finally:
                    hook.current = None
                    self._ground.under_way.end(delivery.work)
        finally:
            hook.is_served = False

    async def _deliver(self, hook: _Hook, delivery: _Delivery) -> None:
        headers = self._headers(hook, delivery)
        posting = Posting(hook.webhook.place, headers, delivery.body, self.patience)
        status, error = 0, ""
        try:
            with anyio.move_on_after(self.patience) as hook.scope:
                status = await to_thread.run_sync(
                    posting.send, abandon_on_cancel=True, limiter=self._limiter
                )
        except (OSError, http.client.HTTPException, ValueError) as exc:
            error = str(exc) or type(exc).__name__
        finally:
            posting.give_up()
        if not hook.scope.cancelled_caught:
            self._note(hook, delivery, status, error or (f"answered {status}" * (status >= 400)))
        elif anyio.current_time() >= hook.scope.deadline:
            self._note(hook, delivery, 0, f"no answer in {self.patience:g} s")

    def _note(self, hook: _Hook, delivery: _Delivery, status: int, error: str) -> None:
        """Keep how it went; an `error` is a failure."""
        standing = hook.standing._replace(last_status=status, last_error=error)
        if not error:
            hook.standing = standing._replace(delivered=standing.delivered + 1, failures=0)
            return
        hook.standing = standing = standing._replace(failures=standing.failures + 1)
        extra = {"action": "webhook_failed", "url": hook.webhook.url}
        name = delivery.event.names[0]
        logger.warning("webhook %s was not told of %s: %s", hook.webhook.url, name, error,
                       extra=extra)  # fmt: skip
        if standing.failures >= _MOST_FAILURES and standing.is_on:
            hook.standing = standing._replace(is_on=False)
            self._forget(hook, list(hook.waiting))
            logger.error(
                "webhook %s is off after %d failures in a row; start the emulator again to tell "
                "it of events",
                hook.webhook.url,
                standing.failures,
                extra=extra,
            )

    def _headers(self, hook: _Hook, delivery: _Delivery) -> list[tuple[str, bytes]]:
        """Source: Appwrite 1.6.2 and 1.9.6, worker of webhooks."""
        webhook, event = hook.webhook, delivery.event
        signed = unquote_to_bytes(webhook.url) + delivery.body
        digest = hmac.new(hook.key.encode(), signed, hashlib.sha1).digest()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self._agent,
            "X-Appwrite-Webhook-Id": hook.id,
            "X-Appwrite-Webhook-Events": ",".join(event.names),
            "X-Appwrite-Webhook-Name": webhook.name,
            "X-Appwrite-Webhook-User-Id": event.user_id,
            "X-Appwrite-Webhook-Project-Id": event.project,
            "X-Appwrite-Webhook-Signature": base64.b64encode(digest).decode(),
        }
        if webhook.user and webhook.password:
            pair = f"{webhook.user}:{webhook.password}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return [(name, value.encode()) for name, value in headers.items()]


def _hook(number: int, webhook: Webhook) -> _Hook:
    """A webhook's id stays as long as its place among them; a key that is made does not."""
    id = hashlib.sha256(f"{number} {webhook.url}".encode()).hexdigest()[:20]
    return _Hook(id, webhook, webhook.signature_key or secrets.token_hex(64))


def _state(hook: _Hook) -> WebhookState:
    return WebhookState(
        id=hook.id,
        webhook=hook.webhook,
        signature_key=hook.key,
        waiting=len(hook.waiting) + (hook.current is not None),
        **hook.standing._asdict(),
    )


def _is_of(delivery: _Delivery, project: str) -> bool:
    return not project or delivery.work.project == project
