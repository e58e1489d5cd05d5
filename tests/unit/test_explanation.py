"""What is told of a Redis that cannot be used: one line, which fits what REDIS_URL says."""

from __future__ import annotations

import pytest
import redis

from rqclock.connection import explain, lasts
from rqclock.connection.sentinels import NoMaster
from rqclock.settings import Settings

ASKED = redis.AuthenticationError("Authentication required.")
SILENT = redis.TimeoutError("Timeout connecting to server")


def line(error: redis.RedisError, url: str = "redis://h:6380/2") -> str:
    return str(explain(error, Settings.read({"REDIS_URL": url})))


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (redis.ConnectionError("refused"), True),
        (redis.BusyLoadingError("loading"), True),
        (redis.ResponseError("OOM command not allowed when used memory > 'maxmemory'."), True),
        (NoMaster("main", [redis.ConnectionError("refused")]), True),
        (NoMaster("main", [ASKED]), False),
        (ASKED, False),
        (redis.ConnectionError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), False),
        (redis.ResponseError("DB index is out of range"), False),
        (redis.exceptions.NoPermissionError("this user has no permissions to run the 'time' command"), False),
        (redis.ResponseError("unknown command 'EVALSHA'"), False),
        (redis.ResponseError("upstream failure"), True),  # the words of a proxy
        (redis.ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"), True),
    ],
)
def test_a_clock_that_starts_ends_for_what_lasts_alone(error: redis.RedisError, waits: bool) -> None:
    assert lasts(error) is not waits


@pytest.mark.parametrize("said", ["DB index is out of range", "SELECT is not allowed in cluster mode"])
def test_a_database_that_the_server_does_not_have_is_told_with_its_remedy(said: str) -> None:
    known = line(redis.ResponseError(said))
    assert known == f"Redis at h:6380/2 has no database of this number ({said}): end REDIS_URL with /0"


@pytest.mark.parametrize("url", ["redis://h:6380/2", "unix:///run/redis.sock", "redis+sentinel://h/main/0"])
def test_a_url_without_a_password_is_not_said_to_have_a_wrong_one(url: str) -> None:
    assert "wants a password, and REDIS_URL has none (Authentication required)" in line(ASKED, url)


@pytest.mark.parametrize("url", ["redis://:s3cret@h:6380/2", "redis://h:6380/2?password=s3cret"])
def test_a_url_with_a_password_is_not_said_to_have_none(url: str) -> None:
    known = line(ASKED, url)
    assert "refused the user name or password in REDIS_URL" in known and "s3cret" not in known


def test_a_redis_that_nobody_has_named_is_told_as_the_default() -> None:
    refused = redis.ConnectionError("refused")
    assert "REDIS_URL is not set" in str(explain(refused, Settings.read({})))
    assert line(refused).endswith("is it running, is REDIS_URL right?")


@pytest.mark.parametrize(
    "error",
    [
        SILENT,
        redis.ConnectionError("Error 1 connecting to h:6380. [SSL: WRONG_VERSION_NUMBER] wrong version number."),
        redis.ConnectionError("Error 8 connecting to h:6380. EOF occurred in violation of protocol (_ssl.c:1000)."),
        NoMaster("main", [SILENT]),
    ],
)
def test_a_handshake_that_comes_to_nothing_hints_at_a_port_without_tls(error: redis.RedisError) -> None:
    assert "does it speak TLS" in line(error, "rediss://h:6380/2")


def test_neither_a_plain_url_nor_a_server_that_is_slow_to_answer_hints_at_tls() -> None:
    assert "TLS" not in line(SILENT)
    assert "TLS" not in line(redis.TimeoutError("Timeout reading from h:6380"), "rediss://h:6380/2")
