"""RQ's serialiser inside a request of ours: JSON, and nothing but JSON.

rq-dashboard fetches jobs with RQ's default serialiser at places that its own switch does not reach, and RQ unpickles
a job's `meta` and `result` by merely fetching it: whoever can write to Redis would run code in the web process by
being looked at. The class itself is changed, so that every way to it is covered; outside of our requests it stays
what it was, since the process may belong to an application with pickles of its own.
"""

from __future__ import annotations

import json
import pickle
from functools import partial
from typing import Any

from flask import current_app, has_request_context
from rq.serializers import DefaultSerializer

_pickle_dumps = partial(pickle.dumps, protocol=pickle.HIGHEST_PROTOCOL)


def install() -> None:
    """Change RQ's default serialiser. Doing it again changes nothing."""
    DefaultSerializer.loads = staticmethod(_loads)
    DefaultSerializer.dumps = staticmethod(_dumps)


def _is_ours() -> bool:
    return has_request_context() and "rqclock" in current_app.extensions


def _loads(data: bytes) -> Any:
    return json.loads(data.decode()) if _is_ours() else pickle.loads(data)


def _dumps(value: Any) -> bytes:
    return json.dumps(value).encode() if _is_ours() else _pickle_dumps(value)
