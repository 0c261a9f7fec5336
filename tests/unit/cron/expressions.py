"""Prints the cron expressions that upstream's library is asked about, as a JSON array.

Of each kind some that are picked by hand, and random ones of every part of the language:

    python expressions.py | php dates.php > upstream.json
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from itertools import product
from typing import NamedTuple

SEED = 1962
RANDOM = 3200

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class Field(NamedTuple):
    """One of the five fields."""

    low: int
    high: int
    names: tuple[str, ...] = ()


FIELDS = (Field(0, 59), Field(0, 23), Field(1, 31), Field(1, 12, _MONTHS), Field(0, 7, _DAYS))

ALIASES = """
@yearly @annually @monthly @weekly @daily @midnight @hourly @YEARLY @Daily @hourLY @reboot @every
@minutely @ @daily@ @@daily
"""

# What may stand in each field, the others being usual.
PICKED = (
    """* ? 0 59 60 -1 +5 +60 05 005 5. 5.0 .5 1e1 0x5 5/15 */5 */15 */1 */0 */+5 */05 */59 */60
    */61 */70 */119 */120 */x */ / * /5 **/5 1-5 5-1 9-9 1-10/4 0-59 0-59/1 0-59/7 58-59/7
    10-1/2 1- -5 - 1-2-3 *-5 5-* 1--5 1,2,3 3,2,1 1,1 1, ,1 , 1,,2 */5,7 7,*/5 1-5,*/20 0,*/7
    *,5 5,* L W H R 5L 5W 5#2 MON a 1a a1 */5/3 5,6-8/2,*/30 0-9/3,40-49/4 1-70 60-70 */99999999
    */999999999999
    0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30""",
    """* ? 0 23 24 00 09 22-2 9-17 9-17/2 */6 */7 */22 */23 */24 */25 */47 */48 0,12 12,0 8-8
    0-23 0-23/5 1-23/2 23-0 20-23/30 */5,1 L W +7 7/2 7-7/3 24-25 0-24""",
    """* ? 1 31 32 0 00 01 L LW WL W L-2 L-1 2-L LL 1W 6W 15W 29W 30W 31W 32W 0W 01W 1WW ?W *W
    1-5W 15W,20W 1,L L,1 1,15W 1-31 1-31/1 */1 */2 */-2 */15 */19 */30 */31 */32 */40 */62 31,1
    31 30 29 29,30 28-31 31-28 5-10 10-5 10-20/3 1/5 ?/5 L/5 LW/2 1,? ?,? ?-5 +3 1#1 MON 15w l
    lw 1-10,20-31/2 31-31 29-29""",
    """* ? 1 12 13 0 JAN jan Feb DEC JANUARY 2 2,4,6 JAN,mar 1-6 6-1 JAN-MAR MAR-JAN 10-2 JAN-3
    1-MAR */2 */3 */5 */11 */12 */13 */14 */25 1-12 1-12/1 1-12/5 JAN-DEC/3 1-DEC/3 JAN/3
    FEB-FEB 2-2 L W 02 FOO JAN,FOO JAN-FOO 4,6,9,11 */2,DEC jan-mar/2""",
    """* ? 0 7 1 5 6 8 9 -1 SUN MON sun Fri SUNDAY 1-5 MON-FRI mon-fri 5-1 FRI-MON SUN-SAT
    SAT-SUN FRI-SUN SUN-MON 0-6 1-7 0-7 7-1 7-0 6-0 0-0 7-7 5-0 5-7 6-7 7-6 0-1 0,6 6,0 6,7 0,7
    7,0 SAT,SUN 1,3,5 */1 */2 */3 */4 */5 */6 */7 */8 */9 */14 1-5/2 0-6/2 1-7/2 0-7/3 MON-FRI/2
    SUN-SAT/2 MON/2 5L 0L 7L 8L 1L L L5 FRIL friL friday SUNL FRIl 5l LL 5LL ?L *L 1-5L MON,5L
    5L,1L 5#3 5#1 5#5 5#6 5#0 0#1 7#1 1#2 FRI#2 fri#4 SUN#5 MON#1,FRI#3 5#3,2 5#-1 #3 5# 5#x 8#1
    5#3#1 FRI#FRI 5#3L 5L#3 1-5#2 *#2 ?#2 ?/2 ?/5 1,? W 5W +5 05 07""",
)
USUAL = ("0", "0", "*", "*", "*")

# Day against weekday: either is enough when both are restricted, but for * and ?.
DAYS = "* ? 1 13 31 L 15W */1 */2 */19 1-31 1,15 10-5 L-2 1-5"
WEEKDAYS = "* ? 0 5 7 1-5 0-6 0-7 */1 */2 */7 5L 5#2 FRI-MON MON,5L 6,7"

