from __future__ import annotations

import os

from django.contrib.contenttypes.models import ContentType
from django.db import connection

from rqclock import job


@job()
def backend() -> list[int]:
    """This process, and the server's process that serves it; through the ORM's own connection."""
    assert ContentType._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return [os.getpid(), cursor.fetchone()[0]]


@job()
def broken() -> None:
    """Leaves its connection in a failed transaction."""
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")
