"""Alerts in Redis: raised once, sent once, whoever watches and whoever dies."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import redis as redis_py

from rqclock.acts.activity import Entry, read
from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import CLOCK_SILENT, NOT_FINISHED
from rqclock.alerts.notice import Alert, Sender
from rqclock.alerts.register import CLAIM, Message, Register
from rqclock.store.keys import Keys

NOW = 1_800_000_000.0
LATE = Finding(NOT_FINISHED, True, "default", "report", "report", NOW - 60, NOW - 1, "report has not finished")
ENTRY = Entry("alert", "rqclock", "report")


@pytest.fixture
def register(redis: redis_py.Redis) -> Register:
    return Register(redis, "rq")


def raise_(register: Register, finding: Finding = LATE, now: float = NOW, *channels: str) -> bool:
    notice = Sender().alert(Alert.of(finding, now))
    return register.raise_(finding, notice, channels=channels or ("webhook",), now=now, entry=ENTRY)


def end(register: Register, now: float, finding: Finding = LATE) -> bool:
    seen = register.open()[finding.id]
    notice = Sender().end(seen[0], "report has finished", now)
    return register.end(seen, notice, channels=["webhook"], now=now, entry=Entry("alert over", "rqclock", "report"))


def taken(register: Register, now: float, channel: str = "webhook") -> Message:
    message = register.take(channel, now)
    assert message is not None
    return message


def test_of_watchers_that_race_one_raises_the_alert_and_one_sends_it(redis_server: Any, redis: redis_py.Redis) -> None:
    start, raised, sent = threading.Barrier(8), [], []

    def watch() -> None:
        register = Register(redis_server.client(), "rq")
        start.wait()
        for n in range(20):
            finding = Finding(NOT_FINISHED, True, "default", f"report-{n}", "report", NOW, NOW, "late")
            raised.append(raise_(register, finding))
        start.wait()
        while (message := register.take("webhook", NOW)) is not None:
            sent.append(message.id)
            register.done(message)

    threads = [threading.Thread(target=watch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised.count(True) == 20
    assert len(sent) == len(set(sent)) == 20
    assert len(list(read(redis, Keys("rq", "default")))) == 20


def test_a_watcher_that_died_between_taking_and_sending_has_lost_nothing(register: Register) -> None:
    raise_(register)
    first = taken(register, NOW)
    assert register.take("webhook", NOW + CLAIM - 1) is None
    assert taken(register, NOW + CLAIM + 1) == first
    register.done(first)
    assert register.take("webhook", NOW + 10 * CLAIM) is None


def test_a_message_taken_before_the_servers_clock_was_set_back_is_not_lost(register: Register) -> None:
    raise_(register)
    taken(register, NOW)
    assert taken(register, NOW - 7200).notice["kind"] == "not-finished"


def test_each_channel_has_its_own_message(register: Register) -> None:
    raise_(register, LATE, NOW, "webhook", "email")
    register.done(taken(register, NOW))
    assert register.take("webhook", NOW) is None
    assert taken(register, NOW, "email").notice["schedule"] == "report"


def test_what_could_not_be_sent_comes_again_at_its_time_with_its_count(register: Register) -> None:
    raise_(register)
    message = taken(register, NOW)
    register.again(Message(**vars(message) | {"tries": 1}), NOW + 2)
    assert register.take("webhook", NOW + 1) is None
    assert taken(register, NOW + 2).tries == 1


def test_a_late_answer_of_a_slow_sender_brings_nothing_back_that_another_has_sent(register: Register) -> None:
    raise_(register)
    slow = taken(register, NOW)
    register.done(taken(register, NOW + CLAIM + 1))
    register.again(slow, NOW + CLAIM + 2)
    assert register.take("webhook", NOW + 10 * CLAIM) is None


def test_an_open_alert_is_not_raised_again_and_ends_once(register: Register) -> None:
    assert raise_(register) and not raise_(register, now=NOW + 5)
    seen = register.open()[LATE.id]
    notice = Sender().end(seen[0], "well", NOW + 9)
    ended = [register.end(seen, notice, channels=["webhook"], now=NOW + 9, entry=ENTRY) for _ in range(2)]
    assert ended == [True, False]
    assert register.open() == {}


def test_the_end_of_an_alert_waits_until_the_alert_itself_has_gone(register: Register) -> None:
    raise_(register)
    end(register, NOW + 5)
    alert = taken(register, NOW + 6)
    back = taken(register, NOW + 6)
    assert (alert.notice["event"], back.notice["event"], back.after) == ("alert", "back", alert.id)
    assert register.waits(back.after)
    register.done(alert)
    assert not register.waits(back.after)


def test_what_comes_and_goes_is_told_once_in_ten_minutes_but_for_a_silent_clock(register: Register) -> None:
    raise_(register)
    end(register, NOW + 5)
    assert not raise_(register, now=NOW + 60)
    assert raise_(register, now=NOW + 601)
    silent = Finding(CLOCK_SILENT, True, "default", text="no clock leads")
    raise_(register, silent)
    end(register, NOW + 5, silent)
    assert raise_(register, silent, NOW + 40)


def test_alert_and_end_are_in_the_activity(register: Register, redis: redis_py.Redis) -> None:
    raise_(register)
    end(register, NOW + 5)
    assert [entry.what for entry in read(redis, Keys("rq", "default"))] == ["alert over", "alert"]


def test_a_redis_that_is_full_keeps_no_alert_back(register: Register, redis: redis_py.Redis) -> None:
    redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(redis_py.OutOfMemoryError):
            redis.set("anything", "x" * 1000)
        assert register.my_turn(NOW, 5.0)
        assert raise_(register)
        message = taken(register, NOW)
        register.again(message, NOW + 2)
        register.done(taken(register, NOW + 2))
        assert end(register, NOW + 5)
        assert register.ping("default", [Message("ping:a", "ping", {}, NOW)], NOW) == 1
    finally:
        redis.config_set("maxmemory", "0")


def test_one_watcher_has_the_turn_also_after_the_servers_clock_was_set_back(register: Register) -> None:
    assert register.my_turn(NOW, 5.0)
    assert not register.my_turn(NOW + 4.9, 5.0)
    assert register.my_turn(NOW + 5.0, 5.0)
    assert register.my_turn(NOW - 3600, 5.0)


def test_an_event_of_a_run_is_told_to_the_monitor_once_and_in_its_order(register: Register) -> None:
    events = [Message(f"ping:default:a:{event}", "ping", {"event": event}, NOW) for event in ("start", "success")]
    assert register.ping("default", events[:1], NOW) == 1
    assert register.ping("default", events, NOW + 5) == 1
    assert [taken(register, NOW + 6, "ping").notice["event"] for _ in events] == ["start", "success"]


def test_what_another_version_wrote_is_left_alone(register: Register, redis: redis_py.Redis) -> None:
    redis.hset("rq:alerts:open", "strange", '{"shape": "new"}')
    redis.hset("rq:alerts:open", "broken", "{")
    assert register.open() == {}


def test_what_nobody_looked_after_for_a_while_is_told_anew_at_once(register: Register) -> None:
    raise_(register)
    gone = Sender().end(register.open()[LATE.id][0], None, NOW + 9)
    assert register.end(register.open()[LATE.id], gone, channels=["webhook"], now=NOW + 9, entry=ENTRY)
    assert raise_(register, now=NOW + 10)
    well = Sender().end(register.open()[LATE.id][0], "well", NOW + 11)
    assert register.end(register.open()[LATE.id], well, channels=["webhook"], now=NOW + 11, entry=ENTRY)
    assert not raise_(register, now=NOW + 12)  # what comes and goes is told once in a while


def test_an_alert_that_cannot_be_told_is_not_open_and_is_told_once_the_key_is_repaired(
    register: Register, redis: redis_py.Redis
) -> None:
    redis.set("rq:alerts:outbox", "mine")
    with pytest.raises(redis_py.ResponseError, match="WRONGTYPE"):
        raise_(register)
    assert not register.open()
    redis.delete("rq:alerts:outbox")
    assert raise_(register) and taken(register, NOW)
