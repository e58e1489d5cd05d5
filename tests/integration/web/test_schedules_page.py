from __future__ import annotations

import re
import time
from html import unescape

import pytest
import redis as redis_py

from rqclock import Clock
from tests.integration.web import chores
from tests.integration.web.conftest import As
from tests.integration.web.timetables import Led
from tests.support.waiting import clear_of

NOW = int(time.time())
WORDS_OF_THE_CODE = re.compile(r"\b(tick|ticks|ledger|lease|reaper|janitor|gap|fold|epoch|cursor)\b", re.IGNORECASE)


def text_of(html: str) -> str:
    """What a reader of the page reads, titles included."""
    titles = " ".join(re.findall(r'(?:title|aria-label)="([^"]*)"', html))
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", "", html.partition("<main")[2], flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body) + titles))


@pytest.fixture
def led(redis: redis_py.Redis) -> Led:
    clear_of(3600)  # what is of today stays so
    clock = Clock(timezone="Europe/London")
    clock.every("10 minutes").enqueue(chores.sweep)
    clock.every("working day", at="10:35", name="morning post", owner="Post room").enqueue(chores.spill)
    clock.every("hour", at=":15", name="off duty", enabled=False).enqueue(chores.sweep)
    clock.every("minute", name="<img src=x onerror=alert(1)>", description="<script>alert(2)</script>").enqueue(
        chores.sweep
    )
    return Led(redis, clock, began=NOW - 30 * 86400)


def test_a_schedule_stands_there_with_its_words_its_zone_and_its_next_run(led: Led, as_: As) -> None:
    page = text_of(as_("viewer").get("/").text)
    assert "chores.sweep every 10 minutes Sweep the floor in " in page
    assert "morning post every working day at 10:35, London time Spill the ink · Post room in " in page
    assert re.search(r"10:35 (GMT|BST)", page)
    assert "off duty" in page and "switched off" in page


def test_a_run_that_went_well_and_one_that_failed_are_told_apart_in_words(led: Led, as_: As) -> None:
    led.decide("chores.sweep", None, None)
    led.decide("morning post", None)
    led.work()
    page = text_of(as_("viewer").get("/").text)
    assert "Last 2 runs, oldest first: ran 2 times" in page
    assert "Last run: failed" in page
    assert "OSError: the ink is on the floor <b>now</b>" in page
    assert "1 went wrong last time" in page


def test_why_a_run_did_not_take_place_stands_there(led: Led, as_: As) -> None:
    led.decide("chores.sweep", "missed", why="no clock was running")
    led.decide("morning post", "skipped", why="holiday: Christmas Day")
    page = text_of(as_("viewer").get("/").text)
    assert "missed" in page and "no clock was running" in page
    assert "skipped" in page and "holiday: Christmas Day" in page


def test_a_run_under_way_does_not_hide_how_the_last_one_ended(led: Led, as_: As) -> None:
    led.decide("morning post", None)
    led.work()
    led.decide("morning post", None)
    page = text_of(as_("viewer").get("/").text)
    assert "waiting in the queue" in page and "OSError" in page and "1 went wrong last time" in page


def test_a_paused_schedule_says_by_whom_and_why(led: Led, as_: As, redis: redis_py.Redis) -> None:
    slug = led.schedule("morning post").slug
    redis.hset(led.keys.named("paused"), slug, '{"by": "Ann", "why": "the register is down"}')
    assert "paused by Ann: the register is down" in text_of(as_("viewer").get("/").text)


def test_the_page_says_which_clock_leads_and_how_many_stand_by(led: Led, as_: As) -> None:
    page = text_of(as_("viewer").get("/").text)
    assert f"Clock: running on {led.lease.host} since today" in page and "standing by: 0" in page


def test_a_silent_clock_is_announced_with_the_time_of_its_last_sign(led: Led, as_: As) -> None:
    led.fall_silent()
    page = text_of(as_("viewer").get("/").text)
    assert re.search(r"The clock is silent since (today|yesterday) \d\d:\d\d", page)
    assert "Clock: running" not in page


