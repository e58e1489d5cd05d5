"""The connection of `rqclock.Worker` is like that of clock and web, whoever made the client that it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py
from redis.sentinel import Sentinel

from rqclock import Worker
from tests.support.server import Server

Make = Callable[[Server], redis_py.Redis]
CLIENTS: dict[str, Make] = {
    "an address": lambda server: redis_py.Redis.from_url(server.url),
    "host and port": lambda server: redis_py.Redis("127.0.0.1", server.port),
    "the newer protocol": lambda server: redis_py.Redis.from_url(f"{server.url}?protocol=3&client_name=mine"),
    "Sentinel": lambda server: Sentinel([("127.0.0.1", 1)]).master_for("main"),
}


@pytest.mark.parametrize("made", list(CLIENTS))
def test_protocol_name_and_patience_are_those_of_every_process(
    redis_server: Server, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    monkeypatch.setenv("REDIS_CONNECT_TIMEOUT", "7")
    worker = Worker(["default"], connection=CLIENTS[made](redis_server), prepare_for_work=False)
    connection: Any = worker.connection.connection_pool.make_connection()
    found = (connection.protocol, connection.client_name, connection.socket_connect_timeout, connection.socket_timeout)
    assert found == (2, "rqclock-worker", 7, 2)
    assert made == "Sentinel" or worker.connection.ping()
