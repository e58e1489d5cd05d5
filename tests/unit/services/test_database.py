"""Which database is meant, and that no time is stored without its zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Dialect, make_url

from services import database

IN_SUMMER = datetime(2026, 7, 1, 10, 35, tzinfo=timezone(timedelta(hours=1)))
DIALECTS: list[Dialect] = [make_url(address).get_dialect()() for address in ("sqlite://", "postgresql+psycopg://")]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_uses_the_driver_we_install(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://u:p@db.example/app")
    assert database.url().drivername == "postgresql+psycopg"


def test_without_a_setting_the_database_is_a_file_under_var(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert str(database.url()) == "sqlite:///var/sample.db"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_instant_comes_back_as_the_same_instant_in_utc(dialect: Dialect) -> None:
    column = database.UtcDateTime()
    stored = column.process_bind_param(IN_SUMMER, dialect)
    assert column.process_result_value(stored, dialect) == IN_SUMMER


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        database.UtcDateTime().process_bind_param(datetime(2026, 7, 1), DIALECTS[0])


def test_no_time_is_stored_as_no_time() -> None:
    assert database.UtcDateTime().process_bind_param(None, DIALECTS[0]) is None
    assert database.UtcDateTime().process_result_value(None, DIALECTS[0]) is None
