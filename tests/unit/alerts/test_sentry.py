"""What is taken out of an event before it is sent."""

from __future__ import annotations

import sys
from typing import Any

from rqclock.sentry import Scrub, secrets_of
from rqclock.settings import Settings

HOOK = "https://hooks.example/services/T0/B0/topsecret?sig=alsosecret"


def scrub(event: dict[str, Any], **hint: Any) -> Any:
    settings = Settings(alert_webhook=HOOK, redis_url="rediss://:hunter2hunter2@redis.example/0")
    return Scrub(secrets_of(settings)).event(event, hint)


def test_secret_settings_are_masked_wherever_they_stand() -> None:
    event = {
        "logentry": {"message": f"POST {HOOK} failed", "params": ["rediss://:hunter2hunter2@redis.example/0"]},
        "breadcrumbs": {"values": [{"data": {"url": "https://hooks.example/services/T0/B0/topsecret"}}]},
    }
    text = str(scrub(event))
    assert "secret" not in text and "hunter2" not in text
    assert "https://hooks.example[masked]" in text


def test_a_breadcrumb_loses_them_too() -> None:
    crumb = {"category": "httplib", "data": {"url": HOOK.partition("?")[0], "http.query": "sig=alsosecret"}}
    cleaned = Scrub(secrets_of(Settings(alert_webhook=HOOK))).breadcrumb(crumb, {})
    assert "secret" not in str(cleaned)


def test_requests_lose_body_cookies_and_query_and_jobs_their_arguments() -> None:
    event = {
        "request": {"url": "https://clock.example/sign-in", "query_string": "code=1", "data": "a", "cookies": {}},
        "extra": {"rq-job": {"job_id": "a", "args": ["b"], "kwargs": {}, "description": "jobs.write('b')"}},
    }
    cleaned = scrub(event)
    assert cleaned["request"] == {"url": "https://clock.example/sign-in"}
    assert cleaned["extra"]["rq-job"] == {"job_id": "a"}


class Job:
    """As RQ's, on the way of an error."""

    func_name, id, secrets = "jobs.write", "letter-1", ["robin@school.example"]

    def perform(self) -> None:
        raise ValueError(f"nobody at {self.secrets[0]}")


def test_sensitive_arguments_of_the_job_that_raised_are_masked() -> None:
    try:
        Job().perform()
    except ValueError:
        hint = {"exc_info": sys.exc_info()}
    event = scrub({"exception": {"values": [{"value": "nobody at robin@school.example"}]}}, **hint)
    assert event["exception"]["values"][0]["value"] == "nobody at [masked]"
    assert event["tags"]["job_id"] == "letter-1"


def test_what_is_no_text_stays_as_it_is() -> None:
    assert scrub({"level": "error", "timestamp": 12.5, "n": None}) == {"level": "error", "timestamp": 12.5, "n": None}
