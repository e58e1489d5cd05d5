"""What `@job(…)` was given, read strictly: what RQ would refuse hours later is refused above the function."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from rqclock.errors import ConfigurationError, did_you_mean

LIVES = ("result_ttl", "failure_ttl", "ttl", "description", "max_attempts", "sensitive")
KNOWN = ("queue", "timeout", "retry", *LIVES)
LONGEST = 100  # characters of a value that a line shows
RQS_WORDS = {"job_timeout": "timeout", "retries": "retry", "queue_name": "queue"}


def read(queue: str, timeout: Any, lives: dict[str, Any]) -> dict[str, Any]:
    """The options but for retries, in seconds, as `JobOptions` takes them. Raises ConfigurationError."""
    unknown = sorted(set(lives) - set(LIVES))
    if unknown:
        near = did_you_mean(unknown[0], KNOWN) or f"; it takes {', '.join(KNOWN)}"
        raise ConfigurationError(f"@job does not know {unknown[0]!r}{near}")
    if not isinstance(queue, str) or not queue.strip():
        raise ConfigurationError(f"@job(queue={_shown(queue)}): a queue needs a name")
    if not isinstance(lives.get("description") or "", str):
        raise ConfigurationError(f"@job(description={_shown(lives['description'])}): say a text")
    seconds = {name: _seconds(name, lives[name]) for name in LIVES[:3] if lives.get(name) is not None}
    run_for = _seconds("timeout", timeout)
    if run_for == 0 or seconds.get("ttl", 1) <= 0:
        raise ConfigurationError("@job: timeout and ttl must be more than 0 seconds (timeout=-1 means no limit)")
    most = {"max_attempts": _max_attempts(lives["max_attempts"])} if "max_attempts" in lives else {}
    own = {"description": lives.get("description"), "sensitive": _sensitive(lives.get("sensitive", ()))}
    return {"queue": queue, "timeout": run_for, **seconds, **most, **own}


def retries(retry: Any) -> tuple[int | None, tuple[int, ...]]:
    """How many further attempts, and the seconds between them. Raises ConfigurationError."""
    if retry is None:
        return None, ()
    if isinstance(retry, int) and not isinstance(retry, bool) and retry >= 0:
        return retry, back_off(retry)
    if hasattr(retry, "max") and hasattr(retry, "intervals"):
        return int(retry.max), tuple(retry.intervals)
    raise ConfigurationError(
        f"@job(retry={_shown(retry)}): say a number of further attempts, or rq.Retry(max=…, interval=…)"
    )


def back_off(retries: int) -> tuple[int, ...]:
    """Pauses that double from 10 s to at most an hour.

    >>> back_off(4)
    (10, 20, 40, 80)
    """
    return tuple(min(10 * 2**attempt, 3600) for attempt in range(retries))


def belongs_above(option: str, value: Any) -> str | None:
    """Where an option of `@job` belongs that stands elsewhere, in words; None if it is none.

    >>> belongs_above("job_timeout", 30), belongs_above("colour", "red")
    ('job_timeout belongs above the function: @job(timeout=30)', None)
    """
    name = RQS_WORDS.get(option, option)
    if name not in KNOWN:
        return None
    said = _shown(value) if isinstance(value, int | str | tuple | list) else "…"
    return f"{option} belongs above the function: @job({name}={said})"


def _shown(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"


def _sensitive(names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f'@job(sensitive={_shown(names)}): say names of arguments: sensitive=("email",)')
    return tuple(names)


def _max_attempts(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ConfigurationError(f"@job(max_attempts={_shown(value)}): say how often it may lose its worker, 1 or more")


def _seconds(name: str, value: Any) -> int:
    from rq.utils import parse_timeout

    try:
        return math.ceil(value.total_seconds()) if isinstance(value, timedelta) else int(parse_timeout(value) or 0)
    except Exception:  # RQ raises a different class for each way to be wrong
        raise ConfigurationError(
            f'@job({name}={_shown(value)}): say seconds, or a text such as "10m" or "1h"'
        ) from None
