"""Every address of rq-dashboard, asked for by everybody."""

from __future__ import annotations

import pytest
import redis as redis_py
from flask import Flask
from rq import Queue
from rq.job import JobStatus
from rq.registry import FailedJobRegistry
from werkzeug.routing import Rule

from rqclock import Job
from rqclock.acts.activity import read
from rqclock.store.keys import Keys
from tests.integration.web.chores import sweep
from tests.integration.web.conftest import ORIGIN, As

VALUES = {
    "instance_number": 0,
    "queue_name": "default",
    "registry_name": "failed",
    "per_page": 8,
    "order": "asc",
    "page": 1,
    "job_id": "some-job",
    "filename": "css/main.css",
}
LOOKING = {
    "static",
    "favicon",
    "queues_overview",
    "workers_overview",
    "jobs_overview",
    "job_view",
    "list_queues",
    "list_jobs",
    "list_workers",
}
CLOSED = {"job_info"}
NEEDED = {
    **dict.fromkeys(LOOKING, "viewer"),
    **dict.fromkeys(("requeue_job_view", "requeue_all", "compact_queue"), "support"),
    **dict.fromkeys(("delete_job_view", "empty_queue"), "admin"),
}
STRENGTH = ["", "viewer", "support", "admin"]


@pytest.fixture
def failed(redis: redis_py.Redis) -> str:
    """A failed job named some-job."""
    queue = Queue("default", connection=redis, job_class=Job)
    job = queue.create_job(sweep, job_id="some-job", status=JobStatus.FAILED)
    job.save()
    FailedJobRegistry(queue=queue).add(job, ttl=1000)
    redis.sadd("rq:queues", "rq:queue:default")
    return "some-job"


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("rq_dashboard.")]


def address(app: Flask, rule: Rule) -> str:
    wanted = {name: VALUES[name] for name in rule.arguments}
    with app.test_request_context():
        built = rule.build(wanted, append_unknown=False)
    assert built is not None
    return built[1]


def name(rule: Rule) -> str:
    return str(rule.endpoint).removeprefix("rq_dashboard.")


def test_every_address_is_known_to_these_tests(app: Flask) -> None:
    """An rq-dashboard with a new page is closed there, until somebody decides who may see it."""
    assert {name(rule) for rule in rules(app)} == set(NEEDED) | CLOSED


@pytest.mark.parametrize("role", [None, "", "viewer", "support", "admin"])
def test_each_role_may_do_what_is_listed_and_nothing_else(app: Flask, as_: As, failed: str, role: str | None) -> None:
    wrong = []
    for rule in rules(app):
        needed = NEEDED.get(name(rule))
        acts = needed in ("support", "admin")
        method = "POST" if acts else "GET"
        answer = as_(role).open(
            address(app, rule), method=method, headers={"Origin": ORIGIN}, follow_redirects=role is not None
        )
        if role is None:
            expected = {401} if acts else {302}
        elif needed is None or STRENGTH.index(role) < STRENGTH.index(needed):
            expected = {403}
        else:
            # An earlier address may have deleted the job, or emptied the queue.
            expected = {"requeue_job_view": {200, 404}, "job_view": {200, 404}, "compact_queue": {200, 409}}.get(
                name(rule), {200}
            )
        if answer.status_code not in expected:
            wrong.append((rule.rule, role, answer.status_code))
    assert wrong == []


