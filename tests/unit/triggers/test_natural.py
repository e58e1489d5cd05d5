"""English phrases mean what Fugit makes of them."""

from __future__ import annotations

import pytest

from rqclock.errors import TriggerError
from rqclock.triggers import Rules, Trigger, cron, natural

LONDON = Rules(tz="Europe/London")
YEAR = range(1_767_225_600, 1_798_761_600)


def ticks(trigger: Trigger) -> list[int]:
    found: list[int] = []
    tick = trigger.after(YEAR.start - 1)
    while tick is not None and tick < YEAR.stop and len(found) < 2000:
        found.append(tick)
        tick = trigger.after(tick)
    return found


@pytest.mark.parametrize(
    ("phrase", "expression"),
    [
        ("every day at five", "0 5 * * *"),
        ("Every Day at 9AM", "0 9 * * *"),
        ("every day at 12am", "0 0 * * *"),
        ("every day at 12 pm", "0 12 * * *"),
        ("every day at noon", "0 12 * * *"),
        ("every day at 16:30", "30 16 * * *"),
        ("every day at 6:00 and 18:00", "0 6,18 * * *"),
        ("every day at 13:00, 16:00 and 19:00", "0 13,16,19 * * *"),
        ("every day", "0 0 * * *"),
        ("every 2 days at 5pm", "0 17 */2 * *"),
        ("every weekday at 9:30am", "30 9 * * 1-5"),
        ("every weekend at 10", "0 10 * * 0,6"),
        ("every tuesday at 5 pm", "0 17 * * 2"),
        ("every wed or Monday at 5pm and 11", "0 11,17 * * 1,3"),
        ("every monday, wednesday and friday at 9", "0 9 * * 1,3,5"),
        ("from monday to friday at 9am", "0 9 * * 1-5"),
        ("every friday noon", "0 12 * * 5"),
        ("every week", "0 0 * * 0"),
        ("every month", "0 0 1 * *"),
        ("every year", "0 0 1 1 *"),
        ("every 4 months", "0 0 1 */4 *"),
        ("every 4M", "0 0 1 */4 *"),
        ("every month on the 15th at 5pm", "0 17 15 * *"),
        ("every month on days 1,15 at 10:00", "0 10 1,15 * *"),
        ("every 1st of the month at midnight", "0 0 1 * *"),
        ("every last day of the month at 23:00", "0 23 L * *"),
        ("every hour", "0 * * * *"),
        ("every 3h", "0 */3 * * *"),
        ("every hour at minute 12", "12 * * * *"),
        ("every 12 hours at minute 50", "50 */12 * * *"),
        ("every minute", "* * * * *"),
        ("every 5 min", "*/5 * * * *"),
        ("every 17 minutes", "*/17 * * * *"),
        ("every 60 minutes", "0 * * * *"),
        ("every 15s", "*/15 * * * * *"),
    ],
)
def test_a_phrase_runs_with_its_cron_expression(phrase: str, expression: str) -> None:
    assert ticks(natural(phrase, rules=LONDON)) == ticks(cron(expression, rules=LONDON))


@pytest.mark.parametrize("joint", ["", "in ", "on "])
def test_a_zone_at_the_end_wins(joint: str) -> None:
    trigger = natural(f"every day at 5 pm {joint}America/Los_Angeles", rules=LONDON)
    assert trigger.tz == "America/Los_Angeles"


@pytest.mark.parametrize(
    "phrase",
    [
        "nada",
        "every",
        "every day at",
        "every dya at 5",
        "every 90 minutes",
        "every 2 weeks",
        "every 0 hours",
        "every day at 25:00",
        "every day at 13pm",
        "every day at minute 5",
        "every hour at minute 60",
        "every hour at 9am and minute 5",
        "every 2 days at 5:00 and 6:30",
        "every 32nd of the month",
        "",
    ],
)
def test_what_has_no_reading_is_refused(phrase: str) -> None:
    with pytest.raises(TriggerError):
        natural(phrase, rules=LONDON)
