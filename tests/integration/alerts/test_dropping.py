"""Messages for a channel that is no longer set are dropped, and none that anybody may still send."""

from __future__ import annotations

import logging
import threading

import pytest
import redis as redis_py

from rqclock.alerts.channels import channels_of
from rqclock.alerts.delivery import DROP_AFTER, GIVE_UP_AFTER
from rqclock.alerts.register import AT_ONCE, Message, Register
from rqclock.alerts.watcher import Watcher
from rqclock.settings import Settings
from rqclock.store.server_now import server_now
from tests.support.server import Server
from tests.support.waiting import until

NOW = 1_800_000_000.0
OUTBOX = "rq:alerts:outbox"


@pytest.fixture
def register(redis: redis_py.Redis) -> Register:
    return Register(redis, "rq")


def put(redis: redis_py.Redis, channel: str, first: float, count: int = 1) -> None:
    """Messages as a process that had this channel left them."""
    for n in range(count):
        message = Message(f"{channel}:{n}:{first}", channel, {"id": f"{n}"}, first)
        redis.hset(OUTBOX, message.id, message.packed())
        redis.zadd(f"rq:alerts:due:{channel}", {message.id: first * 1000})


def test_those_for_other_channels_that_nobody_has_sent_for_long_are_dropped_with_their_dates(
    register: Register, redis: redis_py.Redis
) -> None:
    put(redis, "email", NOW - DROP_AFTER - 1, 2)
    put(redis, "ping", NOW - DROP_AFTER - 1)
    put(redis, "webhook", NOW - DROP_AFTER - 1)
    assert register.drop(["webhook"], NOW - DROP_AFTER) == {"email": 2, "ping": 1}
    assert redis.hlen(OUTBOX) == redis.zcard("rq:alerts:due:webhook") == 1
    assert not redis.exists("rq:alerts:due:email", "rq:alerts:due:ping")
    assert register.drop(["webhook"], NOW - DROP_AFTER) == {}


def test_in_a_deploy_what_a_newer_release_with_the_channel_will_send_is_left(
    register: Register, redis: redis_py.Redis
) -> None:
    assert DROP_AFTER > 10 * GIVE_UP_AFTER
    put(redis, "email", NOW - DROP_AFTER + 60)
    put(redis, "email", NOW - GIVE_UP_AFTER)
    put(redis, "email", NOW + 3600)  # written before the server's clock was set back
    assert register.drop(["webhook"], NOW - DROP_AFTER) == {}
    assert redis.hlen(OUTBOX) == redis.zcard("rq:alerts:due:email") == 3


def test_what_another_release_wrote_in_another_form_is_left_alone(register: Register, redis: redis_py.Redis) -> None:
    redis.hset(OUTBOX, "a", '{"channel": "pigeon", "first": 1, "ring": 7}')
    redis.hset(OUTBOX, "b", '{"id": "b", "channel": "email", "notice": {}, "first": "long ago"}')
    redis.hset(OUTBOX, "c", "{")
    assert register.drop([], NOW) == {}
    assert redis.hlen(OUTBOX) == 3


def test_of_those_who_drop_the_same_at_once_each_counts_what_it_dropped_itself(
    redis: redis_py.Redis, redis_server: Server
) -> None:
    put(redis, "email", 1.0, 4 * AT_ONCE)
    start, counts = threading.Barrier(4), []

    def drop() -> None:
        register = Register(redis_server.client(), "rq")
        start.wait()
        counts.append(register.drop([], NOW).get("email", 0))

    threads = [threading.Thread(target=drop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == 4 and sum(counts) == 4 * AT_ONCE
    assert not redis.exists(OUTBOX)


def test_a_watcher_drops_them_with_one_line_for_each_channel(
    redis: redis_py.Redis, redis_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "rqclock.alerts")
    old, new = server_now(redis) - DROP_AFTER - 60, server_now(redis)
    put(redis, "email", old, 3)
    put(redis, "ping", old)
    put(redis, "email", new)
    settings = Settings(redis_url=redis_server.url, alert_webhook="http://127.0.0.1:9/", silent_after=5.0)
    watcher = Watcher(settings, channels_of(settings))
    watcher.start()
    until(lambda: redis.hlen(OUTBOX) == 1, 60, what="the dropping")
    watcher.stop()
    until(lambda: len(caplog.records) >= 2, 60, what="the lines")
    assert sorted(record.getMessage() for record in caplog.records) == [
        "1 notice was dropped: by ping, which is not set any more, nobody could send for a day",
        "3 notices were dropped: by email, which is not set any more, nobody could send for a day",
    ]
