"""Actions on schedules: asked once, done once, written down; by role."""

from __future__ import annotations

import json
import re
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
import redis as redis_py
from flask.testing import FlaskClient

from rqclock import Clock
from rqclock.acts.activity import Entry, read
from rqclock.store.replies import text
from tests.integration.web import chores
from tests.integration.web.conftest import As
from tests.integration.web.pressing import HERE, hidden, press, said
from tests.integration.web.test_schedules_page import WORDS_OF_THE_CODE, text_of
from tests.integration.web.timetables import Led
from tests.support.waiting import clear_of

RUN, PAUSE, RESUME = "/run-now/default/sweeping", "/pause/default/sweeping", "/resume/default/sweeping"
SKIP, UNSKIP = "/skip-next/default/sweeping", "/run-after-all/default/sweeping"
BACKFILL = "/backfill/default/sweeping"
NEEDED = {RUN: "support", PAUSE: "support", RESUME: "support", SKIP: "support", UNSKIP: "support", BACKFILL: "admin"}
STRENGTH = ["", "viewer", "support", "admin"]


@pytest.fixture
def led(redis: redis_py.Redis) -> Led:
    clear_of(600)
    clock = Clock(timezone="Europe/London")
    clock.every("10 minutes", name="sweeping").enqueue(chores.sweep)
    clock.every("hour", name="by itself only", run_now=False).enqueue(chores.sweep)
    clock.on_demand("reindex").enqueue(chores.sweep)
    clock.on_demand("strict").enqueue(chores.spill)
    return Led(redis, clock, began=int(time.time()) - 7200)


def acts(redis: redis_py.Redis, led: Led) -> list[Entry]:
    return list(read(redis, led.keys))


def local_time(instant: float) -> str:
    """As the form sends it; the tests' zone is London."""
    from zoneinfo import ZoneInfo

    return datetime.fromtimestamp(instant, UTC).astimezone(ZoneInfo("Europe/London")).strftime("%Y-%m-%dT%H:%M")


def backfill_span(led: Led, person: FlaskClient) -> str:
    return f"{BACKFILL}?from={local_time(led.began)}&to={local_time(time.time() - 60)}"


@pytest.mark.fault("42", "each action by each role")
@pytest.mark.parametrize("role", [None, *STRENGTH])
def test_each_action_is_for_its_role_and_those_above_it(
    led: Led, as_: As, redis: redis_py.Redis, role: str | None
) -> None:
    for path, needed in NEEDED.items():
        may = role is not None and STRENGTH.index(role) >= STRENGTH.index(needed)
        looked, sent = as_(role).get(path), as_(role).post(path, headers=HERE)
        if may:
            assert looked.status_code == 200 and sent.status_code == 400, path  # no token of a page
        else:
            assert looked.status_code == (302 if role is None else 403), path
            assert sent.status_code in ((400, 401) if role is None else (400, 403)), path
    assert acts(redis, led) == [] and redis.llen("rq:queue:default") == 0


def test_a_viewer_who_has_a_page_token_may_still_not_act(led: Led, as_: As, redis: redis_py.Redis) -> None:
    viewer = as_("viewer")
    token = hidden(viewer.get("/").text)["csrf_token"]
    for path in NEEDED:
        answer = viewer.post(path, data={"csrf_token": token, "token": "0" * 24, "reason": "x"}, headers=HERE)
        assert answer.status_code == 403, path
    assert acts(redis, led) == [] and redis.llen("rq:queue:default") == 0


@pytest.mark.fault("41", "forms sent by another site, or without their token")
def test_what_another_site_sends_does_nothing(led: Led, as_: As, redis: redis_py.Redis) -> None:
    support = as_("support")
    fields = hidden(support.get(RUN).text)
    assert support.post(RUN, data=fields, headers={"Origin": "https://evil.example"}).status_code == 403
    assert support.post(RUN, data=fields | {"csrf_token": "x"}, headers=HERE).status_code == 400
    assert redis.llen("rq:queue:default") == 0


