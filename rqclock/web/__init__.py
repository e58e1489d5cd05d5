"""The web process: schedules in plain words and rq-dashboard, behind one door.

`gunicorn -c python:rqclock.gunicorn_settings`, or `rqclock.web:create_app()` in any WSGI server
"""

from __future__ import annotations

from rqclock.web.app import console, create_app
from rqclock.web.users import User

__all__ = ["User", "console", "create_app"]
