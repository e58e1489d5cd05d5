"""The figures that the collector reads from a real Redis, after real decisions and real jobs."""

from __future__ import annotations

import json
import logging
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from prometheus_client import CollectorRegistry, generate_latest
from rq import Queue, SimpleWorker

from rqclock import Clock, Job
from rqclock.acts.activity import By
from rqclock.acts.forget import forget
from rqclock.acts.pauses import Pauses
from rqclock.aftercare.janitor import Janitor
from rqclock.aftercare.outcomes import Outcomes
from rqclock.aftercare.reaper import Reaper
from rqclock.aftercare.retention import Retention
from rqclock.metrics import Collector, collector
from rqclock.running.entries import Outage
from rqclock.settings import Settings
from rqclock.store.ledger import Entry, rq_stamp
from rqclock.store.replies import text
from tests.support import jobs
from tests.support.leader import Leader, Time, seconds
from tests.support.proxy import Proxy
from tests.support.scraping import Scrape
from tests.support.server import Server
from tests.support.waiting import clear_of, until

RUNS, OF_SCHEDULE = "rqclock_runs_total", "rqclock_schedule_runs_total"
ENDED = "rqclock_jobs_ended_total"


@pytest.fixture(autouse=True)
def always_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "KEPT", 0)
    monkeypatch.setattr(collector, "KEPT_WHEN_DOWN", 0)


@pytest.fixture
def settings(redis_server: Server) -> Settings:
    return Settings(redis_url=redis_server.url)


@pytest.fixture
def scrape(redis: redis_py.Redis, settings: Settings) -> Any:
    """Calls bring one scrape each, of one collector."""
    made = Collector(settings)
    return lambda: Scrape.of(made)


def led(redis: redis_py.Redis, clock: Clock | None = None) -> Leader:
    """A leader whose time is the server's, a few seconds after a full second's start."""
    return Leader(redis, clock or seconds(), Time(float(int(time.time())), 5000.0)).lead()


# --- decisions


def test_each_decision_is_counted_for_its_clock_and_for_its_schedule(redis: redis_py.Redis, scrape: Any) -> None:
    leader = led(redis, seconds("one", "two"))
    leader.step(1)
    Pauses(redis, leader.keys, lambda: leader.time.now).pause(leader.schedule("two"), By("Ann"))
    leader.step(1)
    found = scrape()
    assert found.by(RUNS, "decision") == {"enqueued": 3, "skipped": 1}
    assert found.by(OF_SCHEDULE, "decision", schedule="two") == {"enqueued": 1, "skipped": 1}
    assert found.value(OF_SCHEDULE, clock="default", schedule="one", decision="missed") == 0


def test_a_span_of_missed_runs_counts_each_of_them(redis: redis_py.Redis, scrape: Any) -> None:
    leader = led(redis, seconds(catch_up="none"))
    leader.step(1)
    leader.time.pass_by(61)
    leader.look_anew(Outage(leader.time.now - 61))
    leader.step()
    decided = scrape().by(RUNS, "decision")
    assert decided["missed"] + decided["enqueued"] == 62 and decided["missed"] > 40


def test_a_batch_that_is_sent_again_is_counted_once(redis: redis_py.Redis, scrape: Any) -> None:
    leader = led(redis)
    began = leader.cursor()
    batch = [Entry(leader.schedule(), began + 1, began)]
    leader.fire(*batch)
    leader.fire(*batch)
    found = scrape()
    assert found.by(RUNS, "decision") == {"enqueued": 1}
    assert found.value("rqclock_run_lateness_seconds_count") == 1


def test_lateness_lies_in_the_bucket_that_it_belongs_to(redis: redis_py.Redis, scrape: Any) -> None:
    leader = led(redis)
    leader.step(1.3)
    found = scrape()
    buckets = found.by("rqclock_run_lateness_seconds_bucket", "le")
    assert set(buckets) == {"0.5", "1.0", "2.5", "5.0", "10.0", "60.0", "600.0", "+Inf"}
    assert found.value("rqclock_run_lateness_seconds_sum") == pytest.approx(0.3, abs=0.002)


def test_a_broken_key_of_figures_costs_the_figures_and_no_run(
    redis: redis_py.Redis, scrape: Any, caplog: pytest.LogCaptureFixture
) -> None:
    leader = led(redis)
    redis.set(leader.keys.named("totals"), "not ours")
    leader.step(1)
    leader.work()
    assert list(leader.rows().values())[-1]["is"] == "enqueued"
    assert redis.hlen(leader.keys.of("outcomes", "tick")) == 1
    found, again = scrape(), scrape()
    assert (found.value("rqclock_up"), found.value("rqclock_scrape_ok", part="runs")) == (1, 0)
    assert RUNS not in found.names and RUNS not in again.names
    assert found.value("rqclock_leaders") == 1 and found.value("rqclock_queue_jobs", queue="default") == 0
    assert sum("runs of default cannot be read" in line for line in caplog.messages) == 1


