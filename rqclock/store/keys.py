"""Every key that rqclock writes in Redis: one table.

All begin with RQ's own prefix (`RQ_KEY_PREFIX`, default `rq`), `:clock:` and the Clock's slug.
SLUG is a schedule's.

| key                | type    | holds                                                                    | lives      |
| ------------------ | ------- | ------------------------------------------------------------------------ | ---------- |
| `PREFIX:clocks`    | set     | the names of all Clocks that ever began to publish a timetable           | for ever   |
| `PREFIX:forgotten` | string  | name of the last Clock that there was, when a person had it forgotten    | a day      |
| `PREFIX:quarantine`| hash    | id of a job that nobody can read → JSON: queue, reason, worker, at       | for ever   |
| `PREFIX:alerts:open` | hash    | id of an alert → JSON of it: kind, clock, subject, at, since, raised, … | till over |
| `PREFIX:alerts:raised` | zset    | ids of alerts by when they were last told (ms) | a day |
| `PREFIX:alerts:outbox` | hash    | id of a message → JSON of it: channel, notice, first, tries, after | a day |
| `PREFIX:alerts:due:…` | zset    | ids of a channel's messages by when they are (next) to be sent (ms) | a day |
| `PREFIX:alerts:turn` | string  | when a watcher last looked (ms) | a day |
| `…:web:sign-in:…`  | string  | a one-time sign-in link was used                                         | 30 days    |
| `…:web:once:…`     | string  | what a form sent to a page did, so that it does it once                  | a day      |
| `…:web:accounts`   | hash    | e-mail address → JSON of a local account: role, hash of the password     | for ever   |
| `…:web:tries:…`    | string  | how often somebody tried to sign in                                      | 15 min     |
| `lease`            | hash    | who may enqueue, or did last: owner, epoch, beat, at, held, accepted, …  | a day      |
| `members`          | hash    | owner → JSON of each live clock process: host, pid, generation, beat, at | a day      |
| `counters`         | hash    | the last epoch and generation given out; `accept_time`                   | for ever   |
| `timetable`        | hash    | name, zone, fingerprint in force, generation, published at               | for ever   |
| `definitions`      | hash    | SLUG → JSON of the schedule in force                                     | for ever   |
| `versions:SLUG`    | list    | JSON of each definition there was, with the instant it began, or `ended` | for ever   |
| `renamed`          | hash    | old SLUG → the schedule's SLUG since its renaming                        | for ever   |
| `reused`           | hash    | SLUG in use again → those that its earlier schedules were renamed to     | for ever   |
| `retired`          | hash    | SLUG → instant at which it left the timetable                            | for ever   |
| `template:SLUG`    | hash    | the fields of an RQ job, to be copied at each tick                       | for ever   |
| `cursors`          | hash    | SLUG → last decided tick                                                 | for ever   |
| `paused`           | hash    | SLUG (or `*`) → JSON: by, why, at, until, lifted                         | till over  |
| `skips`            | hash    | SLUG → JSON: tick (the run that a person lets out), by, why, at          | till past  |
| `activity`         | stream  | what people did, and what befell the clock: JSON in the field `entry`    | 90 days    |
| `ledger:SLUG`      | hash    | tick → decision                                                          | 30 days    |
| `outcomes:SLUG`    | hash    | tick → how its job ended                                                 | 30 days    |
| `attempts:SLUG`    | hash    | tick → JSON of the attempts that a job has made which has not ended      | till ended |
| `index:SLUG`       | zset    | ticks of the ledger by time                                              | 30 days    |
| `folded:SLUG`      | hash    | hour → how many of its ticks ran well and have no row any more           | 30 days    |
| `totals`           | hash    | what was counted, for the figures of `/metrics`: see `totals.py`         | for ever   |
| `open`             | zset    | ids of jobs that we enqueued and whose end is not recorded, by time      | till ended |
| `running:SLUG`     | set     | ids of a schedule's jobs that may still run (with `overlap="skip"` only) | till ended |
| `request:SLUG:…`   | string  | id of the job that a person's request made                               | a day      |
| `hosts`            | hash    | host and fingerprint → generation, so that a crash keeps its number      | a day      |
| `pinged`           | zset    | events of runs that a monitor was told of, by when (ms)                  | an hour    |
| `wake`             | channel | "lead": the lease was given up                                           |            |
"""

from __future__ import annotations

from dataclasses import dataclass

from rqclock.store.ticks import job_id


@dataclass(frozen=True)
class Keys:
    """The keys of one Clock. `prefix` is RQ's, `clock` the Clock's slug."""

    prefix: str
    clock: str

    @property
    def root(self) -> str:
        """What all keys of this Clock begin with; the Lua scripts build theirs from it."""
        return f"{self.prefix}:clock:{self.clock}:"

    @property
    def clocks(self) -> str:
        return f"{self.prefix}:clocks"

    @property
    def forgotten(self) -> str:
        """A person has given the last Clock up: no other has to come."""
        return f"{self.prefix}:forgotten"

    def named(self, name: str) -> str:
        """A key that the Clock has once, such as `lease`."""
        return self.root + name

    def of(self, name: str, slug: str) -> str:
        """A key that each schedule has, such as `ledger:SLUG`."""
        return f"{self.root}{name}:{slug}"

    def job_id(self, slug: str, instant: int, token: str | None = None) -> str:
        """The id of the job of a tick of this Clock, see `rqclock.store.ticks.job_id`."""
        return job_id(slug, instant, token, clock=self.clock)

    def job(self, job_id: str) -> str:
        """RQ's own key of a job."""
        return f"{self.prefix}:job:{job_id}"

    def results(self, job_id: str) -> str:
        """RQ's own stream of a job's results."""
        return f"{self.prefix}:results:{job_id}"
