"""Log lines: JSON with the names that people filter by, and nothing that must not be read."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from rq import Queue

from rqclock import Job, job
from rqclock.logs import config, during, hide, set_up, wants_json
from rqclock.masks import mask_urls

Lines = Callable[[], list[str]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Lines]]:
    """Sets logging up as a process does; answers what reads the lines."""
    root, level = logging.getLogger(), logging.getLogger().level
    kept = root.handlers[:]
    of_rq = logging.getLogger("rq.worker")
    of_rq.setLevel(logging.NOTSET)  # a worker that ran in this process has set its own

    def begin(form: str, process: str = "worker") -> Lines:
        monkeypatch.setenv("RQCLOCK_LOG", form)
        logging.config.dictConfig(config(process))
        return lambda: capsys.readouterr().out.splitlines()

    yield begin
    root.handlers[:], root.level = kept, level


def only(read: Lines) -> dict[str, Any]:
    (line,) = read()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_line_names_process_service_environment_and_release(
    lines: Callable[..., Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RQCLOCK_SERVICE", "apply")
    monkeypatch.setenv("RQCLOCK_ENVIRONMENT", "qa")
    monkeypatch.setenv("RQCLOCK_RELEASE", "2027-01-01.1")
    read = lines("json", "clock")
    logging.getLogger("services.applications").info("2 providers chased")
    found = only(read)
    assert found.pop("at").startswith("20")
    assert found == {
        "level": "INFO",
        "logger": "services.applications",
        "message": "2 providers chased",
        "process": "clock",
        "service": "apply",
        "environment": "qa",
        "release": "2027-01-01.1",
    }


def test_lines_of_a_job_carry_its_facts(lines: Callable[..., Lines]) -> None:
    read = lines("json")
    with during({"job_id": "a_1", "schedule": "a", "attempt": 2}):
        logging.getLogger("anything").info("in the job", extra={"duration": 0.25})
    found = only(read)
    assert (found["job_id"], found["schedule"], found["attempt"], found["duration"]) == ("a_1", "a", 2, 0.25)


@pytest.mark.parametrize("name", ["rq.worker", "gunicorn.error", "gunicorn.access", "services.mail"])
def test_every_logger_goes_the_same_way(lines: Callable[..., Lines], name: str) -> None:
    read = lines("json", "web")
    logging.getLogger(name).info("hello")
    assert only(read)["logger"] == name


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_password_in_a_url_and_a_secret_of_the_job_are_masked_in_messages_and_tracebacks(
    lines: Callable[..., Lines], form: str
) -> None:
    read = lines(form)
    hide(["amira@example.org"])
    try:
        raise ValueError("redis://user:s3cret@host/0 for amira@example.org")
    except ValueError:
        logging.getLogger("x").exception("postgres://u:s3cret@db/x amira@example.org", extra={"arguments": ["a"]})
    finally:
        hide([])
    text = "\n".join(read())
    assert "s3cret" not in text and "amira" not in text and "[masked]" in text and "arguments" not in text


def test_the_first_line_is_of_a_setting_that_is_mistyped(
    lines: Callable[..., Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = lines("json", "clock")
    set_up("clock")
    assert read() == []
    monkeypatch.setenv("RQCLOCK_LEAS", "9")
    set_up("clock")
    found = only(read)
    assert (found["level"], found["message"]) == (
        "WARNING",
        'RQCLOCK_LEAS is no setting; did you mean "RQCLOCK_LEASE"?',
    )


def test_at_a_terminal_and_in_development_people_read_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RQCLOCK_LOG", "")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert wants_json()
    monkeypatch.setenv("RQCLOCK_DEVELOPMENT", "1")
    assert not wants_json()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("redis://:pa:ss@h:1/0", "redis://:[masked]@h:1/0"),
        ("rediss://u:p%40x@h", "rediss://u:[masked]@h"),
        ("http://h:80/a@b", "http://h:80/a@b"),
        ("no url: a:b@c", "no url: a:b@c"),
    ],
)
def test_only_passwords_are_masked(text: str, masked: str) -> None:
    assert mask_urls(text) == masked


@job(sensitive=("email",))
def welcome(name: str, email: str) -> None: ...


def made(*args: Any, **kwargs: Any) -> Job:
    return Queue(connection=redis.Redis(), job_class=Job).create_job(welcome, args=args, kwargs=kwargs)  # type: ignore[return-value]


@pytest.mark.parametrize("job", [made("Amira", "a@example.org"), made("Amira", email="a@example.org")])
def test_a_sensitive_argument_is_neither_in_the_description_nor_forgotten_by_who_reads_the_job(job: Job) -> None:
    assert "Amira" in str(job.description) and "example.org" not in str(job.description)
    assert job.secrets == ["a@example.org"]
    assert json.loads(job.to_dict()["sensitive"]) == {"args": [1], "kwargs": ["email"]}


def test_the_project_wide_list_holds_for_every_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RQCLOCK_SENSITIVE", "phone, name")
    job = made("Amira", email="x@example.org")
    assert "Amira" not in str(job.description) and sorted(job.secrets) == ["Amira", "x@example.org"]


def test_a_name_alone_is_no_list_of_names() -> None:
    with pytest.raises(Exception, match=r'sensitive=\("email",\)'):
        job(sensitive="email")