# --- jobs


def test_ends_durations_and_retries_are_counted(redis: redis_py.Redis, scrape: Any) -> None:
    clock = Clock()
    functions: dict[str, Any] = {"good": jobs.plain, "bad": jobs.fail, "again": jobs.thrice}
    for name, function in functions.items():
        clock.every("second", name=name).enqueue(function)
    leader = led(redis, clock)
    leader.step(1)
    leader.work()
    found = scrape()
    assert found.by(ENDED, "outcome") == {"finished": 2, "failed": 1}
    assert found.by("rqclock_schedule_jobs_ended_total", "outcome", schedule="bad") == {"failed": 1}
    assert found.value("rqclock_schedule_jobs_ended_total", schedule="good", outcome="failed") == 0
    assert found.value("rqclock_job_duration_seconds_count") == 3
    ended = found.value("rqclock_schedule_last_ended_timestamp_seconds", schedule="bad", outcome="failed")
    assert ended is not None and abs(time.time() - ended) < 60
    assert found.value("rqclock_jobs_open") == 0


def test_retries_are_counted_when_the_job_has_ended(redis: redis_py.Redis, scrape: Any) -> None:
    clock = Clock()
    clock.every("second", name="tick").enqueue(jobs.fails_then_waits)
    leader = led(redis, clock)
    leader.step(1)
    leader.work()
    assert scrape().by(ENDED, "outcome") == {}
    redis.zadd("rq:scheduled:default", {leader.keys.job_id("tick", leader.cursor()): 1})  # its pause is over
    Janitor(redis, leader.keys).step(time.time())
    leader.work()
    found = scrape()
    assert (found.value("rqclock_job_retries_total"), found.by(ENDED, "outcome")) == (1, {"failed": 1})


def test_an_end_that_two_clocks_see_is_counted_once(redis: redis_py.Redis, scrape: Any) -> None:
    leader = led(redis)
    leader.step(1)
    leader.work()
    job_id = leader.keys.job_id("tick", leader.cursor())
    one, other = Outcomes(redis, leader.keys), Outcomes(redis, leader.keys)
    for outcomes in (one, other):
        outcomes._look_at([job_id], set(), {})
    assert scrape().by(ENDED, "outcome") == {"finished": 1}


def test_a_job_whose_worker_died_is_counted_when_it_is_queued_again(redis: redis_py.Redis, scrape: Any) -> None:
    leader = led(redis)
    leader.step(1)
    redis.lpop("rq:queue:default")  # as by a worker that was killed just then
    now = [0.0]
    reaper = Reaper(redis, leader.keys, apart=1.0, monotonic=lambda: now[0])
    for now[0] in (10.0, 20.0):
        reaper.step(time.time())
    found = scrape()
    assert (found.value("rqclock_jobs_brought_back_total"), found.value("rqclock_queue_jobs", queue="default")) == (
        1,
        1,
    )


def test_what_was_counted_for_a_schedule_that_left_is_forgotten_after_a_month(redis: redis_py.Redis) -> None:
    leader = led(redis, seconds("one", "two"))
    leader.step(1)
    leader.work()
    redis.hset(leader.keys.named("retired"), "two", int(time.time()) - 31 * 86_400)
    Retention(redis, leader.keys).step(time.time())
    fields = [text(name) for name in redis.hkeys(leader.keys.named("totals"))]
    assert not [name for name in fields if name.endswith(":two")] and "runs:enqueued:one" in fields
    assert redis.hget(leader.keys.named("totals"), "runs:enqueued") == b"2"


# --- clocks and schedules


def test_the_leader_its_standby_and_each_takeover_are_seen(redis: redis_py.Redis, scrape: Any) -> None:
    leader = led(redis)
    Leader(redis, seconds(), leader.time).join().beat()
    found = scrape()
    assert (found.value("rqclock_leaders"), found.value("rqclock_standbys")) == (1, 1)
    assert found.value("rqclock_takeovers_total", clock="default") == 1
    assert found.value("rqclock_clock_silent_seconds") < 60
    leader.lease.leave()
    assert scrape().value("rqclock_leaders") == 0


