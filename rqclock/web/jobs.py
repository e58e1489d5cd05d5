"""The pages of jobs: all of them, also those that the application queued itself, and one with all that is known."""

from __future__ import annotations

import time

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from rqclock.acts.activity import Entry, record
from rqclock.store.keys import Keys
from rqclock.web.door import allowed
from rqclock.web.job_search import AGES, STATES, Asked, search
from rqclock.web.masking import masked_call
from rqclock.web.rq_jobs import JobFacts, read_arguments, read_job
from rqclock.web.schedules import live
from rqclock.web.state import clock_keys, clock_of, connection, settings
from rqclock.web.subject import by
from rqclock.web.words import STATUSES, status_outcome

blueprint = Blueprint("jobs", __name__)


@blueprint.get("/jobs")
def index() -> Response:
    asked = Asked.of(request.args)
    found = search(connection(), asked, now=time.time())
    return live(
        "jobs",
        asked=asked,
        found=found,
        ages=AGES,
        states={state: STATUSES[state][0] for state in STATES},
        outcomes={job.id: status_outcome(job.status) for job in found.jobs},
    )


@blueprint.get("/job/<path:job_id>")
def one(*, job_id: str) -> Response:
    return live("job", **values_of(known(job_id)))


@blueprint.get("/job-arguments/<path:job_id>")
def arguments(*, job_id: str) -> str:
    """The same page with the arguments on it. That somebody looked at them is written down first."""
    job = known(job_id)
    found = read_arguments(connection(), id=job_id)
    note("arguments viewed", job)
    names = settings().sensitive
    shown = masked_call(*found[:2], said=found[2], names=names) if found else None
    return render_template(
        "job.html", now=time.time(), live_address=None, asked=True, arguments=shown, **values_of(job)
    )


def known(job_id: str) -> JobFacts:
    """The job, or the request ends with 404."""
    job = read_job(connection(), id=job_id)
    if job is None:
        abort(404, "This job is no longer in Redis.")
    return job


def values_of(job: JobFacts) -> dict[str, object]:
    return {
        "job": job,
        "outcome": status_outcome(job.status),
        "clock": clock_of(job.schedule) if job.schedule else None,
        "sees_errors": sees_errors(),
    }


def sees_errors() -> bool:
    """Arguments and tracebacks hold personal data: they are shown to those who may act on them."""
    return allowed("job_actions.requeue")


def note(what: str, job: JobFacts | None, *, detail: dict[str, object] | None = None) -> None:
    """Record what the person of this request did to a job, in the activity of its Clock, or of the first."""
    schedule = job.schedule if job else None
    clock = clock_of(schedule) if schedule else None
    keys = Keys(settings().key_prefix, clock) if clock else clock_keys()[0]
    about = {"job": job.id} if job else {}
    reason = request.form.get("reason", "")
    record(connection(), keys, Entry.of(what, by(reason), schedule=schedule or "", detail=about | (detail or {})))
