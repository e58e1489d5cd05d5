"""A small Django application whose connections are kept open for ever, as `CONN_MAX_AGE = None` says."""

from __future__ import annotations

import os


def setup() -> None:
    import django
    from django.conf import settings

    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "clock",
        "HOST": os.environ["PG_FOLDER"],
        "CONN_MAX_AGE": None,
    }
    settings.configure(DATABASES={"default": database}, INSTALLED_APPS=["django.contrib.contenttypes"])
    django.setup()
    from django.contrib.contenttypes.models import ContentType  # AppRegistryNotReady without the set-up
    from django.db import connection

    with connection.cursor() as cursor:  # a connection made before the fork
        cursor.execute("SELECT 1")
    assert ContentType
