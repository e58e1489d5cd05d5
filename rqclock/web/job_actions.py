"""What people do to jobs: queue again, cancel, discard, stop. Each is asked once, done once and written down."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from rq.command import send_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, requeue_job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from werkzeug.wrappers import Response

from rqclock.errors import RqclockError
from rqclock.web.forms import Errors
from rqclock.web.job_search import read_sources
from rqclock.web.jobs import known, note
from rqclock.web.once import new_token, once
from rqclock.web.rq_jobs import JobFacts
from rqclock.web.state import connection
from rqclock.web.words import status_outcome

BATCH = 1000  # failed jobs that one press of a button queues again: a browser waits some seconds, not minutes

blueprint = Blueprint("job_actions", __name__)
Answer = Response | str | tuple[str, int]


@dataclass(frozen=True)
class Act:
    """One thing that can be done to a job in one of these `states`."""

    name: str
    states: tuple[str, ...]
    question: str
    about: str
    button: str
    done: str
    what: str
    do: Callable[[JobFacts], None]
    danger: bool = False

    def fits(self, job: JobFacts) -> bool:
        return job.status in self.states


def _requeue(job: JobFacts) -> None:
    requeue_job(job.id, connection=connection(), serializer=JSONSerializer)


def _cancel(job: JobFacts) -> None:
    Job.fetch(job.id, connection=connection(), serializer=JSONSerializer).cancel()


def _discard(job: JobFacts) -> None:
    Job.fetch(job.id, connection=connection(), serializer=JSONSerializer).delete()


def _stop(job: JobFacts) -> None:
    if not job.worker:
        raise RqclockError("no worker is known to run it")
    send_command(connection(), job.worker, "stop-job", job_id=job.id)


WAITING = ("queued", "scheduled", "deferred")
OVER = ("failed", "finished", "canceled", "stopped", "abandoned")
ACTS = {
    "requeue": Act(
        "requeue",
        ("failed", "stopped"),
        "Queue this job again?",
        "It runs again from its beginning, with the same arguments, behind what waits in its queue already.",
        "Queue it again",
        "Queued it again.",
        "job requeued",
        _requeue,
    ),
    "cancel": Act(
        "cancel",
        WAITING,
        "Cancel this job?",
        "It is taken out of its queue and does not run. It stays in the list of cancelled jobs for some time.",
        "Cancel the job",
        "Cancelled it: it will not run.",
        "job cancelled",
        _cancel,
        danger=True,
    ),
    "stop": Act(
        "stop",
        ("started",),
        "Stop this job?",
        "Its worker ends it at once, in the middle of what it does. What it has done until then stays done.",
        "Stop the job",
        "Its worker was told to stop it.",
        "job stopped",
        _stop,
        danger=True,
    ),
    "discard": Act(
        "discard",
        (*WAITING, *OVER),
        "Discard this job?",
        "It is deleted with its arguments, its result and its error. This cannot be taken back.",
        "Discard the job",
        "Discarded it.",
        "job discarded",
        _discard,
        danger=True,
    ),
}


def _view(act: Act) -> Callable[..., Answer]:
    def page(*, job_id: str) -> Answer:
        return _do(act, job_id) if request.method == "POST" else _ask(act, known(job_id), {})

    return page


def _do(act: Act, job_id: str) -> Answer:
    def work() -> str:
        job = known(job_id)
        _check(act, job)
        act.do(job)
        note(act.what, job)
        return act.done

    try:
        flash(once(request.form.get("token", ""), work))
    except (RqclockError, InvalidJobOperation) as error:
        return _ask(act, known(job_id), {"form": f"{str(error)[:1].upper()}{str(error)[1:]}."})
    return redirect(url_for("jobs.index") if act.name == "discard" else url_for("jobs.one", job_id=job_id))


def _check(act: Act, job: JobFacts) -> None:
    if not act.fits(job):
        raise RqclockError(f"the job has moved on meanwhile: it is {status_outcome(job.status).word}")


def _ask(act: Act, job: JobFacts, errors: Errors) -> Answer:
    if not act.fits(job) and not errors:
        errors = {"form": f"This cannot be done to it now. The job is {status_outcome(job.status).word}."}
    page = render_template(
        "job_ask.html",
        act=act,
        job=job,
        outcome=status_outcome(job.status),
        errors=errors,
        token=new_token(),
        now=time.time(),
    )
    return (page, 422) if errors else page


for _name, _act in ACTS.items():
    blueprint.add_url_rule(f"/{_name}-job/<path:job_id>", _name, _view(_act), methods=["GET", "POST"])


@blueprint.route("/requeue-all/<path:queue>", methods=["GET", "POST"])
def requeue_all(*, queue: str) -> Answer:
    """Queue the failed jobs of a queue again, the oldest first, so many for each press of the button."""
    failed = sum(
        source.count for source in read_sources(connection()) if (source.queue, source.state) == (queue, "failed")
    )
    if request.method == "POST":
        try:
            flash(once(request.form.get("token", ""), partial(requeue_failed, queue)))
            return redirect(url_for("jobs.index", state="failed", queue=queue))
        except RqclockError as error:
            return render_template("requeue_all.html", queue=queue, failed=failed, batch=BATCH, token=new_token(),
                                   errors={"form": str(error)}), 422  # fmt: skip
    return render_template("requeue_all.html", queue=queue, failed=failed, batch=BATCH, token=new_token(), errors={})


def requeue_failed(queue: str) -> str:
    """Past a job that has gone, or that somebody else queued again meanwhile, it goes on."""
    registry = FailedJobRegistry(queue, connection=connection())
    ids = registry.get_job_ids(0, BATCH - 1, cleanup=False)
    count = 0
    for id in ids:
        with suppress(NoSuchJobError, InvalidJobOperation):
            requeue_job(id, connection=connection(), serializer=JSONSerializer)
            count += 1
    note("failed jobs requeued", None, detail={"queue": queue, "jobs": count})
    left = registry.get_job_count(cleanup=False)
    return f"Queued {count:,} jobs of {queue} again." + (f" {left:,} failed ones are left." if left else "")