def test_a_queue_on_which_nobody_works_is_announced(led: Led, as_: As, redis: redis_py.Redis) -> None:
    redis.sadd("rq:workers", "rq:worker:one")
    redis.hset("rq:worker:one", mapping={"state": "idle", "queues": "default", "birth": "x"})
    page = text_of(as_("viewer").get("/").text)
    assert "No worker works on the queue mail" in page


def test_before_the_first_clock_the_page_says_what_to_do(as_: As) -> None:
    assert "There is no timetable yet" in text_of(as_("viewer").get("/").text)


def test_two_clocks_on_one_redis_are_shown_apart(led: Led, as_: As, redis: redis_py.Redis) -> None:
    other = Clock(timezone="Asia/Kolkata", name="other service")
    other.every("day", at="07:00", name="morning post").enqueue(chores.sweep)
    Led(redis, other, began=NOW)
    viewer = as_("viewer")
    page = text_of(viewer.get("/").text)
    assert "every day at 07:00, Kolkata time" in page and "every working day at 10:35, London time" in page
    assert "Kolkata time" in viewer.get("/schedules/other-service/morning%20post").text
    assert "London time" in viewer.get("/schedules/default/morning%20post").text


def test_one_schedule_lists_its_runs_with_times_and_a_link_to_each_job(led: Led, as_: As) -> None:
    (due,) = led.decide("morning post", None)
    led.work()
    html = as_("viewer").get("/schedules/default/morning%20post").text
    page = text_of(html)
    assert "Post room" in page and "tests.integration.web.chores.spill" in page and "test_schedules_page.py:" in page
    assert re.search(r"10:35 (GMT|BST) failed , the job of", page)
    job = f'href="/job/morning-post_{time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(due))}"'
    assert job in html


def test_a_schedule_that_is_not_there_is_a_404_that_says_so(led: Led, as_: As) -> None:
    for path, said in (
        ("/schedules/default/nothing", "There is no schedule &#39;nothing&#39;"),
        ("/schedules/nowhere/morning%20post", "There is no Clock &#39;nowhere&#39;"),
    ):
        answer = as_("viewer").get(path)
        assert answer.status_code == 404 and said in answer.text


def test_hostile_names_and_descriptions_are_text(led: Led, as_: As) -> None:
    for path in ("/", "/schedules/default/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"):
        answer = as_("viewer").get(path)
        assert answer.status_code == 200
        assert "<img src=x" not in answer.text and "<script>alert" not in answer.text
        assert "&lt;img src=x onerror=alert(1)&gt;" in answer.text


def test_pages_speak_to_people_not_in_the_words_of_the_code(led: Led, as_: As) -> None:
    led.decide("chores.sweep", None, "missed", "skipped", "refused")
    led.decide("morning post", None)
    led.work()
    for path in ("/", "/schedules/default/morning%20post", "/schedules/default/chores.sweep"):
        assert WORDS_OF_THE_CODE.findall(text_of(as_("viewer").get(path).text)) == []
    led.fall_silent()
    assert WORDS_OF_THE_CODE.findall(text_of(as_("viewer").get("/").text)) == []


def test_colour_is_never_the_only_sign(led: Led, as_: As) -> None:
    led.decide("chores.sweep", None, "missed", "skipped", "refused")
    led.work()
    html = as_("viewer").get("/").text
    marks = re.findall(r'class="mark (\w+)" title="([^"]+)"><svg[^>]*><path d="([^"]+)"', html)
    assert [title.split(": ")[1].split(",")[0] for _, title, _ in marks] == [
        "ran",
        "missed",
        "skipped",
        "could not be queued",
    ]
    assert len({(tone, shape) for tone, _, shape in marks}) == 4


def test_the_changing_part_is_not_sent_again_while_nothing_changed(as_: As) -> None:
    viewer = as_("viewer")
    first = viewer.get("/?live=1")
    assert first.status_code == 200 and "<html" not in first.text
    again = viewer.get("/?live=1", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.data == b""


def test_the_changing_part_is_sent_when_it_changed(led: Led, as_: As) -> None:
    viewer = as_("viewer")
    tag = viewer.get("/?live=1").headers["ETag"]
    led.decide("chores.sweep", "missed")
    answer = viewer.get("/?live=1", headers={"If-None-Match": tag})
    assert answer.status_code == 200 and "missed" in answer.text