WHOLE = [
    "",
    " ",
    "* * * * *",
    " * * * * * ",
    "*\t*\t*\t*\t*",
    "*\n*\n*\n*\n*",
    "*\r\n* * * *",
    "*\v*\f* * *",
    "*  *   *    *     *",
    "*\x1c* * * *",
    "*\x00* * * *",
    "* * * * *\x00",
    "*\u00a0* * * * *",
    "*\u2003*\u2003*\u2003*\u2003*",
    " @daily",
    "@daily ",
    "@daily * * * *",
    "*",
    "* *",
    "* * *",
    "* * * *",
    "* * * * * *",
    "* * * * * 2024",
    "0 0 0 1 1 * 2024",
    "* * * * * * *",
    "\u0663 * * * *",
    "0 0 * * \u017fun",
    "@wee\u212aly",
    "0 0 29 2 *",
    "0 0 30 2 *",
    "0 0 31 4 *",
    "0 0 31 2,4,6,9,11 *",
    "0 0 31 */2 *",
    "0 0 30 2 1",
    "0 0 29 2 1",
    "0 0 29 2 ?",
    "0 0 ? 2 5#5",
    "0 0 * 2 5#5",
    "0 0 L 2 *",
    "59 23 31 12 *",
    "0 0 1 1 *",
    "0 0 1 1 0",
    "30 4 1,15 * 5",
    "0 22 * * 1-5",
    "23 0-20/2 * * *",
    "5 4 * * sun",
    "15 14 1 * *",
    "0 0,12 1 */2 *",
    "0 4 8-14 * *",
    "0 0 1-7 * MON",
    "0 0 13 * FRI",
    "*/10 9-17 * * MON-FRI",
    "0 0 1 */3 *",
    "0 8 ? * MON-FRI",
    "0 0 LW * ?",
    "0 0 L-3 * ?",
    "0 12 1/5 * ?",
    "11 11 11 11 ?",
    "10,44 14 ? 3 WED",
    "0/5 * * * *",
    "9" * 400 + " * * * *",
    "*/" + "9" * 400 + " * * * *",
    ",".join(map(str, range(60))) + " * * * *",
]


def picked() -> list[str]:
    """Those that were chosen by hand, for one kind each."""
    singles = [
        " ".join((*USUAL[:place], text, *USUAL[place + 1 :]))
        for place, texts in enumerate(PICKED)
        for text in texts.split()
    ]
    pairs = [f"0 0 {day} * {weekday}" for day, weekday in product(DAYS.split(), WEEKDAYS.split())]
    return [*WHOLE, *ALIASES.split(), *singles, *pairs]


def one_of(dice: random.Random, *weighted: tuple[int, Callable[[], str]]) -> str:
    makers = [make for _, make in weighted]
    (make,) = dice.choices(makers, [weight for weight, _ in weighted])
    return make()


def number(dice: random.Random, field: Field) -> str:
    if field.names and dice.random() < 0.4:
        name = dice.choice(field.names)
        return dice.choice((name, name.lower(), name.title()))
    value = dice.randint(field.low, field.high)
    if dice.random() < 0.03:
        value += dice.choice((-1, 1)) * (field.high + 1)
    return f"{value:02}" if dice.random() < 0.05 else str(value)


def span(dice: random.Random, field: Field) -> str:
    ends = [number(dice, field), number(dice, field)]
    if all(end.isdecimal() for end in ends) and dice.random() < 0.85:
        ends.sort(key=int)
    return "-".join(ends)


def stepped(dice: random.Random, field: Field) -> str:
    base = "*" if dice.random() < 0.6 else span(dice, field)
    if dice.random() < 0.06:
        base = number(dice, field)
    most = field.high + 2 if dice.random() < 0.9 else 3 * field.high
    return f"{base}/{dice.randint(0 if dice.random() < 0.1 else 1, most)}"


def special(dice: random.Random, field: Field) -> str:
    if field is FIELDS[2]:
        return dice.choice(("L", "?", f"{dice.randint(1, 31)}W", f"{dice.randint(1, 28)}W"))
    if field is FIELDS[4]:
        which = number(dice, field)
        return dice.choice(("?", f"{which}L", f"{which}#{dice.randint(1, 5)}"))
    return dice.choice(("?", "L", "*/1"))


def nonsense(dice: random.Random) -> str:
    return "".join(dice.choices("*?0123456789-/,#LWMONFEB+x.", k=dice.randint(1, 5)))


def item(dice: random.Random, field: Field) -> str:
    return one_of(
        dice,
        (4, lambda: number(dice, field)),
        (3, lambda: span(dice, field)),
        (3, lambda: stepped(dice, field)),
    )


def ordered(dice: random.Random, field: Field) -> str:
    """A list whose numbers ascend."""
    ends = iter(sorted(dice.sample(range(field.low, field.high + 1), 6)))
    items = []
    for first, last in zip(ends, ends, strict=True):
        step = f"/{dice.randint(1, 6)}" if dice.random() < 0.3 else ""
        items.append(f"{first}-{last}{step}" if dice.random() < 0.5 else str(first))
    return ",".join(items[: dice.randint(2, 4)])


def text_of(dice: random.Random, field: Field) -> str:
    is_day = field in (FIELDS[2], FIELDS[4])
    count = dice.randint(2, 4)
    return one_of(
        dice,
        (55, lambda: "*"),
        (60, lambda: item(dice, field)),
        (17, lambda: ordered(dice, field)),
        (14 if is_day else 3, lambda: ",".join(item(dice, field) for _ in range(count))),
        (30 if is_day else 1, lambda: special(dice, field)),
        (4, lambda: nonsense(dice)),
    )


def expression(dice: random.Random) -> str:
    texts = [text_of(dice, field) for field in FIELDS]
    if dice.random() < 0.03:
        texts = (texts + texts)[: dice.randint(1, 7)]
    # Upstream's search for a minute or an hour of these has no end.
    texts[:2] = [text.replace("/-", "/") for text in texts[:2]]
    gap = dice.choice(("  ", "\t", " \n ")) if dice.random() < 0.05 else " "
    return gap.join(texts)


def chosen() -> list[str]:
    """All expressions, each once."""
    dice = random.Random(SEED)
    known = dict.fromkeys(picked())
    while len(known) < len(set(picked())) + RANDOM:
        known[expression(dice)] = None
    return list(known)


if __name__ == "__main__":
    json.dump(chosen(), sys.stdout)
