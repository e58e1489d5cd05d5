"""Settings of the web process: `gunicorn -c python:rqclock.gunicorn_settings`.

Gunicorn itself reads PORT (it then listens on every address, else on 127.0.0.1:8000) and WEB_CONCURRENCY (how many
processes; one). Its command line and GUNICORN_CMD_ARGS win over this file, so `--threads 8` and an application of
one's own that mounts the console, `gunicorn -c python:rqclock.gunicorn_settings app:wsgi`, need no other file.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask
from gunicorn.errors import AppImportError
from gunicorn.glogging import Logger

from rqclock import logs
from rqclock.errors import ConfigurationError
from rqclock.masks import MASK
from rqclock.web import create_app

SHARED_MEMORY = "/dev/shm"
PROBES = ("/livez", "/metrics")
_QUERY = re.compile(r"(/[^\s?'\"]*)\?[^\s'\"]+")


class NoQuery(logging.Filter):
    """Gunicorn's own errors name the address asked for; a query may hold the code or token of a sign-in."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _QUERY.sub(rf"\1?{MASK}", record.getMessage()), ()
        return True


class Lines(Logger):  # type: ignore[misc]
    """One line a request, with its facts as fields and without its query, referrer, cookies or headers."""

    def access(self, resp: Any, req: Any, environ: Mapping[str, Any], request_time: timedelta) -> None:
        path = str(environ["RAW_URI"]).partition("?")[0]  # as sent: a decoded line break could forge a line
        status = int(str(resp.status).split(None, 1)[0])
        if _is_noise(path, status):
            return
        facts = {
            "method": environ["REQUEST_METHOD"],
            "path": path,
            "status": status,
            "seconds": round(request_time.total_seconds(), 4),
            "bytes": resp.sent,
            "client": environ.get("REMOTE_ADDR", ""),
        }
        self.access_log.info("%s %s %d", facts["method"], path, status, extra=facts)


def application() -> Flask:
    """The console. A setting that cannot be used ends gunicorn with one line: without this it would be a traceback."""
    logs.warn_of_unknown()
    try:
        return create_app()
    except ConfigurationError as error:
        raise AppImportError(f"rqclock: {error}") from None


def _is_noise(path: str, status: int) -> bool:
    """Probes that went well, every few seconds; and under `rqclock dev` all requests, beside the lines of jobs."""
    return (path in PROBES and status < 400) or os.environ.get("RQCLOCK_DEVELOPMENT") == "1"


def _logging() -> dict[str, Any]:
    told = logs.config("web")
    told["filters"]["no query"] = {"()": NoQuery}
    told["loggers"]["gunicorn.error"]["filters"] = ["no query"]
    return told


logging.captureWarnings(True)  # else Python's warnings are plain text amid the JSON lines

wsgi_app = "rqclock.gunicorn_settings:application()"
logger_class = Lines
logconfig_dict = _logging()
worker_class = "gthread"
threads = 4
# A restart of a process by its control socket is the platform's business, and its file would need a writable home.
control_socket_disable = True
# Each process touches a file as its sign of life. On a disk that is busy that takes seconds, and gunicorn kills it;
# and in a container whose files are read-only there may be no other folder to write to.
worker_tmp_dir = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
# Load balancers keep connections for a minute; one that gunicorn closes first is a 502 for somebody.
keepalive = 75
graceful_timeout = 25  # seconds; platforms kill after 30
