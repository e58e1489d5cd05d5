"""All jobs, also those of the application: found, looked at, acted on; by role."""

from __future__ import annotations

import json
import re
import time
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
import redis as redis_py
from rq import Queue, SimpleWorker

from rqclock import Clock, Job
from rqclock.acts.activity import read
from rqclock.store.keys import Keys
from rqclock.store.replies import text
from tests.integration.web import chores
from tests.integration.web.conftest import As
from tests.integration.web.pressing import HERE, hidden, press, said
from tests.integration.web.test_schedules_page import text_of
from tests.integration.web.timetables import Led

SWEEP, SPILL = "tests.integration.web.chores.sweep", "tests.integration.web.chores.spill"
NEEDED = {"requeue": "support", "cancel": "admin", "discard": "admin", "stop": "admin"}


@pytest.fixture
def jobs(redis: redis_py.Redis) -> None:
    """One that failed, one that ran, one with arguments that waits."""
    default, mail = (Queue(name, connection=redis, job_class=Job) for name in ("default", "mail"))
    mail.enqueue(SPILL, job_id="spilled")
    default.enqueue(SWEEP, job_id="swept")
    SimpleWorker([default, mail], connection=redis, job_class=Job).work(burst=True, logging_level="CRITICAL")
    login: Any = {"user": "ann", "password": "hunter2", "inner": [{"api_key": "k-1"}]}
    default.enqueue(SWEEP, "Ann Smith", login, job_id="waiting", secret_word="xyzzy")


def listed(page: str) -> list[str]:
    return re.findall(r'class="about id">([^<]+)<', page)


def activity(redis: redis_py.Redis) -> list[tuple[str, str, Any]]:
    return [(act.what, act.who, act.detail.get("job")) for act in read(redis, Keys("rq", "default"))]


def started(redis: redis_py.Redis, worker: str = "w1") -> None:
    """A job that a worker has under way, as RQ writes it."""
    data = zlib.compress(json.dumps([SWEEP, None, [], {}]).encode())
    job: dict[Any, Any] = {"status": "started", "origin": "default", "data": data, "worker_name": worker}
    redis.hset("rq:job:busy", mapping=job | {"created_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"})
    redis.zadd("rq:wip:default", {"busy:attempt": time.time() + 60})


def test_all_jobs_of_all_queues_and_states_are_listed_newest_first(jobs: None, as_: As) -> None:
    page = as_("viewer").get("/jobs").text
    assert listed(page) == ["waiting", "spilled", "swept"]
    assert "waiting in the queue" in text_of(page) and "failed" in text_of(page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=failed", ["spilled"]),
        ("state=finished", ["swept"]),
        ("queue=mail", ["spilled"]),
        ("queue=default&state=queued", ["waiting"]),
        (f"function={SPILL}", ["spilled"]),
        ("q=SPILL", ["spilled"]),
        ("q=waiting", ["waiting"]),
        ("age=-3600", ["waiting", "spilled", "swept"]),
        ("age=3600", []),
        ("q=Ann+Smith", []),
        ("state=nonsense&age=x&page=x", ["waiting", "spilled", "swept"]),
    ],
)
def test_jobs_are_found_by_state_queue_function_age_and_text(jobs: None, as_: As, query: str, found: list[str]) -> None:
    assert listed(as_("support").get(f"/jobs?{query}").text) == found


def test_a_job_whose_whole_id_is_typed_is_found_wherever_it_is(jobs: None, as_: As, redis: redis_py.Redis) -> None:
    redis.delete("rq:queue:default")  # in no list at all
    assert listed(as_("viewer").get("/jobs?q=waiting").text) == ["waiting"]


