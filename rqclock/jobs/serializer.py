"""Jobs as JSON. A pickle is recognised by its bytes, and refused unless allowed: whoever writes it runs code here."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from rqclock.jobs.tagged import TAG, tag, untag

LARGEST = 1_000_000  # characters of a job's arguments: every copy of the job is held in Redis's memory
PICKLE_PROTOCOL_MARK = b"\x80"  # every pickle since protocol 2 begins with it; no JSON text does


PLAIN = (str, int, float, bool, type(None))


class PickleRefused(ValueError):
    """A pickled job on a queue whose worker reads JSON only."""


def dumps(value: Any) -> bytes:
    """JSON, as RQ's own JSONSerializer writes it, so that `rq worker -S json` reads it; dates and their kin are tagged.

    Raises TypeError.
    """
    return json.dumps(value, default=tag).encode()


def loads(data: bytes) -> Any:
    """What JSON bytes say; pickled ones only where RQCLOCK_ALLOW_PICKLE=1. Raises ValueError."""
    if data[:1] == PICKLE_PROTOCOL_MARK:
        return _unpickle(data)
    return json.loads(data.decode(), object_hook=untag if TAG.encode() in data else None)


def _unpickle(data: bytes) -> Any:
    if os.environ.get("RQCLOCK_ALLOW_PICKLE") != "1":
        raise PickleRefused("this job is a pickle and this worker reads JSON; set RQCLOCK_ALLOW_PICKLE=1 to run both")
    import pickle

    return pickle.loads(data)


class JobSerializer:
    """The pair in the shape that RQ asks for."""

    dumps: Callable[[Any], bytes] = staticmethod(dumps)
    loads: Callable[[bytes], Any] = staticmethod(loads)


def why_not_json(value: Any) -> str | None:
    """Why JSON would not carry `value` as it is (a tuple would come back as a list, an int key as text), or None."""
    try:
        if _is_larger(value, LARGEST * 2):  # hundreds of megabytes are not even written
            return f"it is more than {LARGEST * 2 / 1e6:g} MB, {LARGEST / 1e6:g} MB is the limit: pass where it is kept"
        written = json.dumps(value, allow_nan=False, default=tag)
        if len(written) > LARGEST:
            return f"it is {len(written) / 1e6:.1f} MB, and {LARGEST / 1e6:g} MB is the limit: pass where it is kept"
        carried = json.loads(written, object_hook=untag)
    except (TypeError, ValueError, RecursionError) as error:
        return str(error)
    return (
        None if _same(value, carried) else "it would arrive as another type (a tuple as a list, a number key as text)"
    )


def _is_larger(value: Any, most: int) -> bool:
    """Whether its texts alone are more than `most`; a list that holds itself is."""
    texts, rest = 0, [value]
    while rest and texts <= most:
        found = rest.pop()
        if isinstance(found, str | bytes):
            texts += len(found)
        elif isinstance(found, Mapping):
            rest += [*found, *found.values()]
        elif isinstance(found, list):
            rest += found
        texts += 2
    return texts > most


def _same(sent: Any, arrived: Any) -> bool:
    if isinstance(sent, Mapping):
        return (
            isinstance(arrived, dict)
            and list(sent) == list(arrived)
            and all(map(_same, sent.values(), arrived.values()))
        )
    if isinstance(sent, list):
        return len(sent) == len(arrived) and all(map(_same, sent, arrived))
    return type(sent) is type(arrived) and (isinstance(sent, PLAIN) or bool(sent == arrived))
