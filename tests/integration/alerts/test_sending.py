"""Notices on their way to real endpoints, good ones and bad ones."""

from __future__ import annotations

import hashlib
import hmac
import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from rqclock.acts.activity import Entry
from rqclock.alerts.delivery import Delivery
from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import CLOCK_SILENT, NOT_FINISHED
from rqclock.alerts.mail import Mail
from rqclock.alerts.notice import Alert, Sender
from rqclock.alerts.register import Message, Register
from rqclock.alerts.webhook import NotSent, Ping, Webhook
from tests.support.alert_receivers import Dripping, Endpoint, Mailbox, black_hole
from tests.support.certificates import Authority

NOW = 1_800_000_000.0
TO = ("ops@example.org", "night@example.org")
FINDING = Finding(NOT_FINISHED, True, "default", "report", "Bericht für Süd", NOW, NOW, "Bericht für Süd: zu spät")
NOTICE = Sender("providers", "qa", "https://clock.example").alert(Alert.of(FINDING, NOW))


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


def post(url: str, secret: str = "") -> None:
    Webhook(url, secret, now=lambda: NOW).send(NOTICE)


# --- the webhook


def test_a_webhook_gets_json_with_a_text_that_chat_tools_show(endpoint: Endpoint) -> None:
    post(f"{endpoint.url}/services/T0/B0?x=1")
    [call] = endpoint.calls
    assert (call.method, call.path) == ("POST", "/services/T0/B0?x=1")
    assert call.headers["Content-Type"].startswith("application/json")
    assert call.notice["text"].startswith("[providers qa] Bericht für Süd: zu spät. To do: ")
    assert call.notice == NOTICE
    assert "X-Rqclock-Signature" not in call.headers


def test_a_receiver_can_verify_who_sent_it_and_when(endpoint: Endpoint) -> None:
    post(endpoint.url, secret="s3cret")
    [call] = endpoint.calls
    stamp = call.headers["X-Rqclock-Timestamp"]
    expected = hmac.new(b"s3cret", stamp.encode() + b"." + call.body, hashlib.sha256).hexdigest()
    assert stamp == "1800000000"
    assert call.headers["X-Rqclock-Signature"] == f"v1={expected}"


def test_a_redirect_is_not_followed_with_what_we_signed(endpoint: Endpoint) -> None:
    other = Endpoint()
    endpoint.status, endpoint.location = 307, f"{other.url}/stolen"
    with pytest.raises(NotSent, match="answers with a redirect, which is not followed"):
        post(endpoint.url, secret="s3cret")
    assert other.calls == []
    other.close()


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
def test_an_answer_that_is_no_success_is_told_without_the_address(endpoint: Endpoint, status: int) -> None:
    endpoint.status = status
    with pytest.raises(NotSent) as error:
        post(f"{endpoint.url}/services/T0/B0/topsecret")
    assert str(error.value) == f"{endpoint.url.removeprefix('http://')} answers {status}"


def test_an_address_where_nothing_listens_is_told_without_its_secret() -> None:
    with pytest.raises(NotSent) as error:
        post("http://user:hunter2@127.0.0.1:9/services/topsecret")
    assert str(error.value) == "127.0.0.1:9: cannot be reached"


def test_one_that_speaks_no_tls_is_told_so(endpoint: Endpoint) -> None:
    with pytest.raises(NotSent, match="its certificate cannot be verified, or it speaks no TLS"):
        post(endpoint.url.replace("http:", "https:"))


# --- the ping


def test_a_monitor_is_told_of_start_success_and_failure(endpoint: Endpoint) -> None:
    ping = Ping(f"{endpoint.url}/key/{{schedule}}?create=1")
    for event in ("start", "success", "fail"):
        ping.send({"schedule": "weekly-report", "event": event})
    ends = ("/start", "", "/fail")
    assert endpoint.paths() == [f"/key/weekly-report{end}?create=1" for end in ends]


def test_a_monitor_that_does_not_know_the_schedule_of_a_test_was_reached_all_the_same(endpoint: Endpoint) -> None:
    endpoint.status = 404
    ping = Ping(f"{endpoint.url}/key/{{schedule}}")
    ping.send({"schedule": "rqclock-test", "event": "test"})
    with pytest.raises(NotSent, match="answers 404"):
        ping.send({"schedule": "weekly-report", "event": "start"})


# --- e-mail