def test_what_acts_takes_no_get(app: Flask, as_: As, failed: str, redis: redis_py.Redis) -> None:
    """Theirs requeues on a GET: any link or image on any page could do it for a person who is signed in."""
    for rule in rules(app):
        if NEEDED.get(name(rule)) in ("support", "admin"):
            for method in ("GET", "HEAD", "OPTIONS"):
                answer = as_("admin").open(address(app, rule), method=method)
                assert answer.status_code == 405, (rule.rule, method)
    assert redis.hget("rq:job:some-job", "status") == b"failed"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8000"},
        {"Origin": "https://localhost"},
        {"Referer": "https://evil.example/http://localhost/"},
        {"Referer": "http://localhost.evil.example/"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_what_acts_must_come_from_our_own_pages(
    as_: As, failed: str, redis: redis_py.Redis, headers: dict[str, str]
) -> None:
    assert as_("admin").post("/rq/job/some-job/requeue", headers=headers).status_code == 403
    assert as_("admin").post("/rq/queue/default/failed/empty", headers=headers).status_code == 403
    assert redis.hget("rq:job:some-job", "status") == b"failed"


@pytest.mark.parametrize("headers", [{"Origin": ORIGIN}, {"Referer": f"{ORIGIN}/rq/"}])
def test_support_requeues_a_failed_job_from_our_pages(
    as_: As, failed: str, redis: redis_py.Redis, headers: dict[str, str]
) -> None:
    assert as_("support").post("/rq/job/some-job/requeue", headers=headers).json == {"status": "OK"}
    assert redis.lrange("rq:queue:default", 0, -1) == [b"some-job"]


def test_requeue_all_goes_on_past_a_job_that_has_gone(as_: As, failed: str, redis: redis_py.Redis) -> None:
    redis.zadd("rq:failed:default", {"gone": 1})
    answer = as_("support").post("/rq/requeue/default", headers={"Origin": ORIGIN})
    assert answer.json == {"status": "OK"}
    assert redis.lrange("rq:queue:default", 0, -1) == [b"some-job"]


def test_what_is_running_cannot_be_thrown_away(as_: As, redis: redis_py.Redis) -> None:
    redis.hset("rq:job:busy", mapping={"data": b"x", "status": "started", "origin": "default"})
    redis.zadd("rq:wip:default", {"busy:attempt": 4_000_000_000})
    answer = as_("admin").post("/rq/queue/default/started/empty", headers={"Origin": ORIGIN})
    assert answer.status_code == 409 and redis.exists("rq:job:busy")


def test_there_is_one_redis_and_no_number_finds_another(as_: As) -> None:
    for path in ("/rq/1/", "/rq/1/view/workers", "/rq/1/data/queues.json", "/rq/99/view/job/x"):
        assert as_("admin").get(path).status_code == 404


def test_a_visitors_request_reaches_nothing_behind_the_door(app: Flask, as_: As) -> None:
    """rq-dashboard's own hook runs before its pages, and once acted for visitors who were then sent away."""
    before = app.redis_conn  # type: ignore[attr-defined]
    app.redis_conn = "untouched"  # type: ignore[attr-defined]
    as_(None).get("/rq/0/view/queues")
    as_("").get("/rq/0/view/queues")
    assert app.redis_conn == "untouched"  # type: ignore[attr-defined]
    app.redis_conn = before  # type: ignore[attr-defined]


def test_a_page_cannot_be_asked_to_hold_everything(as_: As) -> None:
    for size, page in ((0, 1), (201, 1), (10**9, 1), (8, 0), (8, 10**12)):
        path = f"/rq/0/data/jobs/default/failed/{size}/asc/{page}.json"
        assert as_("admin").get(path).status_code == 404
    assert as_("admin").get("/rq/0/data/jobs/default/nonsense/8/asc/1.json").status_code == 404
    assert as_("admin").get("/rq/0/data/jobs/default/failed/x/asc/1.json").status_code == 404


def test_their_lists_show_no_arguments_to_anybody(as_: As, redis: redis_py.Redis) -> None:
    """They are shown on the job's own page alone, where looking at them is recorded."""
    queue = Queue("default", connection=redis, job_class=Job)
    queue.enqueue("tests.integration.web.chores.sweep", "Ann Smith", job_id="personal")
    path = "/rq/0/data/jobs/default/queued/8/asc/1.json"
    for role in ("viewer", "support", "admin"):
        assert "Ann Smith" not in as_(role).get(path).text
        assert "chores.sweep" in as_(role).get(path).text
        assert "Ann Smith" not in as_(role).get("/rq/0/view/job/personal").text


def test_only_those_who_may_delete_get_the_button(as_: As) -> None:
    assert "delete-job-btn" not in as_("support").get("/rq/0/view/jobs").text.partition("<script src")[0]
    assert "delete-job-btn" in as_("admin").get("/rq/0/view/jobs").text.partition("<script src")[0]


def test_our_bar_spans_their_pages(as_: As) -> None:
    page = as_("viewer").get("/rq/").text
    assert '<header class="bar' in page and 'aria-current="page">Queues' in page


def test_the_password_of_redis_is_on_no_page(app: Flask, as_: As) -> None:
    assert app.config["RQ_DASHBOARD_REDIS_URL"][0].startswith("redis://127.0.0.1:")
    assert "for tests" not in as_("admin").get("/rq/").text


def test_what_is_done_on_their_pages_is_in_the_activity(as_: As, failed: str, redis: redis_py.Redis) -> None:
    as_("support").post("/rq/job/some-job/requeue", headers={"Origin": ORIGIN})
    as_("admin").post("/rq/queue/default/queued/empty", headers={"Origin": ORIGIN})
    found = list(read(redis, Keys("rq", "default")))
    assert [(act.what, act.who, act.detail) for act in found] == [
        ("queue emptied", "admin@example.org", {"queue": "default", "registry": "queued"}),
        ("job requeued", "support@example.org", {"job": "some-job"}),
    ]
