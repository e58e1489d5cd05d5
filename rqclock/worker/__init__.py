"""`rqclock.Worker`: RQ's worker with processes that are kept for many jobs.

- `arrival.py`: before all else, waiting for a Redis that is away
- `worker.py`: the class that RQ's command line starts, with RQ's names and options
- `stable.py`: the parent; keeps the horses, hears what they have in hand, beats for them, stops them in time
- `stall.py`: one horse as its parent sees it
- `commands.py`: what people ask of the parent by Redis
- `horse.py`: the child; takes a job, runs it, takes the next
- `birth.py`, `signals.py`: the fork, and who hears which signal
- `source.py`: where jobs come from; several queues, first one first, none lost
- `reins.py`: what parent and horse say to each other
- `listening.py`: waiting for any of several descriptors
- `ending.py`: how a job's end is written, in RQ's own code, until Redis has it
- `fallen.py`: what becomes of a job whose horse has died
- `trouble.py`: which failures of Redis pass, and waiting for that
- `quarantine.py`: jobs that nobody can read
- `context.py`, `sql_pools.py`: what the application needs around each job
- `lines.py`: the log's lines about a job
"""

from rqclock.worker.worker import Worker

__all__ = ["Worker"]