def test_the_buttons_are_there_for_those_who_may(led: Led, as_: As) -> None:
    page = "/schedules/default/sweeping"
    shown = {role: re.findall(r'class="button" href="([^"]+)"', as_(role).get(page).text) for role in STRENGTH[1:]}
    assert shown == {"viewer": [], "support": [RUN, PAUSE, SKIP], "admin": [RUN, PAUSE, SKIP, BACKFILL]}


def test_run_now_queues_the_job_once_however_often_it_is_pressed(led: Led, as_: As, redis: redis_py.Redis) -> None:
    support = as_("support")
    fields = hidden(support.get(RUN).text) | {"reason": "a customer waits"}
    first, second = (support.post(RUN, data=fields, headers=HERE) for _ in range(2))
    [job] = map(text, redis.lrange("rq:queue:default", 0, -1))
    assert said(support, first).startswith(f"Queued sweeping as {job}")
    assert second.status_code == 302
    [act] = acts(redis, led)
    assert (act.what, act.who, act.why, act.schedule) == (
        "run now",
        "support@example.org",
        "a customer waits",
        "sweeping",
    )
    assert act.where == "web, 127.0.0.1"


def test_the_page_that_asks_says_when_it_last_ran_and_whether_it_is_running(led: Led, as_: As) -> None:
    page = text_of(as_("support").get(RUN).text)
    assert "it has not run yet" in page and "it is not running" in page
    led.decide("sweeping", None)
    led.work()
    led.decide("sweeping", None)
    page = text_of(as_("support").get(RUN).text)
    assert re.search(r"Last run ran (today|yesterday) \d\d:\d\d", page) and "waiting in the queue due" in page
    assert "It will run a second time beside it" in page


@pytest.mark.fault("41", "GET of each action")
def test_looking_at_a_page_that_asks_does_nothing(led: Led, as_: As, redis: redis_py.Redis) -> None:
    before = redis.dbsize()
    for path in NEEDED:
        assert as_("admin").get(path).status_code == 200
    assert redis.dbsize() == before


def test_admins_may_run_it_with_other_arguments(led: Led, as_: As, redis: redis_py.Redis) -> None:
    press(as_("admin"), RUN, arguments='["north", {"deep": [1, 2]}]')
    [job] = map(text, redis.lrange("rq:queue:default", 0, -1))
    data = json.loads(zlib.decompress(cast("bytes", redis.hget(f"rq:job:{job}", "data"))))
    assert data[2] == ["north", {"deep": [1, 2]}]
    assert acts(redis, led)[0].detail["args"] == "others than the timetable's"


def test_the_timetables_own_arguments_are_no_other_arguments(led: Led, as_: As, redis: redis_py.Redis) -> None:
    press(as_("admin"), RUN, arguments="[]")
    assert "args" not in acts(redis, led)[0].detail


@pytest.mark.parametrize("typed", ["north", '"north"', "3", "[NaN]", "[" * 5000, '{"a": ' + '"x"' * 20_000 + "}"])
def test_arguments_that_no_job_can_carry_are_refused_beside_their_field(
    led: Led, as_: As, redis: redis_py.Redis, typed: str
) -> None:
    answer = press(as_("admin"), RUN, arguments=typed)
    assert answer.status_code == 422 and 'href="#arguments"' in answer.text and "<title>Error: " in answer.text
    assert redis.llen("rq:queue:default") == 0


def test_arguments_that_the_function_does_not_take_are_refused_beside_their_field(
    led: Led, as_: As, redis: redis_py.Redis
) -> None:
    answer = press(as_("admin"), "/run-now/default/strict", arguments='{"nope": 1}')
    assert answer.status_code == 422
    assert "got an unexpected keyword argument" in answer.text
    assert redis.llen("rq:queue:mail") == 0


def test_support_cannot_choose_the_arguments(led: Led, as_: As, redis: redis_py.Redis) -> None:
    support = as_("support")
    assert 'name="arguments"' not in support.get(RUN).text
    assert press(support, RUN, arguments='["north"]').status_code == 403
    assert redis.llen("rq:queue:default") == 0


