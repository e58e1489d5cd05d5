"""Which Redis `rqclock dev` may use, and what its processes see."""

from __future__ import annotations

import pytest

from rqclock.dev.environment import Page, check_remote, environment, on_loopback
from rqclock.errors import ConfigurationError

PAGE = Page(5050, "token", "key")
OURS = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1:6379", "redis://127.9.9.9", "redis://localhost/1", "redis://[::1]:6379", "unix:///a.sock"],
)
def test_this_machines_own_redis_needs_no_yes(url: str) -> None:
    check_remote(url, allowed=False)


@pytest.mark.parametrize("url", ["redis://10.0.0.1", "rediss://u:secret@cache.example:6380", "redis://0.0.0.0:6379"])
def test_another_machines_redis_needs_a_yes(url: str) -> None:
    with pytest.raises(ConfigurationError, match="--yes-remote") as refused:
        check_remote(url, allowed=False)
    assert "secret" not in str(refused.value)
    check_remote(url, allowed=True)


def test_a_project_without_a_sample_has_no_database_url_at_all() -> None:
    outer = {"DATABASE_URL": "postgresql://live.example", "HOME": "/home/ann"}
    seen = environment(outer, redis_url=OURS, database_url=None, page=PAGE)
    assert "DATABASE_URL" not in seen
    assert seen["HOME"] == "/home/ann"


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        ("gunicorn --bind 0.0.0.0:$PORT app", "gunicorn --bind 127.0.0.1:$PORT app"),
        ("gunicorn --bind [::]:$PORT app", "gunicorn --bind 127.0.0.1:$PORT app"),
        ("python clock.py", "python clock.py"),
    ],
)
def test_a_command_for_every_address_is_run_for_this_one(command: str, seen: str) -> None:
    assert on_loopback(command) == seen
