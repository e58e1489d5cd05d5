"""`rqclock.Worker`: RQ's worker with processes that are kept for many jobs.

    worker.py      the class that RQ's command line starts: RQ's names and options, the end of a job in RQ's own code
    stable.py      the parent: keeps the horses, hears what they have in hand, beats for them, stops them in time
    stall.py       one horse as its parent sees it
    horse.py       the child: takes a job, runs it, takes the next
    source.py      where jobs come from: several queues, first one first, none lost
    reins.py       what parent and horse say to each other
    fallen.py      what becomes of a job whose horse has died
    trouble.py     which failures of Redis pass, and waiting for that
    quarantine.py  jobs that nobody can read
    context.py     what the application needs around each job
"""

from rqclock.worker.worker import Worker

__all__ = ["Worker"]
