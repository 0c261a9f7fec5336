"""The servers that are told of events, and whether they are there now."""

from __future__ import annotations

from ...config import Config, ConfigError, Webhook
from ...services.posting import connect
from ...services.webhooks import refuse_unknown
from .parts import Line, Mark, Part

_SECONDS = 1.0


def examine_webhooks(config: Config) -> tuple[Part, ...]:
    """No part where no webhook is declared. Blocking."""
    if not config.webhooks:
        return ()
    answers = [_answers(each) for each in config.webhooks]
    facts = [
        {"url": each.url, "events": list(each.events), "answers": is_there}
        for each, is_there in zip(config.webhooks, answers, strict=True)
    ]
    lines = map(_line, config.webhooks, answers)
    return (Part("webhooks", "Webhooks", tuple(lines), facts),)


def _line(webhook: Webhook, is_there: bool) -> Line:
    events = f"is told of {', '.join(webhook.events)}"
    try:
        refuse_unknown([webhook])
    except ConfigError as exc:
        reason = str(exc)
        more = reason[:1].upper() + reason[1:]
        return Line(Mark.BAD, f"{webhook.url}  cannot be told", more)
    if is_there:
        return Line(Mark.GOOD, webhook.url, events)
    more = f"It {events}; after 10 failures in a row it is off until the next start."
    return Line(Mark.NOTE, f"{webhook.url}  nobody answers there now", more)


def _answers(webhook: Webhook) -> bool:
    try:
        connect(webhook.place, _SECONDS).close()
    except OSError:
        return False
    return True
