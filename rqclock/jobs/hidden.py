"""The recorded error of a job as it may be shown: a worker of RQ's own job class writes the whole of it."""

from __future__ import annotations

import json
import zlib

from rqclock.masks import MASK, mask_values, secret_values

MOST = 4 * 2**20  # bytes of arguments; a job that carries more was not written by us


def masked(error: str, *, sensitive: str, data: bytes | None) -> str:
    """`sensitive` and `data` are what stands in the job's hash. Arguments that can't be read may be anywhere in it.

    >>> masked("no", sensitive="", data=None)
    'no'
    """
    if not sensitive:
        return error
    try:
        where = json.loads(sensitive)
        _, _, args, kwargs = json.loads(zlib.decompressobj().decompress(data or b"", MOST))
        return mask_values(error, secret_values(where, args, kwargs))
    except (ValueError, TypeError, AttributeError, zlib.error, RecursionError):
        return MASK