def test_a_clock_that_fell_silent_is_seen_to_be_since_when(redis: redis_py.Redis, scrape: Any) -> None:
    leader = led(redis)
    redis.hset(leader.keys.named("lease"), "at", int((time.time() - 3600) * 1000))
    found = scrape()
    assert found.value("rqclock_leaders") == 0
    assert found.value("rqclock_clock_silent_seconds") == pytest.approx(3600, abs=60)
    redis.delete(leader.keys.named("lease"))  # it is kept for a day
    redis.hset(leader.keys.named("cursors"), "tick", int(time.time()) - 2 * 86_400)
    redis.hset(leader.keys.named("timetable"), "at", int(time.time()) - 9 * 86_400)
    assert scrape().value("rqclock_clock_silent_seconds") == pytest.approx(2 * 86_400, abs=60)


def test_that_no_clock_has_ever_led_is_a_figure_until_the_last_one_is_given_up(
    redis: redis_py.Redis, scrape: Any
) -> None:
    assert scrape().value("rqclock_clocks") == 0
    leader = led(redis)
    assert scrape().value("rqclock_clocks") == 1
    leader.lease.leave()
    forget(redis, leader.keys, "default", By("Ann"))
    assert scrape().value("rqclock_clocks") is None


def test_a_clock_that_was_given_up_a_month_ago_is_left_out(redis: redis_py.Redis, scrape: Any) -> None:
    leader = led(redis)
    redis.hset(leader.keys.named("lease"), "at", int((time.time() - 31 * 86_400) * 1000))
    found = scrape()
    assert "rqclock_clock_silent_seconds" not in found.names and found.value("rqclock_scrape_ok", part="presence") == 1


def test_clocks_that_share_a_redis_have_figures_of_their_own(redis: redis_py.Redis, scrape: Any) -> None:
    first = led(redis)
    clock = Clock(name="Team B")
    clock.every("second", name="other").enqueue(jobs.plain)
    second = Leader(redis, clock, first.time).lead()
    first.step(1)
    second.step(1)
    found = scrape()
    assert found.by("rqclock_leaders", "clock") == {"default": 1, "team-b": 1}
    assert found.value(OF_SCHEDULE, clock="team-b", schedule="other", decision="enqueued") == 2


def test_a_clock_with_a_broken_key_hides_nothing_of_another(redis: redis_py.Redis, scrape: Any) -> None:
    first = led(redis)
    clock = Clock(name="Team B")
    clock.every("hour", name="other").enqueue(jobs.plain)
    Leader(redis, clock, first.time).lead()
    for name, value in (("lease", "?"), ("definitions", "?"), ("cursors", "?"), ("paused", "?")):
        redis.delete(first.keys.named(name))
        redis.set(first.keys.named(name), value)
    found = scrape()
    assert found.value("rqclock_leaders", clock="team-b") == 1
    assert found.by("rqclock_schedules", "clock", state="active") == {"team-b": 1}
    assert (found.value("rqclock_scrape_ok", part="presence"), found.value("rqclock_up")) == (0, 1)


