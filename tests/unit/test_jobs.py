"""`@job`: how a function is run, said once above it."""

from __future__ import annotations

import functools
import inspect
from datetime import datetime, timedelta
from typing import Any

import pytest
from rq import Retry

from rqclock.errors import ConfigurationError
from rqclock.jobs.decorator import JobOptions, job, options_of, path_of
from rqclock.jobs.option_values import back_off, belongs_above
from tests.support import jobs


def options(**said: Any) -> JobOptions:

    def anything() -> None: ...

    return options_of(job(**said)(anything))


def test_a_function_under_job_is_still_that_function() -> None:
    def double(n: int) -> int:
        """Twice."""
        return 2 * n

    decorated = job(queue="sums")(double)
    assert decorated(4) == 8
    assert decorated.__doc__ == "Twice."
    assert path_of(jobs.retried) == "tests.support.jobs.retried"


def test_job_may_stand_without_parentheses() -> None:
    @job
    def double(n: int) -> int:
        return 2 * n

    assert double(4) == 8
    assert options_of(double) == JobOptions("default", 180)


def test_the_queue_in_the_place_where_rq_takes_it_is_refused_with_the_right_words() -> None:
    with pytest.raises(ConfigurationError, match=r"@job\('mail'\): say @job\(queue='mail'\)"):
        job("mail")  # type: ignore[call-overload]


def test_a_function_without_job_runs_as_rq_would_run_it() -> None:
    assert options_of(jobs.plain) == JobOptions("default", 180)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(90, 90), ("90", 90), ("10m", 600), ("1h", 3600), ("2H", 7200), (timedelta(minutes=2), 120), (-1, -1)],
)
def test_a_timeout_is_seconds_or_rqs_text_or_a_timedelta(said: Any, seconds: int) -> None:
    assert options(timeout=said).timeout == seconds


def test_the_lives_of_results_take_the_same_forms() -> None:
    found = options(result_ttl="1h", failure_ttl=timedelta(days=1), ttl=60)
    assert (found.result_ttl, found.failure_ttl, found.ttl) == (3600, 86400, 60)


def test_a_fraction_of_a_second_is_rounded_up_so_that_it_is_not_none() -> None:
    assert options(timeout=timedelta(milliseconds=200)).timeout == 1


def test_a_number_of_retries_waits_longer_each_time() -> None:
    found = options(retry=3)
    assert (found.retries, found.intervals) == (3, (10, 20, 40))
    assert back_off(20)[-1] == 3600


def test_rqs_own_retry_is_taken_as_it_is() -> None:
    found = options(retry=Retry(max=2, interval=[5, 6]))
    assert (found.retries, found.intervals) == (2, (5, 6))


def test_no_retry_is_no_retry() -> None:
    assert options(retry=None) == options()
    assert (options(retry=0).retries, options().retries) == (0, None), "0 is said, None leaves it to the schedule"
    assert options(retry=0).retry() is options().retry() is None


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"timeout": "soon"}, "timeout='soon'"),
        ({"timeout": 0}, "more than 0"),
        ({"timeout": None}, "more than 0"),
        ({"timeout": []}, "more than 0|timeout="),
        ({"ttl": 0}, "more than 0"),
        ({"ttl": -5}, "more than 0"),
        ({"result_ttl": "for ever"}, "result_ttl='for ever'"),
        ({"queue": ""}, "queue needs a name"),
        ({"queue": "  "}, "queue needs a name"),
        ({"queue": None}, "queue needs a name"),
        ({"retry": -1}, "retry=-1"),
        ({"retry": True}, "retry=True"),
        ({"retry": "3"}, "retry='3'"),
        ({"tries": 3}, "'tries'"),
        ({"description": 5}, "description"),
    ],
)
def test_what_rq_would_refuse_later_is_refused_above_the_function(said: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigurationError, match=line):
        job(**said)


def test_an_unknown_option_is_told_what_was_perhaps_meant() -> None:
    with pytest.raises(ConfigurationError, match='did you mean "failure_ttl"'):
        job(failure_tll=5)


def test_a_long_value_is_cut_in_the_line_that_refuses_it() -> None:
    value = list(range(3000))
    assert len(belongs_above("retry", value) or "") < 200
    for said in ({"retry": value}, {"timeout": value}, {"sensitive": value}, {"queue": value}, {"description": value}):
        with pytest.raises(ConfigurationError, match=r"\[0, 1, 2, .*…\)") as caught:
            job(**said)  # type: ignore[call-overload]
        assert len(str(caught.value)) < 250


def test_a_planned_run_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        jobs.retried.enqueue_at(datetime(2027, 1, 1))


