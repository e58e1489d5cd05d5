"""The web process: schedules in plain words and rq-dashboard, behind one door.

`gunicorn --no-control-socket 'rqclock.web:create_app()'`
"""

from __future__ import annotations

from rqclock.web.app import create_app

__all__ = ["create_app"]