def test_a_schedule_shows_when_it_is_due_next_and_in_the_past_when_it_is_overdue(
    redis: redis_py.Redis, scrape: Any
) -> None:
    clear_of(3600)
    leader = led(redis, seconds(period="hour"))
    next_hour = (leader.cursor() // 3600 + 1) * 3600
    found = scrape()
    assert found.value("rqclock_schedule_next_run_timestamp_seconds", schedule="tick") == next_hour
    assert found.value("rqclock_overdue_seconds") == 0
    redis.hset(leader.keys.named("cursors"), "tick", next_hour - 3 * 3600)
    found = scrape()
    assert found.value("rqclock_schedule_next_run_timestamp_seconds", schedule="tick") == next_hour - 2 * 3600
    assert found.value("rqclock_overdue_seconds") == pytest.approx(time.time() - next_hour + 2 * 3600, abs=60)


def test_paused_schedules_and_those_that_are_off_are_told_apart(redis: redis_py.Redis, scrape: Any) -> None:
    clock = Clock()
    for name in ("one", "two"):
        clock.every("hour", name=name).enqueue(jobs.plain)
    clock.every("hour", name="off", enabled=False).enqueue(jobs.plain)
    clock.on_demand("by hand").enqueue(jobs.plain)
    leader = led(redis, clock)
    pauses = Pauses(redis, leader.keys)
    pauses.pause(leader.schedule("two"), By("Ann"))
    found = scrape()
    assert found.by("rqclock_schedules", "state") == {"active": 1, "paused": 1, "off": 2}
    assert found.by("rqclock_schedule_paused", "schedule") == {"two": 1}
    pauses.pause(None, By("Ann"))
    assert scrape().by("rqclock_schedules", "state") == {"paused": 2, "off": 2}


def test_a_new_timetable_is_seen_at_the_next_scrape(redis: redis_py.Redis, scrape: Any) -> None:
    before = led(redis)
    assert scrape().by("rqclock_schedule_next_run_timestamp_seconds", "schedule").keys() == {"tick"}
    before.lease.give_up()
    led(redis, seconds("another"))
    assert scrape().by("rqclock_schedule_next_run_timestamp_seconds", "schedule").keys() == {"another"}


def test_schedules_beyond_the_limit_are_counted_and_have_no_series(redis: redis_py.Redis, settings: Settings) -> None:
    leader = led(redis, seconds("one", "two", "three"))
    leader.step(1)
    found = Scrape.of(Collector(settings, most=2))
    assert found.value("rqclock_schedules_left_out") == 1 and found.by(RUNS, "decision") == {"enqueued": 3}
    assert found.series([OF_SCHEDULE]) == 2 * 4


# --- queues and workers


def test_a_queue_shows_its_depth_and_the_age_of_its_oldest_job(redis: redis_py.Redis, scrape: Any) -> None:
    queue = Queue("mail", connection=redis, job_class=Job)
    ids = [queue.enqueue(jobs.plain).id for _ in range(3)]
    redis.hset(f"rq:job:{ids[1]}", "enqueued_at", rq_stamp(time.time() - 300))
    found = scrape()
    assert found.value("rqclock_queue_jobs", queue="mail") == 3
    assert found.value("rqclock_queue_oldest_job_age_seconds", queue="mail") == pytest.approx(300, abs=60)
    assert found.value("rqclock_queue_workers", queue="mail") == 0


def test_workers_are_counted_by_state_and_for_each_of_their_queues(redis: redis_py.Redis, scrape: Any) -> None:
    led(redis)
    worker = SimpleWorker([Queue(name, connection=redis) for name in ("default", "mail")], connection=redis)
    worker.register_birth()
    worker.set_state("busy")
    redis.sadd("rq:queues", "rq:queue:mail")
    redis.sadd("rq:workers", "rq:worker:gone")
    found = scrape()
    worker.register_death()
    assert found.by("rqclock_workers", "state") == {"busy": 1}
    assert found.by("rqclock_queue_workers", "queue") == {"default": 1, "mail": 1}
    assert scrape().by("rqclock_workers", "state") == {}


def test_a_queue_that_only_the_timetable_names_is_there_without_a_worker(redis: redis_py.Redis, scrape: Any) -> None:
    clock = Clock()
    clock.every("hour", name="slow").enqueue(jobs.retried)  # on queue "mail"
    led(redis, clock)
    assert scrape().value("rqclock_queue_workers", queue="mail") == 0


def test_planned_jobs_that_nobody_moves_show_how_long_they_wait(redis: redis_py.Redis, scrape: Any) -> None:
    redis.sadd("rq:queues", "rq:queue:default")
    redis.zadd("rq:scheduled:default", {"late": time.time() - 120, "later": time.time() + 3600})
    found = scrape()
    assert found.value("rqclock_queue_planned_jobs", queue="default") == 2
    assert found.value("rqclock_queue_planned_lag_seconds", queue="default") == pytest.approx(120, abs=60)


def test_failed_and_quarantined_jobs_are_counted_also_beside_a_broken_queue(redis: redis_py.Redis, scrape: Any) -> None:
    redis.sadd("rq:queues", "rq:queue:default", "rq:queue:broken")
    redis.zadd("rq:failed:default", {"a": 1, "b": 2})
    redis.hset("rq:quarantine", "x", json.dumps({"queue": "default"}))
    redis.set("rq:queue:broken", "no list")
    found = scrape()
    assert found.value("rqclock_queue_failed_jobs", queue="default") == 2
    assert found.value("rqclock_quarantined_jobs") == 1
    assert found.by("rqclock_scrape_ok", "part").keys() >= {"queues", "workers"}
    assert found.value("rqclock_queue_jobs", queue="broken") is None


def test_names_that_nobody_would_choose_do_not_break_the_scrape(redis: redis_py.Redis, scrape: Any) -> None:
    strange = b'rq:queue:a"b\\c\nd\xff'
    redis.sadd("rq:queues", strange)
    redis.rpush(strange, "x")
    redis.sadd("rq:workers", b"rq:worker:\xff")
    redis.hset(b"rq:worker:\xff", mapping={"state": b"\xff", "queues": b"\xff,default"})
    found = scrape()
    assert found.by("rqclock_workers", "state") == {"other": 1}
    assert found.by("rqclock_scrape_ok", "part").keys() >= {"queues", "workers"}


# --- Redis


def test_memory_its_limit_and_evictions_are_those_of_the_server(redis: redis_py.Redis, scrape: Any) -> None:
    redis.config_set("maxmemory", "300mb")
    try:
        found = scrape()
    finally:
        redis.config_set("maxmemory", "0")
    assert found.value("rqclock_redis_memory_max_bytes") == 300 * 2**20
    assert found.value("rqclock_redis_memory_used_bytes") > 100_000
    assert found.value("rqclock_redis_evicted_keys_total") == 0


def test_a_server_that_denies_info_shows_all_but_its_memory(
    redis: redis_py.Redis, redis_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    led(redis)
    redis.execute_command("ACL", "SETUSER", "scraper", "on", ">secret", "~*", "&*", "+@all", "-info")
    url = f"redis://scraper:secret@127.0.0.1:{redis_server.port}/0"
    try:
        made = Collector(Settings(redis_url=url))
        found, _ = Scrape.of(made), Scrape.of(made)
    finally:
        redis.execute_command("ACL", "DELUSER", "scraper")
    assert (found.value("rqclock_up"), found.value("rqclock_scrape_ok", part="server")) == (1, 0)
    assert "rqclock_redis_memory_used_bytes" not in found.names and found.value("rqclock_leaders") == 1
    told = [line for line in caplog.messages if "cannot be read for the metrics" in line]
    assert len(told) == 1 and "secret" not in told[0]


def test_a_redis_that_goes_away_is_one_line_and_its_return_is_seen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    server = Server(tmp_path / "redis", append_only=True).start()
    try:
        led(server.client())
        made = Collector(Settings(redis_url=server.url))
        assert Scrape.of(made).value("rqclock_up") == 1
        server.kill()
        down = [Scrape.of(made) for _ in range(3)]
        assert [one.value("rqclock_up") for one in down] == [0, 0, 0]
        assert all(one.names == {"rqclock_up", "rqclock_scrape_duration_seconds"} for one in down)
        assert len(caplog.messages) == 1 and "cannot be reached" in caplog.messages[0]
        server.start()
        assert Scrape.of(made).value("rqclock_leaders") == 1
    finally:
        server.kill()


def test_a_redis_that_swallows_everything_ends_the_scrape_within_its_patience(
    redis: redis_py.Redis, redis_server: Server
) -> None:
    proxy = Proxy(redis_server.port).start()
    try:
        made = Collector(Settings(redis_url=proxy.url), answer_timeout=2)
        until(lambda: Scrape.of(made).value("rqclock_up") == 1)
        proxy.swallow()
        found = Scrape.of(made)
    finally:
        proxy.stop()
    assert found.value("rqclock_up") == 0
    took = found.value("rqclock_scrape_duration_seconds")
    assert took is not None and 2 <= took < 10  # one wait, and not one for each part


def test_parts_that_come_too_late_are_left_out_and_say_so(
    redis: redis_py.Redis, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    led(redis)
    times = iter([0.0, 0.0, 0.0, 1.0, *[9.0] * 20])  # may it look; began; the first part; the second; the others
    found = Scrape.of(Collector(settings, monotonic=lambda: next(times)))
    assert found.by("rqclock_scrape_ok", "part").keys() == {"presence", "runs"}
    assert found.value("rqclock_up") == 1 and "rqclock_workers" not in found.names


@pytest.mark.needs("promtool")
def test_prometheus_has_nothing_to_remark_on_what_is_shown(redis: redis_py.Redis, settings: Settings) -> None:
    led(redis).step(1)
    registry = CollectorRegistry()
    registry.register(Collector(settings))
    text = generate_latest(registry)
    told = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=60, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (0, b"", b"")


def test_a_certificate_that_is_not_there_is_a_figure_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    made = Collector(Settings(redis_url="rediss://127.0.0.1:1/0", redis_ca_file="/nowhere/ca.pem"))
    assert Scrape.of(made).value("rqclock_up") == 0 and len(caplog.messages) == 1


def test_scrapers_that_come_together_share_one_look(
    redis: redis_py.Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "KEPT", 60)
    led(redis)
    made = Collector(settings)
    Scrape.of(made)
    redis.config_resetstat()
    Scrape.of(made)
    assert "cmdstat_time" not in redis.info("commandstats")
