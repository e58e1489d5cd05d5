"""What became of a run, in the words of the people who read the pages. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rqclock.views.history import Run

# How a queued run goes on: RQ's status -> word, tone, icon. The icon's shape says it too, never the colour alone.
STATUSES = {
    "finished": ("ran", "good", "tick"),
    "failed": ("failed", "bad", "cross"),
    "queued": ("waiting in the queue", "wait", "dots"),
    "started": ("running", "wait", "play"),
    "scheduled": ("failed, will be tried again", "warn", "again"),
    "deferred": ("waiting for another job", "wait", "dots"),
    "stopped": ("stopped by a person", "bad", "cross"),
    "canceled": ("cancelled", "quiet", "dash"),
    "abandoned": ("lost with its worker", "bad", "cross"),
    "unknown": ("queued, and how it ended is not known", "warn", "question"),
}
# What was decided instead of queueing it.
DECISIONS = {
    "skipped": ("skipped", "quiet", "dash"),
    "missed": ("missed", "warn", "alert"),
    "refused": ("could not be queued", "bad", "alert"),
}
STRANGE = ("not known", "warn", "question")
NO_CLOCK_TIME = re.compile(r"every (\d+ )?(second|minute|hour)s?")


@dataclass(frozen=True)
class Outcome:
    """`word` for people, `tone` for the colour (good, bad, warn, wait, quiet), `icon` for the shape."""

    word: str
    tone: str
    icon: str
    reason: str | None = None

    def __str__(self) -> str:
        return f"{self.word}: {self.reason}" if self.reason else self.word


def outcome(run: Run) -> Outcome:
    """What became of it: how the job stands if it was queued, else why it was not."""
    if run.decision == "enqueued":
        return status_outcome(run.status or "queued", reason=run.reason)
    return Outcome(*DECISIONS.get(run.decision, STRANGE), reason=run.reason)


def status_outcome(status: str, *, reason: str | None = None) -> Outcome:
    """The status of a job in RQ, for people."""
    return Outcome(*STATUSES.get(status, STRANGE), reason=reason)


@dataclass(frozen=True)
class Mark:
    """One run with what became of it."""

    run: Run
    outcome: Outcome


def mark(run: Run) -> Mark:
    return Mark(run, outcome(run))


def when_words(when: str, *, timezone: str) -> str:
    """
    >>> when_words("every working day at 10:35", timezone="Europe/London")
    'every working day at 10:35, London time'
    >>> when_words("every 10 minutes", timezone="Europe/London")
    'every 10 minutes'
    """
    if NO_CLOCK_TIME.fullmatch(when) or when == "on demand":
        return when
    return f"{when}, {zone_words(timezone)}"


def zone_words(timezone: str) -> str:
    """`London time` for Europe/London; names that are no places (`UTC`, `Etc/GMT+3`) stay as they are."""
    if "/" not in timezone or timezone.startswith("Etc/"):
        return timezone
    return f"{timezone.rpartition('/')[2].replace('_', ' ')} time"


def paused_words(pause: Mapping[str, object]) -> str:
    """
    >>> paused_words({"by": "Ann", "why": "the register is down"})
    'by Ann: the register is down'
    """
    by, why = pause.get("by"), pause.get("why")
    return ": ".join(str(part) for part in (f"by {by}" if by else None, why) if part)


def sentence(text: str) -> str:
    """
    >>> sentence("every hour at :15"), sentence("")
    ('Every hour at :15', '')
    """
    return text[:1].upper() + text[1:]


def spoken(words: Sequence[str]) -> str:
    """A row of outcomes as a listener wants it, equal ones counted.

    >>> spoken(["ran", "ran", "failed", "ran"])
    'ran 2 times, failed, ran'
    """
    runs = [(word, len(list(same))) for word, same in groupby(words)]
    return ", ".join(word if count == 1 else f"{word} {count} times" for word, count in runs)


# What people did, as the activity keeps it -> as a page says it. Others are shown as they are.
ACTS = {
    "run now": "ran it now",
    "skip next": "left out its next run",
    "skip next taken back": "let its next run be after all",
    "backfilled": "queued past runs",
    "state lost": "Redis had lost decisions",
    "alert": "told people that something is wrong",
    "alert over": "told people that it is over",
    "job requeued": "queued a job again",
    "job discarded": "discarded a job",
    "job cancelled": "cancelled a job",
    "job stopped": "stopped a job",
    "failed jobs requeued": "queued failed jobs again",
    "queue compacted": "tidied up a queue",
    "queue emptied": "emptied a queue",
    "arguments viewed": "looked at a job's arguments",
    "account added": "added an account",
    "account removed": "removed an account",
    "account password changed": "changed the password of an account",
}


def act_words(what: str) -> str:
    return ACTS.get(what, what)
