"""A form's request token: pressed twice, or sent again after a lost reply, a form does its work once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from rqclock.errors import RqclockError
from rqclock.store.replies import text
from rqclock.web.state import connection, settings

LIFE = 24 * 3600  # seconds in which a second press is known as one
TOKEN = re.compile(r"[0-9a-f]{24}")
UNDER_WAY = "This was sent before and is being done. The activity page shows what came of it."


def new_token() -> str:
    return secrets.token_hex(12)


def once(token: str, act: Callable[[], str]) -> str:
    """What `act` says it did; for a token that came before, what it said then.

    When Redis fails in the middle the token stays used: nobody can tell what was written, and a person should look
    before pressing again. Raises RqclockError where the form has no token, or `act` refuses (then nothing was done).
    """
    if not TOKEN.fullmatch(token):
        raise RqclockError("the form names no request: load the page again")
    key = f"{settings().key_prefix}:web:once:{token}"
    if not connection().set(key, b"", nx=True, ex=LIFE):
        return text(connection().get(key) or b"") or UNDER_WAY
    try:
        said = act()
    except RqclockError:
        connection().delete(key)
        raise
    connection().set(key, said.encode(), ex=LIFE)
    return said
