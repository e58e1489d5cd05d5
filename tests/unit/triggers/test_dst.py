"""A table of nights: what runs when the clocks change. Each row is decided by reasoning, not by running the code.

A run is written as the local clock shows it, with its offset in hours, so that a row can be checked by eye.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import pytest

from rqclock.triggers import Rules, Trigger, cron, every


class Night(NamedTuple):
    """A stretch of time around a clock change. Dates of runs are `day` unless they say another."""

    zone: str
    day: str
    start: str
    end: str


NIGHTS = {
    # 01:00 → 02:00
    "London spring": Night("Europe/London", "2026-03-29", "2026-03-29T00:00+00:00", "2026-03-29T04:00+01:00"),
    # 02:00 → 01:00
    "London autumn": Night("Europe/London", "2026-10-25", "2026-10-25T00:00+01:00", "2026-10-25T04:00+00:00"),
    # 02:00 → 03:00
    "New York spring": Night("America/New_York", "2026-03-08", "2026-03-08T00:00-05:00", "2026-03-08T05:00-04:00"),
    # 02:00 → 01:00
    "New York autumn": Night("America/New_York", "2026-11-01", "2026-11-01T00:00-04:00", "2026-11-01T05:00-05:00"),
    # 02:00 → 02:30
    "Lord Howe spring": Night("Australia/Lord_Howe", "2026-10-04", "2026-10-04T00:00+10:30", "2026-10-04T05:00+11:00"),
    # 02:00 → 01:30
    "Lord Howe autumn": Night("Australia/Lord_Howe", "2026-04-05", "2026-04-05T00:00+11:00", "2026-04-05T05:00+10:30"),
    "Lord Howe, 1 to 3": Night("Australia/Lord_Howe", "2026-04-05", "2026-04-05T01:00+11:00", "2026-04-05T03:00+10:30"),
    # 00:00 → 01:00
    "Santiago spring": Night("America/Santiago", "2026-09-06", "2026-09-05T22:00-04:00", "2026-09-06T05:00-03:00"),
    # 24:00 → 23:00
    "Santiago autumn": Night("America/Santiago", "2026-04-04", "2026-04-04T22:00-03:00", "2026-04-05T02:00-04:00"),
    # 00:00 → 01:00
    "Cairo spring": Night("Africa/Cairo", "2026-04-24", "2026-04-23T22:00+02:00", "2026-04-24T05:00+03:00"),
    # 24:00 → 23:00
    "Cairo autumn": Night("Africa/Cairo", "2026-10-29", "2026-10-29T22:00+03:00", "2026-10-30T02:00+02:00"),
    # 30 December 2011, a Friday, never was
    "Apia": Night("Pacific/Apia", "2011-12-31", "2011-12-29T00:00-10:00", "2012-01-01T00:00+14:00"),
    # 01:00 → 03:00
    "Troll spring": Night("Antarctica/Troll", "2026-03-29", "2026-03-29T00:00+00:00", "2026-03-29T06:00+02:00"),
    # 03:00 → 01:00
    "Troll autumn": Night("Antarctica/Troll", "2026-10-25", "2026-10-25T00:00+02:00", "2026-10-25T06:00+00:00"),
    # 03:00 → 02:00, for Ramadan
    "Casablanca February": Night("Africa/Casablanca", "2026-02-15", "2026-02-15T00:00+01:00", "2026-02-15T05:00+00:00"),
    # 02:00 → 03:00
    "Casablanca March": Night("Africa/Casablanca", "2026-03-22", "2026-03-22T00:00+00:00", "2026-03-22T05:00+01:00"),
}

# number | night | line | gap | fold | runs (02:00+01 is two o'clock by a clock one hour ahead of UTC)
TABLE = """
 1 | London spring       | day at 01:30             |       |        | 02:00+01
 2 | London spring       | day at 01:30             | next  |        | 02:00+01
 3 | London spring       | day at 01:30             | shift |        | 02:30+01
 4 | London spring       | day at 01:30             | skip  |        |
 5 | London autumn       | day at 01:30             |       |        | 01:30+01
 6 | London autumn       | day at 01:30             |       | first  | 01:30+01
 7 | London autumn       | day at 01:30             |       | second | 01:30+00
 8 | London autumn       | day at 01:30             |       | both   | 01:30+01 01:30+00

The edges: 01:00 is skipped and repeated, 02:00 and 00:59 are neither.
 9 | London spring       | day at 01:00             |       |        | 02:00+01
10 | London spring       | day at 02:00             |       |        | 02:00+01
11 | London spring       | day at 00:59             |       |        | 00:59+00
12 | London autumn       | day at 01:00             |       |        | 01:00+01
13 | London autumn       | day at 02:00             |       |        | 02:00+00
14 | London autumn       | day at 01:59:59          |       | second | 01:59:59+00

Times that meet in one instant are one run.
15 | London spring       | day at 01:00,01:30,02:00 |       |        | 02:00+01
16 | London spring       | day at 01:15,01:45       | shift |        | 02:15+01 02:45+01