def test_many_jobs_come_in_pages_and_none_is_lost(as_: As, redis: redis_py.Redis) -> None:
    for name in ("default", "mail"):
        queue = Queue(name, connection=redis, job_class=Job)
        for number in range(60):
            queue.enqueue(SWEEP, job_id=f"{name}-{number}")
    pages = [listed(as_("viewer").get(f"/jobs?page={page}").text) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [50, 50, 20] and len({id for page in pages for id in page}) == 120


def test_a_viewer_sees_neither_arguments_nor_tracebacks_nor_messages(jobs: None, as_: As) -> None:
    viewer = as_("viewer")
    for path in ("/jobs", "/job/waiting", "/job/spilled"):
        page = viewer.get(path).text
        assert "Ann Smith" not in page and "the ink" not in page and "Traceback" not in page
    assert "OSError" in viewer.get("/job/spilled").text
    assert viewer.get("/job-arguments/waiting").status_code == 403


def test_support_sees_what_went_wrong_and_where(jobs: None, as_: As) -> None:
    page = text_of(as_("support").get("/job/spilled").text)
    assert "OSError: the ink is on the floor <b>now</b>" in page and "chores.py" in page and "Attempt 1" in page


def test_arguments_are_shown_when_asked_for_and_that_is_recorded(jobs: None, as_: As, redis: redis_py.Redis) -> None:
    support = as_("support")
    assert "Ann Smith" not in support.get("/job/waiting").text and activity(redis) == []
    page = text_of(support.get("/job-arguments/waiting").text)
    assert "Ann Smith" in page and '"user": "ann"' in page
    assert activity(redis) == [("arguments viewed", "support@example.org", "waiting")]


def test_values_named_like_secrets_are_hidden_however_deep(jobs: None, as_: As) -> None:
    page = as_("admin").get("/job-arguments/waiting").text
    assert "hunter2" not in page and "k-1" not in page and "xyzzy" not in page and "[masked]" in page


def test_a_scheduled_job_leads_to_its_schedule(as_: As, redis: redis_py.Redis) -> None:
    clock = Clock(timezone="Europe/London")
    clock.every("10 minutes", name="sweeping").enqueue(chores.sweep)
    led = Led(redis, clock, began=int(time.time()) - 1200)
    led.decide("sweeping", None)
    id = text(redis.lrange("rq:queue:default", 0, -1)[0])
    assert 'href="/schedules/default/sweeping"' in as_("viewer").get(f"/job/{id}").text


@pytest.mark.parametrize("role", ["viewer", "support", "admin"])
def test_each_action_is_for_its_role(jobs: None, as_: As, role: str) -> None:
    strength = ["viewer", "support", "admin"]
    for act, needed in NEEDED.items():
        may = strength.index(role) >= strength.index(needed)
        answer = as_(role).get(f"/{act}-job/spilled")
        assert (answer.status_code in (200, 422)) == may and (answer.status_code == 403) != may, act
    token = hidden(as_(role).get("/jobs").text, last=False).get("csrf_token", "")
    if role == "viewer":
        fields = {"csrf_token": token, "token": "0" * 24}
        for path in [*(f"/{act}-job/spilled" for act in NEEDED), "/requeue-all/mail"]:
            assert as_(role).post(path, data=fields, headers=HERE).status_code in (400, 403)


def test_a_failed_job_is_queued_again_once(jobs: None, as_: As, redis: redis_py.Redis) -> None:
    support = as_("support")
    fields = hidden(support.get("/requeue-job/spilled").text)
    first, second = (support.post("/requeue-job/spilled", data=fields, headers=HERE) for _ in range(2))
    assert said(support, first) == "Queued it again." and second.status_code == 302
    assert redis.lrange("rq:queue:mail", 0, -1) == [b"spilled"]
    assert activity(redis) == [("job requeued", "support@example.org", "spilled")]


def test_a_waiting_job_is_cancelled_and_does_not_run(jobs: None, as_: As, redis: redis_py.Redis) -> None:
    press(as_("admin"), "/cancel-job/waiting")
    assert redis.llen("rq:queue:default") == 0 and redis.hget("rq:job:waiting", "status") == b"canceled"
    assert activity(redis) == [("job cancelled", "admin@example.org", "waiting")]


def test_a_job_is_discarded_with_all_that_is_known_of_it(jobs: None, as_: As, redis: redis_py.Redis) -> None:
    admin = as_("admin")
    assert said(admin, press(admin, "/discard-job/spilled")) == "Discarded it."
    assert not redis.exists("rq:job:spilled") and redis.zcard("rq:failed:mail") == 0


def test_a_running_job_is_stopped_by_its_worker(jobs: None, as_: As, redis: redis_py.Redis) -> None:
    started(redis)
    listener = redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe("rq:pubsub:w1")
    listener.get_message(timeout=30)
    press(as_("admin"), "/stop-job/busy")
    message = listener.get_message(timeout=30)
    assert message and json.loads(message["data"]) == {"command": "stop-job", "job_id": "busy"}
    assert activity(redis) == [("job stopped", "admin@example.org", "busy")]


def test_what_no_longer_fits_the_job_is_refused_and_recorded_nowhere(
    jobs: None, as_: As, redis: redis_py.Redis
) -> None:
    admin = as_("admin")
    fields = hidden(admin.get("/requeue-job/spilled").text)
    redis.hset("rq:job:spilled", "status", "started")
    answer = admin.post("/requeue-job/spilled", data=fields, headers=HERE)
    assert answer.status_code == 422 and "moved on meanwhile: it is running" in answer.text
    assert admin.get("/stop-job/swept").status_code == 422
    assert admin.get("/discard-job/gone").status_code == 404
    assert activity(redis) == []


def test_all_failed_jobs_of_a_queue_are_queued_again_in_batches(
    as_: As, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rqclock.web.job_actions.BATCH", 3)
    queue = Queue("mail", connection=redis, job_class=Job)
    for number in range(5):
        queue.enqueue(SPILL, job_id=f"n{number}")
    SimpleWorker([queue], connection=redis, job_class=Job).work(burst=True, logging_level="CRITICAL")
    support = as_("support")
    assert "5 jobs failed" in support.get("/requeue-all/mail").text
    assert said(support, press(support, "/requeue-all/mail")) == "Queued 3 jobs of mail again. 2 failed ones are left."
    assert redis.llen("rq:queue:mail") == 3


def test_the_changing_part_of_a_job_is_sent_only_when_it_changed(jobs: None, as_: As, redis: redis_py.Redis) -> None:
    viewer = as_("viewer")
    tag = viewer.get("/job/waiting?live=1").headers["ETag"]
    redis.hset("rq:job:waiting", "status", "started")
    answer = viewer.get("/job/waiting?live=1", headers={"If-None-Match": tag})
    assert answer.status_code == 200 and "running" in answer.text
