"""Twenty working days, forty working days, and each letter once, whatever is interrupted and repeated."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from services import deadlines, letters, mail
from services.bank_holidays import NoBankHolidays
from services.database import transaction
from services.records import AWAITING, REJECTED_BY_DEFAULT, Application, BankHoliday, Letter
from tests.integration.services.conftest import AT, Apply

# Counted by hand on a calendar of 2026: 25 May is a bank holiday.
SENT_20_WORKING_DAYS_AGO = date(2026, 6, 2)
LAST_DAY_IS_TODAY = date(2026, 5, 1)  # 4 May is a bank holiday too
DAY = timedelta(days=1)


def status(reference: str) -> str:
    with transaction() as session:
        return session.scalars(select(Application.status).where(Application.reference == reference)).one()


def outbox(kind: str) -> list[str]:
    return sorted(path.name for path in Path("var/outbox").glob(f"*-{kind}.eml"))


def test_a_provider_is_chased_on_the_twentieth_working_day_and_not_before(apply: Apply) -> None:
    apply("A1", on=SENT_20_WORKING_DAYS_AGO)
    assert deadlines.chase_providers(AT - DAY) == "0 applications chased"
    assert deadlines.chase_providers(AT) == "1 applications chased: var/outbox/A1-chase.eml"


def test_a_second_run_chases_nobody_again(apply: Apply) -> None:
    apply("A1", on=SENT_20_WORKING_DAYS_AGO)
    deadlines.chase_providers(AT)
    assert deadlines.chase_providers(AT + DAY) == "0 applications chased"
    assert outbox("chase") == ["A1-chase.eml"]


def test_two_runs_at_once_write_and_send_one_letter(apply: Apply) -> None:
    for number in range(5):
        apply(f"A{number}", on=SENT_20_WORKING_DAYS_AGO)
    with ThreadPoolExecutor(2) as pool:
        lines = list(pool.map(deadlines.chase_providers, [AT, AT]))
    assert sum(int(line.split()[0]) for line in lines) == 5
    with transaction() as session:
        assert session.scalar(select(func.count()).where(Letter.kind == "chase")) == 5


def test_the_fortieth_working_day_belongs_to_the_provider(apply: Apply) -> None:
    apply("A1", on=LAST_DAY_IS_TODAY)
    last_minute = datetime(2026, 6, 30, 22, 59, tzinfo=UTC)  # 23:59 in London
    deadlines.reject_by_default(last_minute)
    assert status("A1") == AWAITING
    deadlines.reject_by_default(last_minute + timedelta(minutes=2))
    assert status("A1") == REJECTED_BY_DEFAULT


def test_a_bank_holiday_gives_the_provider_one_more_day(apply: Apply) -> None:
    apply("A1", on=LAST_DAY_IS_TODAY)
    with transaction() as session:
        session.add(BankHoliday(day=date(2026, 6, 29), title="A holiday proclaimed late"))
    deadlines.reject_by_default(AT + DAY)
    assert status("A1") == AWAITING


def test_an_application_past_its_last_day_is_closed_and_no_longer_chased(apply: Apply) -> None:
    apply("A1", on=LAST_DAY_IS_TODAY)
    assert deadlines.chase_providers(AT + DAY) == "0 applications chased"
    line = deadlines.reject_by_default(AT + DAY)
    assert line == "1 applications rejected by default: var/outbox/A1-rejected-by-default.eml"
    assert "To: amira@candidates.example" in Path("var/outbox/A1-rejected-by-default.eml").read_text()


def test_without_bank_holidays_nobody_is_rejected(apply: Apply) -> None:
    apply("A1", on=LAST_DAY_IS_TODAY)
    with transaction() as session:
        session.execute(delete(BankHoliday))
    with pytest.raises(NoBankHolidays, match="refresh_bank_holidays"):
        deadlines.reject_by_default(AT + DAY)
    assert status("A1") == AWAITING


def test_the_reminder_is_due_at_nine_in_london_ten_working_days_before_the_end(apply: Apply) -> None:
    assert apply("A1", on=LAST_DAY_IS_TODAY) == datetime(2026, 6, 16, 8, tzinfo=UTC)


def test_a_planned_reminder_reminds_once_and_only_of_an_open_application(apply: Apply) -> None:
    apply("A1", on=SENT_20_WORKING_DAYS_AGO)
    apply("A2", on=LAST_DAY_IS_TODAY)
    for reference in ("A1", "A1", "A2", "A3"):
        deadlines.remind(reference, at=AT + DAY)
    assert outbox("reminder") == ["A1-reminder.eml"]


def test_letters_that_could_not_be_handed_over_are_sent_by_the_next_run(
    apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply("A1", on=LAST_DAY_IS_TODAY)
    with monkeypatch.context() as broken, pytest.raises(ConnectionRefusedError):
        broken.setenv("SMTP_URL", "smtp://127.0.0.1:1")
        deadlines.reject_by_default(AT + DAY)
    assert status("A1") == REJECTED_BY_DEFAULT
    assert letters.post(AT + DAY) == ["var/outbox/A1-rejected-by-default.eml"]


def test_a_crash_between_handing_over_and_commit_leaves_one_letter(
    apply: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply("A1", on=SENT_20_WORKING_DAYS_AGO)

    def send_and_die(message: object) -> str:
        real(message)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    real = mail.send
    with monkeypatch.context() as crash, pytest.raises(KeyboardInterrupt):
        crash.setattr(mail, "send", send_and_die)
        deadlines.chase_providers(AT)
    first = Path("var/outbox/A1-chase.eml").read_bytes()
    deadlines.chase_providers(AT + DAY)
    assert outbox("chase") == ["A1-chase.eml"]
    assert Path("var/outbox/A1-chase.eml").read_bytes() == first
    with transaction() as session:
        assert session.scalars(select(Letter.kind).order_by(Letter.id)).all() == ["arrival", "chase"]


def test_one_refused_address_does_not_hold_up_the_other_letters(apply: Apply, monkeypatch: pytest.MonkeyPatch) -> None:
    apply("A1", on=SENT_20_WORKING_DAYS_AGO)
    apply("A2", on=SENT_20_WORKING_DAYS_AGO)

    def refuse_the_first(message: object) -> str:
        if "A1-" in message["Message-ID"]:  # type: ignore[index]
            raise mail.Refused("A1: no such mailbox")
        return real(message)  # type: ignore[arg-type]

    real = mail.send
    with monkeypatch.context() as strict, pytest.raises(mail.Refused, match=r"1 letters sent, 1 refused: A1"):
        strict.setattr(mail, "send", refuse_the_first)
        deadlines.chase_providers(AT)
    assert outbox("chase") == ["A2-chase.eml"]
    assert letters.post(AT, kind="chase") == ["var/outbox/A1-chase.eml"]