A cadence goes on in real time; whoever wants it otherwise is obeyed.
17 | London spring       | hour at :30              |       |        | 00:30+00 02:30+01 03:30+01
18 | London autumn       | hour at :30              |       |        | 00:30+01 01:30+01 01:30+00 02:30+00 03:30+00
19 | London autumn       | hour at :30              |       | first  | 00:30+01 01:30+01 02:30+00 03:30+00
20 | London spring       | 30 minutes at 1:**       |       |        |
21 | London autumn       | 30 minutes at 1:**       |       |        | 01:00+01 01:30+01 01:00+00 01:30+00
22 | London spring       | 30 minutes at 1:**       | next  |        | 02:00+01
23 | London autumn       | 2 hours                  |       |        | 01:00+01 02:00+00

Once a week, on that night or another.
24 | London spring       | week at Sunday 01:30     |       |        | 02:00+01
25 | London spring       | week at Saturday 01:30   |       |        |
26 | London autumn       | week at Sunday 01:30     |       | both   | 01:30+01 01:30+00

Elsewhere.
27 | New York spring     | day at 02:15             |       |        | 03:00-04
28 | New York autumn     | day at 01:15             |       | second | 01:15-05

Half an hour.
29 | Lord Howe spring    | day at 02:15             |       |        | 02:30+11
30 | Lord Howe spring    | day at 02:15             | shift |        | 02:45+11
31 | Lord Howe spring    | day at 02:30             |       |        | 02:30+11
32 | Lord Howe autumn    | day at 01:15,01:45       |       | second | 01:15+11 01:45+1030
33 | Lord Howe, 1 to 3   | hour at :45              |       |        | 01:45+11 01:45+1030 02:45+1030

At midnight: what is skipped is the day's first hour, what is repeated the last of the day before.
34 | Santiago spring     | day at 00:00             |       |        | 01:00-03
35 | Santiago spring     | sunday at 00:30          | shift |        | 01:30-03
36 | Santiago autumn     | saturday at 23:30        |       | both   | 23:30-03 23:30-04
37 | Santiago autumn     | day at 00:00             |       |        | 2026-04-05T00:00-04
38 | Cairo spring        | friday at 00:15          |       |        | 01:00+03
39 | Cairo autumn        | day at 23:15             |       | second | 23:15+02

A day that never was: it runs as the next begins, as much later as the clocks went on, or not at all.
40 | Apia                | day at 09:00             |       |        | 2011-12-29T09:00-10 00:00+14 09:00+14
41 | Apia                | friday at 09:00          | shift |        | 09:00+14
42 | Apia                | friday at 09:00          | skip  |        |

Two hours at once; and summer time that pauses.
43 | Troll spring        | day at 01:30,02:30       | shift |        | 03:30+02 04:30+02
44 | Troll autumn        | day at 02:30             |       | second | 02:30+00
45 | Casablanca February | day at 02:30             |       |        | 02:30+01
46 | Casablanca March    | day at 02:30             |       |        | 03:00+01

Cron: a star before minute or hour makes a cadence, anything else a fixed time.
47 | London spring       | */15 1 * * *             |       |        |
48 | London spring       | 0,30 1 * * *             |       |        | 02:00+01
49 | London autumn       | 0,30 1 * * *             |       |        | 01:00+01 01:30+01
50 | London spring       | 5 0-23 * * *             |       |        | 00:05+00 02:00+01 02:05+01 03:05+01
51 | London spring       | 5 */1 * * *              |       |        | 00:05+00 02:05+01 03:05+01
52 | London spring       | 30 30 1 * * *            |       |        | 02:00+01
53 | Lord Howe autumn    | 0 */2 * * *              |       |        | 00:00+11 02:00+1030 04:00+1030
54 | Lord Howe spring    | 0 */2 * * *              |       |        | 00:00+1030 04:00+11
"""

ROWS = [[cell.strip() for cell in row.split("|")] for row in TABLE.splitlines() if "|" in row]


def trigger_of(line: str, rules: Rules) -> Trigger:
    if line.endswith("*") and "at" not in line:
        return cron(line, rules=rules)
    period, _, at = line.partition(" at ")
    return every(period, at=at.split(",") if at else None, rules=rules)


@pytest.mark.parametrize(("number", "night", "line", "gap", "fold", "runs"), ROWS, ids=[row[0] for row in ROWS])
def test_on_this_night_it_runs(number: str, night: str, line: str, gap: str, fold: str, runs: str) -> None:
    zone, day, start, end = NIGHTS[night]
    trigger = trigger_of(line, Rules(tz=zone, gap=gap or None, fold=fold or None))
    found, tick = [], trigger.after(seconds(start) - 1)
    while tick is not None and tick < seconds(end):
        found.append(tick)
        tick = trigger.after(tick)
    assert found == [seconds(run if "T" in run else f"{day}T{run}") for run in runs.split()]


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_the_table_is_numbered_without_gaps() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 55))
