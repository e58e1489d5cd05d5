"""The workers, whatever their class: what they do, and which queue has one."""

from __future__ import annotations

from collections import Counter

from rqclock.metrics.figure import Figure
from rqclock.metrics.look import Look
from rqclock.metrics.queues import MOST
from rqclock.store.replies import text

STATES = ("busy", "idle", "started", "suspended")
WORKERS = Figure(
    "rqclock_workers", "gauge", "Registered workers by state: busy, idle, started, suspended, other.", ("state",)
)
OF_QUEUE = Figure("rqclock_queue_workers", "gauge", "Registered workers that take jobs from the queue.", ("queue",))
FIGURES = (WORKERS, OF_QUEUE)


def read(look: Look) -> None:
    pipeline = look.connection.pipeline(transaction=False)
    for key in look.connection.smembers(f"{look.prefix}:workers"):
        pipeline.hmget(key, "state", "queues")  # the key as it is, also where it is no text
    answers = pipeline.execute(raise_on_error=False) if len(pipeline) else []
    # A worker that died without a word stays in the set; its record is gone by then.
    found = [tuple(map(_word, facts)) for facts in answers if isinstance(facts, list) and any(facts)]
    states = Counter(state if state in STATES else "other" for state, _ in found)
    queues = Counter(queue for _, listed in found for queue in listed.split(","))
    look.sheet.put_all(WORKERS, {state: states[state] for state in (*STATES, "other")})
    look.sheet.put_all(OF_QUEUE, {name: queues[name] for name in sorted(look.queues)[:MOST]})


def _word(value: bytes | None) -> str:
    return text(value) if value else ""