def test_what_the_timetable_keeps_from_people_cannot_be_run_by_hand(led: Led, as_: As, redis: redis_py.Redis) -> None:
    assert as_("admin").get("/run-now/default/by%20itself%20only").status_code == 409
    assert "Run now" not in as_("admin").get("/schedules/default/by%20itself%20only").text
    assert redis.llen("rq:queue:default") == 0


def test_a_schedule_without_times_can_be_run_and_nothing_else(led: Led, as_: As) -> None:
    admin = as_("admin")
    page = admin.get("/schedules/default/reindex").text
    assert re.findall(r'class="button" href="([^"]+)"', page) == ["/run-now/default/reindex"]
    assert admin.get("/pause/default/reindex").status_code == 409
    assert press(admin, "/skip-next/default/reindex", reason="x").status_code == 422
    assert said(admin, press(admin, "/run-now/default/reindex")).startswith("Queued reindex as reindex_")


def test_a_pause_needs_a_reason_and_says_so_beside_the_field(led: Led, as_: As, redis: redis_py.Redis) -> None:
    answer = press(as_("support"), PAUSE, reason="  ")
    assert answer.status_code == 422 and 'href="#reason"' in answer.text and "<title>Error: " in answer.text
    assert 'aria-describedby="reason-hint reason-error"' in answer.text
    assert not redis.exists(led.keys.named("paused"))


def test_a_paused_schedule_queues_nothing_and_says_by_whom_and_why(led: Led, as_: As, redis: redis_py.Redis) -> None:
    support = as_("support")
    answer = press(support, PAUSE, reason="the register is down")
    assert "Paused sweeping until somebody resumes it" in said(support, answer)
    for path in ("/", "/schedules/default/sweeping"):
        assert "by support@example.org: the register is down" in text_of(as_("viewer").get(path).text)
    with pytest.raises(AssertionError):  # the clock's own script obeys: it decides otherwise
        led.decide("sweeping", None)
    assert redis.llen("rq:queue:default") == 0


def test_a_pause_can_end_by_itself(led: Led, as_: As, redis: redis_py.Redis) -> None:
    end = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT10:30")
    press(as_("support"), PAUSE, reason="x", until=end)
    pause = json.loads(text(redis.hget(led.keys.named("paused"), "sweeping")))
    assert datetime.fromtimestamp(pause["until"], UTC).minute == 30 and pause["until"] > time.time()


@pytest.mark.parametrize(
    "until",
    ["yesterday", "2020-01-01T10:00", "12:99", "0001-01-01T00:00", "9999-12-31T23:59", "9999-12-31T23:59-12:00"],
)
def test_an_end_that_cannot_be_is_refused_beside_its_field(
    led: Led, as_: As, redis: redis_py.Redis, until: str
) -> None:
    answer = press(as_("support"), PAUSE, reason="x", until=until)
    assert answer.status_code == 422 and 'href="#until"' in answer.text and 'value="x"' in answer.text
    assert not redis.exists(led.keys.named("paused"))


def test_resuming_shows_first_what_it_means(led: Led, as_: As, redis: redis_py.Redis) -> None:
    support = as_("support")
    redis.hset(led.keys.named("paused"), "sweeping", json.dumps({"by": "Ann", "why": "ink", "at": time.time() - 3600}))
    page = text_of(support.get(RESUME).text)
    assert "Paused by Ann 1 hour ago: ink" in page and "6 runs fell due meanwhile" in page and "next run is" in page
    assert said(support, press(support, RESUME)) == "Resumed sweeping."
    assert acts(redis, led)[0].what == "resumed" and "paused" not in text_of(support.get("/").text)


def test_the_next_run_can_be_left_out_and_let_be_after_all(led: Led, as_: As, redis: redis_py.Redis) -> None:
    support = as_("support")
    press(support, SKIP, reason="bank holiday")
    assert "left out: by support@example.org: bank holiday" in text_of(support.get("/schedules/default/sweeping").text)
    assert "after all" in said(support, press(support, UNSKIP))
    assert redis.hlen(led.keys.named("skips")) == 0
    assert [act.what for act in acts(redis, led)] == ["skip next taken back", "skip next"]


