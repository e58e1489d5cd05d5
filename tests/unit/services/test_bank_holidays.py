"""What the feed may say, and what we do not take for a feed."""

from __future__ import annotations

import json
from datetime import date

import pytest

from services.bank_holidays import BadFeed, offline_copy, read_feed

EVENT = {"title": "Christmas Day", "date": "2026-12-25", "notes": "", "bunting": True}


def feed(*events: object) -> bytes:
    return json.dumps({"england-and-wales": {"division": "england-and-wales", "events": events}}).encode()


def test_the_feed_of_england_and_wales_is_read() -> None:
    assert read_feed(feed(EVENT)) == {date(2026, 12, 25): "Christmas Day"}


@pytest.mark.parametrize(
    "text",
    [
        b"<html>Please sign in to the wireless network</html>",
        b"[]",
        b"\xff\xfe",
        b'{"scotland": {}}',
        feed(),
        feed({"title": "no date"}),
        feed({"title": "?", "date": "25/12/2026"}),
    ],
)
def test_an_answer_that_is_no_feed_is_refused(text: bytes) -> None:
    with pytest.raises(BadFeed):
        read_feed(text)


def test_the_offline_copy_moves_boxing_day_to_the_next_working_day() -> None:
    days = offline_copy([2026])
    assert date(2026, 12, 28) in days
    assert all(day.weekday() < 5 for day in days)