def tls(authority: Authority) -> ssl.SSLContext:
    """What a server on this machine shows."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.certificate("127.0.0.1"))
    return context


def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Likewise, and this process trusts it."""
    authority = Authority(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return tls(authority)


def test_an_email_says_the_same_to_all_addresses() -> None:
    mailbox = Mailbox()
    Mail(mailbox.url, TO, "clock@example.org").send(NOTICE)
    mailbox.close()
    [message] = mailbox.messages
    assert (message["To"], message["From"]) == ("ops@example.org, night@example.org", "clock@example.org")
    assert message["Subject"] == "[providers qa] Bericht für Süd"
    assert "Bericht für Süd: zu spät. To do:" in message.get_content()
    assert "https://clock.example/schedules/default/" in message.get_content()
    assert message["Auto-Submitted"] == "auto-generated"


def test_one_address_that_is_refused_keeps_it_from_no_other_and_brings_it_to_none_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mailbox = Mailbox()
    mailbox.refused = [TO[0]]
    Mail(mailbox.url, TO, "clock@example.org").send(NOTICE)
    assert len(mailbox.messages) == 1 and f"refused {TO[0]}" in caplog.text
    mailbox.refused = list(TO)
    with pytest.raises(NotSent, match=f"it refused {TO[0]}, {TO[1]}"):
        Mail(mailbox.url, TO, "clock@example.org").send(NOTICE)
    mailbox.close()


def test_a_name_with_a_line_break_makes_no_header_of_its_own() -> None:
    mailbox = Mailbox()
    Mail(mailbox.url, TO[:1], "clock@example.org").send(NOTICE | {"title": "late\r\nBcc: thief@example.org"})
    mailbox.close()
    [message] = mailbox.messages
    assert message["Bcc"] is None
    assert message["Subject"] == "[providers qa] late  Bcc: thief@example.org"


def test_a_password_goes_over_tls_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = trusted(tmp_path, monkeypatch)
    mailbox = Mailbox(password="hunter2", tls=server)
    Mail(f"smtp://clock:hunter2@{mailbox.address}", TO, "clock@example.org").send(NOTICE)
    mailbox.close()
    assert mailbox.users == ["clock"] and len(mailbox.messages) == 1


def test_a_server_without_tls_gets_no_password() -> None:
    mailbox = Mailbox()
    with pytest.raises(NotSent, match="it offers no STARTTLS, and a password is not sent in clear"):
        Mail(f"smtp://clock:hunter2@{mailbox.address}", TO, "clock@example.org").send(NOTICE)
    mailbox.close()
    assert mailbox.users == [] and mailbox.messages == []


def test_a_server_whose_certificate_nobody_knows_gets_no_password(tmp_path: Path) -> None:
    server = tls(Authority(tmp_path))
    mailbox = Mailbox(password="hunter2", tls=server)
    with pytest.raises(NotSent, match="its certificate cannot be verified"):
        Mail(f"smtp://clock:hunter2@{mailbox.address}", TO, "clock@example.org").send(NOTICE)
    mailbox.close()
    assert mailbox.users == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_smtps_is_tls_from_the_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = trusted(tmp_path, monkeypatch)
    mailbox = Mailbox(password="hunter2", tls=server, at_once=True)
    Mail(f"smtps://clock:hunter2@{mailbox.address}", TO, "clock@example.org").send(NOTICE)
    mailbox.close()
    assert mailbox.users == ["clock"] and len(mailbox.messages) == 1


def test_a_wrong_password_is_told_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = trusted(tmp_path, monkeypatch)
    mailbox = Mailbox(password="right", tls=server)
    with pytest.raises(NotSent) as error:
        Mail(f"smtp://clock:wrong@{mailbox.address}", TO, "clock@example.org").send(NOTICE)
    mailbox.close()
    assert str(error.value) == f"{mailbox.address}: it refused the user name or password in SMTP_URL"


# --- a mail server that is too slow


@contextmanager
def dripping(at: str, tls: ssl.SSLContext | None = None) -> Iterator[Dripping]:
    server = Dripping(at, tls)
    yield server
    server.close()


def too_slow(server: Dripping) -> str:
    return f"{server.address}: it is too slow: an e-mail must be sent within 0.5 s"


@pytest.mark.parametrize("at", ["", "EHLO", "MAIL", "RCPT", "DATA", "."])
def test_a_mail_server_that_drips_its_replies_is_left_at_the_deadline(at: str) -> None:
    with dripping(at) as server, pytest.raises(NotSent) as error:
        Mail(server.url, TO, "clock@example.org", longest=0.5).send(NOTICE)
    assert str(error.value) == too_slow(server)
    assert server.hung_up.wait(30)  # it keeps no thread and no connection either
    assert server.taken == []


@pytest.mark.parametrize("at", ["", "EHLO", "AUTH", "."])
def test_one_that_drips_over_tls_is_left_as_well(at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with dripping(at, trusted(tmp_path, monkeypatch)) as server, pytest.raises(NotSent) as error:
        Mail(server.url, TO, "clock@example.org", longest=0.5).send(NOTICE)
    assert str(error.value) == too_slow(server)
    assert server.hung_up.wait(30)


def test_an_email_that_was_taken_is_sent_however_slow_the_good_bye_is() -> None:
    with dripping("QUIT") as server:
        Mail(server.url, TO, "clock@example.org", longest=3).send(NOTICE)
        assert server.hung_up.wait(30)
    assert len(server.taken) == 1


# --- delivery


class Post:
    """A register with one alert in it."""

    def __init__(self, redis: redis_py.Redis, *channels: str) -> None:
        self.register = Register(redis, "rq")
        self.redis = redis
        finding = Finding(CLOCK_SILENT, True, "default", text="no clock leads")
        notice = Sender().alert(Alert.of(finding, NOW))
        self.register.raise_(finding, notice, channels=channels, now=NOW, entry=Entry("alert", "rqclock"))

    def delivery(self, channel: Any) -> Delivery:
        return Delivery(channel, self.redis, self.register)


def test_what_could_not_be_sent_is_tried_again_until_it_arrives(redis: redis_py.Redis, endpoint: Endpoint) -> None:
    delivery = Post(redis, "webhook").delivery(Webhook(endpoint.url))
    endpoint.status = 503
    assert delivery.step(NOW)
    assert not delivery.step(NOW + 1)
    endpoint.status = 200
    assert delivery.step(NOW + 3)
    assert not delivery.step(NOW + 3600)
    assert len(endpoint.calls) == 2


def test_after_a_quarter_of_an_hour_it_is_given_up_with_a_line_that_holds_no_secret(
    redis: redis_py.Redis, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    delivery = Post(redis, "webhook").delivery(Webhook(f"{endpoint.url}/topsecret"))
    endpoint.status = 500
    caplog.set_level(logging.INFO, "rqclock.alerts")
    tried = sum(delivery.step(NOW + second) for second in range(0, 1800, 2))
    assert 8 <= tried == len(endpoint.calls)
    assert "was given up: by webhook it could not be sent" in caplog.records[-1].getMessage()
    assert "topsecret" not in caplog.text


def test_a_mail_server_that_drips_costs_one_try_with_one_line_and_the_next_try_arrives(
    redis: redis_py.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    post = Post(redis, "email")
    with dripping("MAIL") as slow:
        assert post.delivery(Mail(slow.url, TO, "clock@example.org", longest=0.5)).step(NOW)
    [line] = [record.getMessage() for record in caplog.records if record.name == "rqclock.alerts"]
    assert line.endswith(f"could not be sent by email: {too_slow(slow)}")
    mailbox = Mailbox()
    well = post.delivery(Mail(mailbox.url, TO, "clock@example.org"))
    assert not well.step(NOW + 1)
    assert well.step(NOW + 3)
    mailbox.close()
    assert len(mailbox.messages) == 1


def test_the_end_is_not_told_before_its_alert(redis: redis_py.Redis, endpoint: Endpoint) -> None:
    post = Post(redis, "webhook")
    delivery = post.delivery(Webhook(endpoint.url))
    endpoint.status = 503
    delivery.step(NOW)
    [seen] = post.register.open().values()
    notice = Sender().end(seen[0], "a clock leads", NOW + 1)
    post.register.end(seen, notice, channels=["webhook"], now=NOW + 1, entry=Entry("alert over", "rqclock"))
    endpoint.status = 200
    moment = NOW + 1
    while delivery.step(moment) or moment < NOW + 10:
        moment += 0.5
    assert [call.notice["event"] for call in endpoint.calls] == ["alert", "alert", "back"]


def test_an_endpoint_that_never_answers_delays_no_other_channel(redis: redis_py.Redis, endpoint: Endpoint) -> None:
    with black_hole() as port:
        post = Post(redis, "webhook")
        stuck = post.delivery(Webhook(f"http://127.0.0.1:{port}/"))
        stuck.start()  # it is at its first try for as long as its timeout, ten seconds
        began = time.monotonic()
        redis.zadd("rq:alerts:due:ping", {"ping:x": NOW * 1000})
        redis.hset("rq:alerts:outbox", "ping:x", _ping())
        assert post.delivery(Ping(f"{endpoint.url}/{{schedule}}")).step(NOW)
        assert endpoint.paths() == ["/report/start"]
        assert time.monotonic() - began < 9


def _ping() -> str:
    return Message("ping:x", "ping", {"id": "x", "schedule": "report", "event": "start"}, NOW).packed()


def test_a_message_that_nobody_can_send_is_given_up_in_the_end(redis: redis_py.Redis, endpoint: Endpoint) -> None:
    delivery = Post(redis, "ping").delivery(Ping(f"{endpoint.url}/{{schedule}}"))
    raised = 0
    for second in range(0, 1800, 2):
        try:
            delivery.step(NOW + second)
        except KeyError:  # it is no ping
            raised += 1
    assert raised > 1 and redis.hlen("rq:alerts:outbox") == 0