def test_another_run_than_the_one_that_was_seen_is_not_left_out(led: Led, as_: As, redis: redis_py.Redis) -> None:
    answer = press(as_("support"), SKIP, reason="x", tick="1")
    assert answer.status_code == 422 and "has begun meanwhile" in answer.text
    assert redis.hlen(led.keys.named("skips")) == 0


def test_past_runs_are_shown_first_and_then_queued_each_once(led: Led, as_: As, redis: redis_py.Redis) -> None:
    led.decide("sweeping", "missed", "skipped", None, why="clock was down")
    admin = as_("admin")
    span = backfill_span(led, admin)
    page = admin.get(span)
    assert "2 runs would be queued" in page.text and "1 stays as it is: queued then" in page.text
    assert redis.llen("rq:queue:default") == 1
    fields = hidden(page.text) | {"reason": "after the outage"}
    first, second = (admin.post(BACKFILL, data=fields, headers=HERE) for _ in range(2))
    assert said(admin, first) == "Queued 2 past runs of sweeping." and second.status_code == 302
    assert redis.llen("rq:queue:default") == 3
    assert [act.what for act in acts(redis, led)] == ["backfilled"]


def test_a_span_that_cannot_be_is_refused_beside_its_field(led: Led, as_: As) -> None:
    admin = as_("admin")
    answer = admin.get(f"{BACKFILL}?from=2026-11-23T10:00&to=2026-11-23T09:00")
    assert answer.status_code == 422 and 'href="#to"' in answer.text
    answer = admin.get(f"{BACKFILL}?from=x&to=")
    assert answer.status_code == 422 and 'href="#from"' in answer.text and 'href="#to"' in answer.text


def test_more_runs_than_a_page_can_wait_for_are_refused(led: Led, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rqclock.web.backfill.MOST", 2)
    led.decide("sweeping", "missed", "missed", "missed")
    answer = as_("admin").get(backfill_span(led, as_("admin")))
    assert answer.status_code == 422 and "more than 2 runs" in answer.text


def test_a_form_without_its_request_token_does_nothing(led: Led, as_: As, redis: redis_py.Redis) -> None:
    for token in ("", "x", "0" * 23, "G" * 24):
        answer = press(as_("support"), PAUSE, reason="x", token=token)
        assert answer.status_code == 422 and "load the page again" in answer.text
    assert not redis.exists(led.keys.named("paused"))


def test_a_schedule_that_has_left_the_timetable_cannot_be_acted_on(led: Led, as_: As) -> None:
    for path in NEEDED:
        assert as_("admin").get(path.replace("sweeping", "gone")).status_code == 404
        assert as_("admin").get(path.replace("default", "elsewhere")).status_code == 404


def test_the_page_of_a_former_name_leads_to_the_one_of_today(led: Led, as_: As, redis: redis_py.Redis) -> None:
    redis.hset(led.keys.named("renamed"), "dusting", "sweeping")
    admin = as_("admin")
    for path in ["/schedules/default/sweeping", *NEEDED]:
        answer = admin.get(path.replace("sweeping", "dusting") + "?reason=x%26y")
        assert (answer.status_code, answer.location) == (302, path + "?reason=x%26y")
    refused = admin.post(PAUSE.replace("sweeping", "dusting"), data=hidden(admin.get(PAUSE).text), headers=HERE)
    assert refused.status_code == 404 and "is called &#39;sweeping&#39; now" in refused.text
    assert not redis.exists(led.keys.named("paused"))


def test_the_pages_that_ask_speak_plain_words(led: Led, as_: As, redis: redis_py.Redis) -> None:
    led.decide("sweeping", "missed", "skipped", "refused", None)
    for path in [*NEEDED, backfill_span(led, as_("admin")), "/activity"]:
        assert WORDS_OF_THE_CODE.findall(text_of(as_("admin").get(path).text)) == [], path
