"""Where the application's records are kept: SQLite under var/ by default, PostgreSQL by DATABASE_URL (or _FILE)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    DateTime,
    Dialect,
    Engine,
    TypeDecorator,
    create_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from services.environment import secret

DEFAULT_URL = "sqlite:///var/sample.db"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC; SQLite, which knows no zones, keeps it naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: nobody could say later which hour was meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; give an aware datetime")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Record(DeclarativeBase):
    """The root of every table; `Record.metadata.create_all` makes them all."""

    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 (SQLAlchemy's own form)


def url() -> URL:
    """The address of the database, with the drivers that we install, whatever spelling the platform uses."""
    address = make_url(secret("DATABASE_URL") or DEFAULT_URL)
    if address.drivername in ("postgres", "postgresql"):
        return address.set(drivername="postgresql+psycopg")
    return address


def engine() -> Engine:
    """The connections of this process to the database in force."""
    return _engine(url())


def transaction() -> AbstractContextManager[Session]:
    """A session whose work is committed at the end of the block, or undone if the block raises."""
    return sessionmaker(engine(), expire_on_commit=False).begin()


def add_missing(session: Session, *, table: type[Record], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows that no unique constraint forbids; answer how many were new.

    The database decides, so two runs of one job at the same time cannot both believe they were first.
    """
    if not rows:
        return 0
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    key = inspect(table).primary_key
    return len(session.execute(insert(table).values(rows).on_conflict_do_nothing().returning(*key)).all())


@cache
def _engine(address: URL) -> Engine:
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True)
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(address, connect_args={"timeout": 30})
    event.listen(made, "connect", _prepare)
    event.listen(made, "begin", _begin)
    return made


def _prepare(connection: Any, _record: object) -> None:
    """Hand transactions to us (the driver opens them late) and let readers go on beside a writer."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    """Take the write lock at once: SQLite refuses a transaction that reads first and asks for the lock later."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


# A forked worker must not share its parent's open connections: both would talk on one socket.
os.register_at_fork(after_in_child=_engine.cache_clear)
