"""Connections that are made anew before they mislead."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from rqclock.connection import connect, explain, renewal
from rqclock.settings import Settings
from tests.support.ports import any_free
from tests.support.server import Server

WRITE = "return redis.call('SET', KEYS[1], '1')"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "redis").start()
    yield made
    made.kill()


def client(server: Server) -> redis.Redis:
    return connect(Settings.read({"REDIS_URL": server.url}), "test")


def test_a_connection_is_kept_while_all_is_well(server: Server) -> None:
    one = client(server)
    assert one.set("a", "1")
    assert one.client_id() == one.client_id()


@pytest.mark.parametrize("write", ["command", "script", "transaction"])
def test_a_connection_whose_write_a_replica_refused_is_made_anew(server: Server, write: str) -> None:
    one = client(server)
    before = one.client_id()
    server.client().replicaof("127.0.0.1", any_free())
    with pytest.raises(redis.ResponseError, match="read only replica"):
        _write(one, write)
    assert one.client_id() != before


def _write(one: redis.Redis, how: str) -> None:
    if how == "command":
        one.set("a", "1")
    elif how == "script":
        one.eval(WRITE, 1, "a")
    else:
        with one.pipeline(transaction=True) as pipeline:
            pipeline.set("a", "1")
            pipeline.execute()


def test_an_old_connection_is_made_anew_and_one_that_is_watched_is_not(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rqclock.connection.client.LIFE", -math.inf)
    made: list[int] = []
    settings = Settings.read({"REDIS_URL": server.url})
    watching = connect(settings, "clock", connected=lambda: made.append(os.getpid()))
    assert watching.client_id() == watching.client_id() and len(made) == 1
    reading = connect(settings, "web")
    assert reading.client_id() != reading.client_id()


def test_the_kinds_of_connections_that_redis_py_makes_of_a_url_are_all_renewed() -> None:
    for url in ("redis://h", "rediss://h", "unix:///h"):
        made = redis.Redis.from_url(url).connection_pool.connection_class
        assert issubclass(renewal.renewed(made), made) and issubclass(renewal.renewed(made), renewal.Renewed)
        assert connect(Settings.read({"REDIS_URL": url}), "x").connection_pool.connection_class is renewal.renewed(made)


def test_tls_to_a_port_without_it_is_told_as_that(server: Server) -> None:
    url = server.url.replace("redis:", "rediss:")
    settings = Settings.read({"REDIS_URL": url, "REDIS_CONNECT_TIMEOUT": "0.2"})
    with pytest.raises(redis.RedisError) as caught:
        connect(settings, "test").ping()
    assert "does it speak TLS" in str(explain(caught.value, settings))
