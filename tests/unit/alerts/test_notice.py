"""What people and programs read of an alert."""

from __future__ import annotations

import json
from dataclasses import replace

from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import CLOCK_SILENT, JOBS_FAILED, KINDS, NOT_FINISHED
from rqclock.alerts.notice import Alert, Sender

NOW = 1_800_000_000.0
SENDER = Sender("providers", "production", "https://clock.example/console")


def alert(finding: Finding) -> Alert:
    return Alert.of(finding, NOW)


LATE = alert(
    Finding(
        NOT_FINISHED, True, "default", "weekly-report", "weekly report, north", NOW - 600, NOW - 60,
        "weekly report, north has not finished in time: due 07:50; running since 07:50",
    )
)  # fmt: skip


def test_an_alert_says_where_what_and_what_to_do_and_links_to_its_page() -> None:
    text = SENDER.alert(LATE)["text"]
    assert text.startswith("[providers production] weekly report, north has not finished in time: due 07:50;")
    assert f"To do: {NOT_FINISHED.to_do}" in text
    assert text.endswith(" https://clock.example/console/schedules/default/weekly%20report%2C%20north")


def test_without_an_address_of_the_console_there_is_no_link() -> None:
    notice = Sender().alert(LATE)
    assert notice["url"] is None
    assert "http" not in notice["text"] and not notice["text"].startswith("[")


def test_programs_get_fields_that_json_carries() -> None:
    notice = json.loads(json.dumps(SENDER.alert(LATE)))
    assert (notice["event"], notice["kind"], notice["schedule"]) == ("alert", "not-finished", "weekly report, north")
    assert (notice["due"], notice["since"]) == ("2027-01-15T07:50:00Z", "2027-01-15T07:59:00Z")
    assert notice["id"] == "not-finished:default:weekly-report:1800000000000:alert"


def test_the_end_says_how_long_it_took_and_belongs_to_its_alert() -> None:
    notice = SENDER.end(LATE, "weekly report, north has finished", NOW + 180)
    assert "back: weekly report, north has finished, after 4 min." in notice["text"]
    assert (notice["event"], notice["after_seconds"]) == ("back", 240)
    assert notice["id"] == "not-finished:default:weekly-report:1800000000000:back"


def test_links_lead_where_one_sees_more() -> None:
    assert SENDER.link(alert(Finding(CLOCK_SILENT, True, "default"))) == "https://clock.example/console/"
    assert SENDER.link(alert(Finding(JOBS_FAILED, True, subject="mail"))).endswith("/console/jobs?state=failed")


def test_every_kind_says_what_to_do_under_the_name_by_which_the_runbook_has_it() -> None:
    for slug, kind in KINDS.items():
        assert kind.to_do.endswith(".") and kind.slug == slug


def test_no_word_of_the_machinery_reaches_people() -> None:
    said = " ".join(kind.to_do for kind in KINDS.values()).lower()
    assert not [word for word in ("tick", "ledger", "lease", "reaper", "fold") if word in said.split()]


def test_an_error_that_names_everybody_calls_nobody() -> None:
    loud = replace(LATE, text="report failed for good: KeyError: <!channel> @everyone <@U1> me@example.org")
    text = SENDER.alert(loud)["text"]
    assert not [call for call in ("<!channel", "@everyone", "<@U1") if call in text]
    assert "me@example.org" in text


def test_many_of_a_kind_are_named_in_one_notice() -> None:
    notice = SENDER.alert(LATE, others=[f"report {n}" for n in range(12)])
    assert notice["title"] == "weekly report, north has not finished in time, and 12 more"
    assert "Likewise 12 more: report 0, report 1," in notice["text"] and "report 9, …." in notice["text"]
    assert len(notice["others"]) == 12