def test_a_call_that_could_only_fail_in_a_worker_is_refused_where_it_is_made() -> None:
    with pytest.raises(TypeError, match=r"tests.support.jobs.once\(\).*: too many positional arguments"):
        jobs.once.enqueue("north")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="missing a required argument: 'n'"):
        job()(jobs_double).enqueue()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"enqueue_in\(5\): say a timedelta"):
        jobs.once.enqueue_in(5)  # type: ignore[arg-type]


def jobs_double(n: int) -> int:
    return 2 * n


@pytest.mark.parametrize("names", [("emial",), ("name", "emial"), ["emial"]])
def test_a_sensitive_argument_that_the_function_does_not_have_is_refused_above_it(names: Any) -> None:
    def send(name: str, email: str) -> None: ...

    line = r"@job\(sensitive=…\): .*send takes no argument 'emial'; did you mean \"email\"\?$"
    with pytest.raises(ConfigurationError, match=line):
        job(sensitive=names)(send)


def test_sensitive_arguments_of_whatever_kind_are_taken() -> None:
    def send(name: str, /, email: str, *, token: str) -> None: ...

    def wrapper(*args: Any, **kwargs: Any) -> None: ...

    def keywords(name: str, **kwargs: Any) -> None: ...

    assert options_of(job(sensitive=("name", "email", "token"))(send)).sensitive == ("name", "email", "token")
    for function in (wrapper, keywords):
        assert options_of(job(sensitive=("email",))(function)).sensitive == ("email",)


@pytest.mark.parametrize("name", ["args", "kwargs"])
def test_what_gathers_arguments_cannot_be_hidden_as_a_whole(name: str) -> None:
    def send(*args: Any, **kwargs: Any) -> None: ...

    with pytest.raises(ConfigurationError, match=f"'{name}' of .*send gathers arguments and cannot be hidden"):
        job(sensitive=(name,))(send)


def test_sensitive_arguments_of_a_function_that_was_wrapped_are_those_of_the_inner_one() -> None:
    def send(email: str) -> None: ...

    @functools.wraps(send)
    def wrapper(*args: Any) -> None: ...

    assert options_of(job(sensitive=("email",))(wrapper)).sensitive == ("email",)
    with pytest.raises(ConfigurationError, match="'emial'"):
        job(sensitive=("emial",))(wrapper)


def test_a_sensitive_argument_may_be_one_that_a_decorator_takes_by_name() -> None:
    def send(name: str) -> None: ...

    @functools.wraps(send)
    def notified(*args: Any, email: str | None = None, **kwargs: Any) -> None: ...

    @functools.wraps(notified)
    def logged(*args: Any, **kwargs: Any) -> None: ...

    for function in (notified, logged):
        assert options_of(job(sensitive=("email", "name"))(function)).sensitive == ("email", "name")
        with pytest.raises(ConfigurationError, match="takes no argument 'emial'; did you mean \"email\""):
            job(sensitive=("emial",))(function)


def test_what_a_decorator_gathers_is_not_meant() -> None:
    def send(name: str) -> None: ...

    @functools.wraps(send)
    def logged(*args: Any, **kwargs: Any) -> None: ...

    with pytest.raises(ConfigurationError, match=r"takes no argument 'args'$"):
        job(sensitive=("args",))(logged)


def test_an_argument_of_a_decorator_that_may_be_given_by_position_is_not_said_to_be_hidden() -> None:
    def send(name: str) -> None: ...

    @functools.wraps(send)
    def notified(email: str, *args: Any) -> None: ...

    with pytest.raises(ConfigurationError, match=r"'email' is an argument of a decorator of .*send: make it keyword-"):
        job(sensitive=("email",))(notified)


def test_a_function_that_wraps_itself_holds_up_no_look_at_its_arguments() -> None:
    def send(email: str) -> None: ...

    send.__signature__ = inspect.signature(send)  # type: ignore[attr-defined]
    send.__wrapped__ = send  # type: ignore[attr-defined]
    assert options_of(job(sensitive=("email",))(send)).sensitive == ("email",)
    with pytest.raises(ConfigurationError, match="'emial'"):
        job(sensitive=("emial",))(send)


class Sender:
    def __call__(self, email: str) -> None: ...


@pytest.mark.parametrize(("function", "named"), [(functools.partial(jobs_double), "partial"), (Sender(), "Sender")])
def test_a_sensitive_argument_that_a_nameless_callable_does_not_have_is_refused_in_one_line(
    function: Any, named: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"@job\(sensitive=…\): {named} takes no argument 'emial'"):
        job(sensitive=("emial",))(function)


def test_where_no_signature_can_be_read_any_name_may_be_sensitive() -> None:
    def send(email: str) -> None: ...

    send.__signature__ = "none"  # type: ignore[attr-defined]  # as an extension in C may leave it
    assert options_of(job(sensitive=("anything",))(send)).sensitive == ("anything",)
