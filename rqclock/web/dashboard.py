"""rq-dashboard at /rq, behind our door: one Redis, JSON only, its job page replaced by ours.

It is used only here, in our own web process: what is set in its module holds for the whole process.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import redis
from flask import Blueprint, Flask, abort, jsonify, render_template
from rq import requeue_job
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq_dashboard import web as theirs
from werkzeug.wrappers import Response

from rqclock.connection import address
from rqclock.web import dashboard_templates, json_only
from rqclock.web.door import allowed
from rqclock.web.rq_jobs import JobFacts, read_job, read_jobs
from rqclock.web.rq_registries import REGISTRIES, job_ids
from rqclock.web.rq_workers import WorkerFacts, read_workers
from rqclock.web.state import clock_of, connection
from rqclock.web.words import status_outcome


def mount(app: Flask) -> Blueprint:
    """Register it at /rq and return its blueprint."""
    json_only.install()
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
    blueprint: Blueprint = theirs.blueprint
    return blueprint


def job_page(*, instance_number: int, job_id: str) -> str:
    """One job. Whether it may show the traceback is the template's affair, by role."""
    job = read_job(connection(), id=job_id)
    if job is None:
        abort(404, "This job is no longer in Redis.")
    registry = job.status if job.status in ("queued", *REGISTRIES) else "failed"
    return render_template(
        "job.html",
        job=job,
        outcome=status_outcome(job.status),
        registry=registry,
        clock=clock_of(job.schedule) if job.schedule else None,
        sees_arguments=sees_arguments(),
        now=time.time(),
    )


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
    """Queue every failed job of the queue again. Theirs stops at the first that has gone, and leaves the rest."""
    ids = FailedJobRegistry(queue_name, connection=connection()).get_job_ids(cleanup=False)
    count = 0
    for id in ids:
        with suppress(NoSuchJobError, InvalidJobOperation):  # gone, or queued again by somebody else meanwhile
            requeue_job(id, connection=connection())
            count += 1
    return jsonify(status="OK", count=count)


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
        "exc_info": job.error if sees_arguments() else None,
        "description": _said(job),
    }


def sees_arguments() -> bool:
    """Arguments and tracebacks hold personal data: they are shown to those who may act on them."""
    return allowed("rq_dashboard.requeue_job_view")


def _said(job: JobFacts) -> str:
    """The call with its arguments as RQ wrote it down, or the function alone."""
    function = job.function or "(not JSON: not opened here)"
    return job.description or function if sees_arguments() else function


def _date(instant: float | None) -> str | None:
    return None if instant is None else datetime.fromtimestamp(instant, UTC).isoformat()
