"""A database for each test: SQLite in its folder, and PostgreSQL where the system has it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services import database
from services.applications import Candidate, receive
from services.bank_holidays import offline_copy
from services.records import BankHoliday, Provider
from tests.conftest import find_program

AT = datetime(2026, 6, 30, 9, 35, tzinfo=UTC)  # a Tuesday, 10:35 in London


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server of our own, on a socket in a folder of its own: no port, nothing of the system's."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    owner: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        owner = ["setpriv", f"--reuid={pwd.getpwnam('postgres').pw_uid}", "--clear-groups"]
    control = [*owner, str(find_program("pg_ctl")), "-D", str(folder / "data"), "-s"]
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    setup = [*control, "initdb", "-o", "-U clock -A trust -E UTF8 --locale=C"]
    subprocess.run(setup, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    subprocess.run([*control, "start", "-w", "-o", options, "-l", str(folder / "log")], check=True, cwd=folder)
    yield f"postgresql://clock@/postgres?host={folder}"
    subprocess.run([*control, "stop", "-m", "immediate"], check=True, cwd=folder)
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("pg_ctl"))])
def tables(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Empty tables, and an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    postgresql = request.param == "postgresql"
    address = request.getfixturevalue("postgresql_url") if postgresql else f"sqlite:///{tmp_path}/sample.db"
    monkeypatch.setenv("DATABASE_URL", address)
    database.Record.metadata.create_all(database.engine())
    yield
    database.Record.metadata.drop_all(database.engine())
    database.engine().dispose()


@pytest.fixture
def provider(tables: None) -> str:
    """One provider and the bank holidays around AT; answers the provider's name."""
    days = [{"day": day, "title": title} for day, title in offline_copy([2025, 2026, 2027]).items()]
    with database.transaction() as session:
        database.add_missing(session, table=BankHoliday, rows=days)
        session.add(Provider(name="Aire Valley", email="admissions@aire.example", region="north"))
    return "Aire Valley"


@pytest.fixture
def apply(provider: str) -> Apply:
    """Records an application that was sent on a day; its own letter is out of the way."""
    return Apply(provider)


class Apply:
    """`apply("A1", on=date(2026, 6, 1))`."""

    def __init__(self, provider: str) -> None:
        self.provider = provider

    def __call__(self, reference: str, *, on: date) -> datetime:
        """When the reminder is due."""
        sent = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        who = Candidate("Amira Khan", "amira@candidates.example", "Physics")
        return receive(reference, candidate=who, provider=self.provider, sent_at=sent, at=AT)
