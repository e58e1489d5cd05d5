"""What JSON has no word for, and jobs carry all the same: dates, instants, UUIDs and decimals, as tagged objects.

`{"__rqclock__": "date", "value": "2027-01-01"}` is plain JSON: a worker that knows nothing of rqclock
(`rq worker -S json`) hands this object to the job as the dict that it is. An instant keeps its offset from UTC, not the
name of its zone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

TAG, VALUE = "__rqclock__", "value"

READ: dict[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "uuid": UUID,
    "decimal": Decimal,
}


def tag(value: Any) -> dict[str, str]:
    """For `json.dumps(default=…)`. Raises TypeError."""
    if type(value) is datetime:
        return {TAG: "datetime", VALUE: value.isoformat()}
    if type(value) is date:
        return {TAG: "date", VALUE: value.isoformat()}
    if type(value) is UUID:
        return {TAG: "uuid", VALUE: str(value)}
    if type(value) is Decimal and value.is_finite():
        return {TAG: "decimal", VALUE: str(value)}
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def untag(found: dict[str, Any]) -> Any:
    """For `json.loads(object_hook=…)`. Raises ValueError for a tag that nobody wrote."""
    if TAG not in found:
        return found
    read = READ.get(str(found[TAG]))
    if read is None or set(found) != {TAG, VALUE} or not isinstance(found[VALUE], str):
        raise ValueError(f"a tagged value that cannot be read: {str(found)[:100]}")
    try:
        return read(found[VALUE])
    except ArithmeticError:
        raise ValueError(f"a tagged value that cannot be read: {str(found)[:100]}") from None


def plain(value: Any) -> Any:
    """The value with its tags, as any JSON writer takes it."""
    return json.loads(json.dumps(value, default=tag))


def lifted(value: Any) -> Any:
    """What `plain` was made of."""
    return json.loads(json.dumps(value), object_hook=untag)
