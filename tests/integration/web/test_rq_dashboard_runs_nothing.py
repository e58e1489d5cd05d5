"""Whoever can write to Redis must not be able to run code in the web process by being looked at."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import redis as redis_py
from rq.job import Job
from rq.serializers import DefaultSerializer

from tests.integration.web.bombs import plant
from tests.integration.web.conftest import ORIGIN, As
from tests.integration.web.pressing import hidden

STATES = ("queued", "failed", "finished", "started", "deferred", "scheduled", "canceled")
FROM_HERE = {"Origin": ORIGIN}


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


@pytest.fixture
def ids(redis: redis_py.Redis, marks: Path) -> list[str]:
    sys.modules.pop("this", None)
    return plant(redis, marks)


def exploded(marks: Path) -> list[str]:
    return sorted(path.name for path in marks.iterdir()) + (["this"] if "this" in sys.modules else [])


def test_the_bombs_are_live(ids: list[str], marks: Path, redis: redis_py.Redis) -> None:
    """Else the tests below would prove nothing: RQ by itself sets them off by fetching the job."""
    Job.fetch("bomb-meta-queued", connection=redis)
    Job.fetch("bomb-result-queued", connection=redis)
    assert exploded(marks) == ["bomb-meta-queued-meta", "bomb-result-queued-result"]


@pytest.mark.fault("40", "pickles that run code, in every field of jobs, and every page looked at")
@pytest.mark.parametrize("role", ["viewer", "support", "admin"])
def test_looking_at_every_page_runs_nothing(ids: list[str], marks: Path, as_: As, role: str) -> None:
    person = as_(role)
    pages = ["/rq/", "/rq/0/", "/rq/0/view", "/rq/0/view/queues", "/rq/0/view/jobs", "/rq/0/view/workers"]
    pages += ["/rq/0/data/queues.json", "/rq/0/data/workers.json"]
    pages += [f"/rq/0/view/jobs/default/{state}/200/asc/1" for state in STATES]
    pages += [f"/rq/0/data/jobs/default/{state}/200/{order}/1.json" for state in STATES for order in ("asc", "dsc")]
    pages += [f"/rq/0/view/job/{id}" for id in ids]
    pages += ["/jobs", *(f"/jobs?state={state}&q=bomb" for state in STATES), *(f"/job/{id}" for id in ids)]
    pages += [f"/job-arguments/{id}" for id in ids if role != "viewer"]
    assert {page: person.get(page, follow_redirects=True).status_code for page in pages} == dict.fromkeys(pages, 200)
    assert exploded(marks) == []


@pytest.mark.fault("40", "the same, and every action of rq-dashboard")
def test_every_action_runs_nothing(ids: list[str], marks: Path, as_: As) -> None:
    admin = as_("admin")
    answers = {}
    for id in ids:
        answers[f"requeue {id}"] = admin.post(f"/rq/job/{id}/requeue", headers=FROM_HERE).status_code
    for path in ("requeue/default", "queue/default/compact", *(f"job/{id}/delete" for id in ids)):
        answers[path] = admin.post(f"/rq/{path}", headers=FROM_HERE).status_code
    for state in STATES:
        answers[f"empty {state}"] = admin.post(f"/rq/queue/default/{state}/empty", headers=FROM_HERE).status_code
    assert exploded(marks) == []
    failed = {name for name in answers if name.startswith("requeue bomb") and name.endswith("failed")}
    assert {name: answers[name] for name in failed} == dict.fromkeys(failed, 200)
    assert 500 not in answers.values(), answers


@pytest.mark.fault("40", "the same, and every action of our own pages")
def test_every_action_of_our_own_pages_runs_nothing(ids: list[str], marks: Path, as_: As) -> None:
    admin = as_("admin")
    for id in ids:
        for act in ("requeue", "cancel", "stop", "discard"):
            path = f"/{act}-job/{id}"
            page = admin.get(path)
            if page.status_code == 200:
                assert admin.post(path, data=hidden(page.text), headers=FROM_HERE).status_code in (302, 409, 422), path
    asked = admin.get("/requeue-all/default").text
    admin.post("/requeue-all/default", data=hidden(asked), headers=FROM_HERE)
    assert exploded(marks) == []


def test_a_requeued_pickle_reaches_its_worker_unchanged(
    ids: list[str], marks: Path, as_: As, redis: redis_py.Redis
) -> None:
    fields = ("data", "meta")
    before = redis.hmget("rq:job:bomb-everything-failed", fields)
    answer = as_("support").post("/rq/job/bomb-everything-failed/requeue", headers=FROM_HERE)
    assert answer.status_code == 200 and exploded(marks) == []
    assert redis.hget("rq:job:bomb-everything-failed", "status") == b"queued"
    after = redis.hmget("rq:job:bomb-everything-failed", fields)
    assert after[1] == before[1] and after[0] == before[0]


def test_outside_of_our_requests_rq_is_left_as_it_was(as_: As) -> None:
    """The process may belong to an application with pickles of its own."""
    as_("viewer").get("/rq/")
    value = {"a": (1, 2)}
    assert DefaultSerializer.loads(DefaultSerializer.dumps(value)) == value


def test_jobs_that_are_not_json_are_listed_without_being_opened(ids: list[str], as_: As) -> None:
    rows = as_("viewer").get("/rq/0/data/jobs/default/queued/200/asc/1.json").json["jobs"]  # type: ignore[index]
    said = {row["id"]: row["description"] for row in rows}
    assert said["bomb-data-queued"] == "(not JSON: not opened here)"
    assert said["bomb-meta-queued"] == "tests.integration.web.chores.sweep"


def test_our_job_page_shows_hostile_fields_as_text(ids: list[str], as_: As) -> None:
    page = as_("admin").get("/rq/0/view/job/bomb-meta-failed").text
    assert "<img src=x" not in page and "&lt;img src=x onerror" in page
