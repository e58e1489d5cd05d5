"""Settings of `rq worker -c rqclock.rq_settings` (or RQ_CONFIG), from the variables that all our processes read."""

from __future__ import annotations

import os
import sys

from rqclock.errors import ConfigurationError
from rqclock.settings import Settings

try:
    _settings = Settings.read(os.environ)
except ConfigurationError as error:
    sys.exit(f"rqclock: {error}")

REDIS_URL = _settings.redis_url
QUEUES = list(_settings.queues)
