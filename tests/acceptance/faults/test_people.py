"""People pause, resume and press buttons twice while clocks work."""

from __future__ import annotations

import re

import pytest

from tests.support.lab import Lab
from tests.support.waiting import until


@pytest.mark.fault("30", "a pause over due ticks while the leader is killed, then resume")
def test_what_is_due_in_a_pause_is_skipped_by_name_and_never_made_up_for(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    file = lab.file()
    lab.clock(server.url)
    lab.clock(server.url).wait_for("joined")
    lab.ticks(redis, 1)
    pause = lab.run("pause", "tick", "--reason", "the register is down", redis_url=server.url, file=file)
    assert pause.wait() == 0, pause.output
    paused_at = lab.ticks(redis, 1)
    lab.leader().kill()
    lab.ticks(redis, 2)
    resuming_at = redis.time()[0]
    resume = lab.run("resume", "tick", redis_url=server.url, file=file)
    assert resume.wait() == 0, resume.output
    resumed_at = redis.time()[0]
    lab.reaches(redis, resumed_at + 2)
    lab.stop()
    accounts = lab.accounts(redis)
    skipped = accounts.ticks("tick", "skipped")
    assert paused_at < resuming_at
    assert set(range(paused_at, resuming_at)) <= set(skipped) and skipped[-1] <= resumed_at
    assert accounts.reasons() == {accounts.rows["tick"][paused_at]["why"]}
    assert re.fullmatch(r"paused by \S+: the register is down", accounts.reasons().pop())
    assert accounts.ticks() == sorted(skipped + accounts.ticks("tick", "enqueued"))


@pytest.mark.fault("31", "run now twice with one token, and once with its reply lost")
def test_one_press_is_one_run_even_when_its_answer_was_lost(lab: Lab) -> None:
    server = lab.server()
    redis = lab.client(server)
    proxy = lab.proxy(server.port)
    file = lab.file()
    clock = lab.clock(server.url)
    lab.ticks(redis, 1)
    proxy.cut_reply(matching=b"press-1")
    press = ("run", "tick", "--token", "press-1")
    lost = lab.run(*press, redis_url=proxy.url, file=file)
    assert lost.wait() != 0 and "cannot be reached" in lost.output
    twice = [lab.run(*press, redis_url=server.url, file=file) for _ in range(2)]
    for command in twice:
        assert command.wait() == 0, command.output
    other = lab.run("run", "tick", "--token", "press-2", redis_url=server.url, file=file)
    assert other.wait() == 0, other.output
    jobs = [job.decode() for job in redis.lrange("rq:queue:default", 0, -1) if b"press" in job]
    assert [job.rpartition("_r")[2] for job in jobs] == ["press-1", "press-2"]
    assert all(jobs[0] in command.output for command in twice)
    until(lambda: clock.running and lab.ticks(redis, 1))
    lab.stop()
    lab.accounts(redis)
