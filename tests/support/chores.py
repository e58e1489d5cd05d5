"""Jobs of the tests of workers. What they do can be seen in files, or in Redis."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path
from typing import Any

from rq import Retry, get_current_job

from rqclock import job


def add(a: int, b: int = 0) -> int:
    return a + b


def note(file: str, text: str = "ran") -> None:
    """Append a line."""
    with Path(file).open("a") as lines:
        lines.write(f"{text}\n")


def horse(file: str) -> None:
    """Note the process that runs it."""
    note(file, str(os.getpid()))


def say(text: str) -> None:
    logging.getLogger("services.chores").info(text)


def fail(text: str = "the door is shut") -> None:
    raise ValueError(text)


def fail_twice(file: str) -> str:
    note(file)
    if len(Path(file).read_text().split()) < 3:
        raise ValueError("not yet")
    return "at last"


def ask_for_retry(file: str) -> Any:
    note(file)
    return Retry(max=2) if len(Path(file).read_text().split()) < 2 else "done"


def name_type(value: Any) -> str:
    return type(value).__name__


async def later() -> str:
    return "awaited"


def slow(file: str, seconds: float = 30.0) -> str:
    """Begins, waits, ends; each noted."""
    note(file, f"begun {os.getpid()}")
    time.sleep(seconds)
    note(file, "ended")
    return "slept"


def held(file: str, end: str) -> None:
    """Begins, and ends when there is a file `end`; both noted."""
    note(file, f"begun {os.getpid()}")
    while not Path(end).exists():
        time.sleep(0.01)
    note(file, "ended")


def hold(file: str, gate: str) -> str:
    """Begins, waits until there is a file `gate`, ends; each noted."""
    note(file, f"begun {os.getpid()}")
    while not Path(gate).exists():
        time.sleep(0.01)
    note(file, "ended")
    return "let go"


def deaf(file: str, seconds: float = 60.0) -> None:
    """Cannot be interrupted, like code in C that never returns to Python."""
    note(file, f"begun {os.getpid()}")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGTERM, signal.SIGINT})
    time.sleep(seconds)


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    raise SystemExit(3)


def remember() -> None:
    job = get_current_job()
    assert job is not None
    job.meta["seen"] = job.id
    job.save_meta()


def records() -> dict[str, Any]:
    """What Redis holds of the job that runs: fields, places, and lives in seconds."""
    job = get_current_job()
    assert job is not None
    redis: Any = job.connection
    worker = f"rq:worker:{job.worker_name}"
    [entry] = redis.zrange("rq:wip:default", 0, -1)
    execution = f"rq:execution:{entry.decode()}"
    return {
        "job": sorted(name.decode() for name in redis.hkeys(job.key)),
        "status": redis.hget(job.key, "status").decode(),
        "execution": sorted(name.decode() for name in redis.hkeys(execution)),
        "names it": redis.hget(execution, "worker_name").decode() == job.worker_name,
        "of the job": redis.zrange(f"rq:executions:{job.id}", 0, -1) == [entry.rpartition(b":")[2]],
        "of the worker": redis.smembers(f"{worker}:executions") == {entry},
        "worker": redis.hget(worker, "state").decode(),
        "taken": redis.lrange("rq:queue:default:intermediate", 0, -1),
        "job lives": redis.ttl(job.key),
        "execution lives": redis.ttl(execution) > 60,
        "both indexes live": min(map(redis.ttl, (f"{worker}:executions", f"rq:executions:{job.id}"))) > 75,
    }


def change_signals() -> None:
    """What a careless library does."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def on_success(job: Any, connection: Any, result: Any) -> None:
    connection.set("on_success", f"{job.id} {result}")


def on_failure(job: Any, connection: Any, kind: Any, value: Any, trace: Any) -> None:
    connection.set("on_failure", f"{job.id} {kind.__name__}")


def on_stopped(job: Any, connection: Any) -> None:
    connection.set("on_stopped", job.id)


def handle(job: Any, *error: Any) -> bool:
    """An exception handler of RQ's."""
    job.connection.set("handled", f"{job.id} {error[0].__name__}")
    return True


def letter(name: str, email: str = "") -> None:
    """Fails with an argument in its error, and in a line of its log."""
    logging.getLogger("services.letters").warning("no letter to %s", email)
    raise ValueError(f"{email} bounced")


letter = job(sensitive=("email",))(letter)


def open_latin_1() -> None:
    """Fails over a file whose name is no UTF-8."""
    raise ValueError(os.fsdecode(b"caf\xe9.csv"))


def fork_and_return() -> None:
    """Leaves a second process behind that comes back from the job as if it were the first."""
    os.fork()
