"""The same jobs for Celery, and a way to queue them: `python -m bench.celery_app nothing 2000`, or `stamp 1`."""

from __future__ import annotations

import os
import sys

from celery import Celery  # type: ignore[import-not-found, import-untyped, unused-ignore]

from bench import work

URL = os.environ["REDIS_URL"]
app = Celery("bench", broker=URL, backend=URL)
app.conf.update(task_acks_late=True, result_expires=500, worker_prefetch_multiplier=1)

nothing = app.task(name="nothing")(work.nothing)
stamp = app.task(name="stamp")(work.stamp)


def main(task: str, times: int) -> None:
    """Queue the job so often; of `stamp`, each when a line comes on standard input, and say when that was."""
    if task == "nothing":
        for number in range(times):
            nothing.delay(number)
        return
    import time

    for _ in sys.stdin:
        asked = time.time()
        stamp.delay(URL)
        print(asked, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
