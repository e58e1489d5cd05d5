"""The table follows the feed, survives its absence, and is never emptied by nonsense."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from sqlalchemy import select

from services import bank_holidays
from services.database import transaction
from services.records import BankHoliday
from tests.integration.services.conftest import AT

MAY_DAY, CORONATION, CHRISTMAS = date(2026, 5, 4), date(2026, 5, 8), date(2026, 12, 25)


class Feed(ThreadingHTTPServer):
    """The public feed, on loopback, saying what a test wants it to say."""

    answer: bytes = b""

    def publish(self, *days: date) -> None:
        events = [{"title": f"day {day}", "date": day.isoformat(), "notes": "", "bunting": True} for day in days]
        self.answer = json.dumps({"england-and-wales": {"events": events}, "scotland": {"events": []}}).encode()


class Page(BaseHTTPRequestHandler):
    server: Feed

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def feed(tables: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Feed]:
    with Feed(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("BANK_HOLIDAYS_URL", f"http://127.0.0.1:{server.server_port}/bank-holidays.json")
        yield server
        server.shutdown()


def days() -> list[date]:
    with transaction() as session:
        return list(session.scalars(select(BankHoliday.day).order_by(BankHoliday.day)))


def test_the_table_becomes_the_feed(feed: Feed) -> None:
    feed.publish(MAY_DAY, CHRISTMAS)
    assert bank_holidays.refresh(AT) == "bank holidays from the feed: 2 added, 0 withdrawn, 2 in all"
    assert days() == [MAY_DAY, CHRISTMAS]


def test_a_day_that_is_moved_is_withdrawn_and_added(feed: Feed) -> None:
    early, late = date(2026, 1, 1), CHRISTMAS
    feed.publish(early, MAY_DAY, late)
    bank_holidays.refresh(AT)
    feed.publish(early, CORONATION, late)
    assert bank_holidays.refresh(AT) == "bank holidays from the feed: 1 added, 1 withdrawn, 3 in all"
    assert days() == [early, CORONATION, late]


def test_a_second_run_changes_nothing(feed: Feed) -> None:
    feed.publish(MAY_DAY)
    bank_holidays.refresh(AT)
    assert bank_holidays.refresh(AT) == "bank holidays from the feed: 0 added, 0 withdrawn, 1 in all"


def test_nonsense_fails_loudly_and_keeps_the_table(feed: Feed) -> None:
    feed.publish(MAY_DAY)
    bank_holidays.refresh(AT)
    feed.answer = b"<html>maintenance</html>"
    with pytest.raises(bank_holidays.BadFeed):
        bank_holidays.refresh(AT)
    assert days() == [MAY_DAY]


def test_without_the_feed_the_offline_copy_fills_only_years_that_are_missing(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.publish(CORONATION)
    bank_holidays.refresh(AT)
    monkeypatch.setenv("BANK_HOLIDAYS_URL", "http://127.0.0.1:1/bank-holidays.json")
    assert bank_holidays.refresh(AT).startswith("bank holidays from the offline copy: ")
    assert [day for day in days() if day.year == 2026] == [CORONATION]
    assert {day.year for day in days()} == {2025, 2026, 2027, 2028}


def test_an_address_that_is_no_web_address_is_refused(tables: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANK_HOLIDAYS_URL", "file:///etc/passwd")
    with pytest.raises(bank_holidays.BadFeed, match="https://"):
        bank_holidays.refresh(AT)
