"""rq-dashboard at /rq, behind our door: one Redis, JSON only, its job page replaced by ours.

It is used only here, in our own web process: what is set in its module holds for the whole process.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import redis
from flask import Blueprint, Flask, abort, jsonify, request
from rq.serializers import JSONSerializer
from rq_dashboard import web as theirs
from werkzeug.wrappers import Response

from rqclock.connection import address
from rqclock.web import dashboard_templates, job_actions, jobs
from rqclock.web.rq_jobs import JobFacts, read_jobs
from rqclock.web.rq_registries import job_ids
from rqclock.web.rq_workers import WorkerFacts, read_workers
from rqclock.web.state import connection


def mount(app: Flask) -> Blueprint:
    """Register it at /rq and return its blueprint."""
    theirs.config.serializer = JSONSerializer
    theirs.from_url = _our_connection
    theirs.get_queue_registry_jobs_count = _jobs_of_page
    kept = app.extensions["rqclock"]
    app.config["RQ_DASHBOARD_REDIS_URL"] = (f"redis://{address(kept.settings)}",)  # shown, and no more than that
    app.redis_conn = kept.connection  # type: ignore[attr-defined]
    app.jinja_loader = dashboard_templates.loader(app.jinja_loader)
    app.register_blueprint(theirs.blueprint, url_prefix="/rq")
    app.view_functions["rq_dashboard.job_view"] = job_page
    app.view_functions["rq_dashboard.list_workers"] = workers_data
    app.view_functions["rq_dashboard.requeue_all"] = requeue_all
    app.after_request(_record)
    blueprint: Blueprint = theirs.blueprint
    return blueprint


def job_page(*, instance_number: int, job_id: str) -> Response:
    """Theirs writes six values unescaped, and unpickles the job."""
    return jobs.one(job_id=job_id)


def workers_data(instance_number: int) -> Response:
    """The rows of their table of workers. Theirs opens each worker's job; one that cannot be opened broke the page."""
    workers = read_workers(connection())
    jobs = {job.id: job for job in read_jobs(connection(), ids=[worker.job_id for worker in workers if worker.job_id])}
    return jsonify(workers=[_worker(worker, job=jobs.get(worker.job_id or "")) for worker in workers])


def _worker(worker: WorkerFacts, *, job: JobFacts | None) -> dict[str, Any]:
    return {
        "name": worker.name,
        "queues": worker.queues,
        "state": worker.state,
        "current_job": _current(job) if job else "idle",
        "version": worker.version,
        "python_version": worker.python,
    }


def _current(job: JobFacts) -> dict[str, Any]:
    said = _said(job)
    return {"job_id": job.id, "description": said, "call_string": said, "created_at": _date(job.created_at)}


def requeue_all(queue_name: str) -> Response:
    """Queue the failed jobs of the queue again. Theirs stops at the first that has gone, and leaves the rest."""
    job_actions.requeue_failed(queue_name)
    return jsonify(status="OK")


# What their own addresses do, as the activity tells it. requeue_all tells of itself.
ACTS = {
    "rq_dashboard.requeue_job_view": "job requeued",
    "rq_dashboard.delete_job_view": "job discarded",
    "rq_dashboard.compact_queue": "queue compacted",
    "rq_dashboard.empty_queue": "queue emptied",
}


def _record(response: Response) -> Response:
    what = ACTS.get(request.endpoint or "")
    if what and response.status_code < 400:
        told = ("job_id", "queue_name", "registry_name")
        values = {name.partition("_")[0]: value for name, value in (request.view_args or {}).items() if name in told}
        jobs.note(what, None, detail=values)
    return response


def _our_connection(url: str, **_options: Any) -> tuple[None, redis.Redis]:
    """Takes the place of its own connecting: theirs makes a new pool for every request, and knows none of our
    settings for time limits and retries."""
    return None, connection()


def _jobs_of_page(queue: str, state: str, *place: Any) -> tuple[int, list[dict[str, Any]]]:
    """Takes the place of its own reading of a page of jobs, which unpickles, and fails whole for one bad job."""
    offset, size, order, _connection = place
    span = (offset, offset + size)
    found = job_ids(connection(), queue=queue, state=state, span=span, newest_first=order == "dsc")
    if found is None:
        abort(404)
    return found[0], [_row(job) for job in read_jobs(connection(), ids=found[1])]


def _row(job: JobFacts) -> dict[str, Any]:
    return {
        "id": job.id,
        "created_at": _date(job.created_at),
        "started_at": _date(job.started_at),
        "ended_at": _date(job.ended_at),
        "exc_info": job.error if jobs.sees_errors() else None,
        "description": _said(job),
    }


def _said(job: JobFacts) -> str:
    """The function alone: who reads a job's arguments does so on its own page, where that is recorded."""
    return job.function or "(not JSON: not opened here)"


def _date(instant: float | None) -> str | None:
    return None if instant is None else datetime.fromtimestamp(instant, UTC).isoformat()
