"""Sending by e-mail."""

from __future__ import annotations

import logging
import smtplib
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import ExitStack
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from rqclock.alerts.deadline import LONGEST, within
from rqclock.alerts.mail_session import Session, TlsSession
from rqclock.alerts.webhook import NotSent, host_of

log = logging.getLogger("rqclock.alerts")
PORTS = {"smtp": 25, "smtps": 465}
TITLE_LENGTH = 150


class Mail:
    """Sends notices to some addresses through one server: `smtps://`, or `smtp://` with STARTTLS when it names a user
    (a password never goes in clear) or when the server offers it. `longest` is how many seconds all of it may take."""

    name = "email"

    def __init__(self, url: str, to: tuple[str, ...], sender: str = "", *, longest: float = LONGEST) -> None:
        self._url = urlsplit(url)
        self._to = to
        self._sender = sender
        self._longest = longest

    @property
    def where(self) -> str:
        return f"{', '.join(self._to)} by {host_of(self._url.geturl())}"

    def send(self, notice: Mapping[str, Any]) -> None:
        """Raises NotSent."""
        until = time.monotonic() + self._longest
        try:
            # The session ends itself; the thread is for what it cannot: names that are slow to resolve, many addresses.
            server, refused = within(self._longest, partial(self._deliver, notice, until))
        except smtplib.SMTPAuthenticationError:
            raise NotSent(f"{self._host}: it refused the user name or password in SMTP_URL") from None
        except (OSError, smtplib.SMTPException) as error:
            slow = f"it is too slow: an e-mail must be sent within {self._longest:g} s"
            raise NotSent(f"{self._host}: {slow if time.monotonic() >= until else _why(error)}") from None
        server.leave()
        if refused:  # sending it again would bring it twice to those whom it took
            log.error("an e-mail was sent, but %s refused %s", self._host, ", ".join(refused))

    @property
    def _host(self) -> str:
        return host_of(self._url.geturl())

    def _deliver(self, notice: Mapping[str, Any], until: float) -> tuple[Session, Mapping[str, Any]]:
        """The session, still open, once the server has taken the e-mail; and whom it refused."""
        with ExitStack() as stack:
            server = self._server(until)
            stack.callback(server.leave)
            self._sign_in(server)
            refused = server.send_message(self._message(notice))
            stack.pop_all()
        return server, refused

    def _server(self, until: float) -> Session:
        host, port = self._url.hostname or "", self._url.port or PORTS[self._url.scheme]
        if self._url.scheme == "smtps":
            return TlsSession(host, port, until=until, context=ssl.create_default_context())
        return Session(host, port, until=until)

    def _sign_in(self, server: smtplib.SMTP) -> None:
        user = self._url.username
        server.ehlo()
        if self._url.scheme == "smtp" and (user or server.has_extn("starttls")):
            # Unasked, it only keeps listeners out: a server that wants no password is often a relay with a name of
            # its own making, and an alert must not be lost over that.
            server.starttls(context=ssl.create_default_context() if user else _unverified())
            server.ehlo()
        if user:
            server.login(unquote(user), unquote(self._url.password or ""))

    def _message(self, notice: Mapping[str, Any]) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = _title(notice)
        # Asked for here and not before: where names are slow to resolve, no process may start late for it.
        message["From"] = sender = self._sender or f"rqclock@{socket.getfqdn()}"
        message["To"] = ", ".join(self._to)
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # so that no absence note answers
        message["X-Rqclock-Id"] = str(notice["id"]).encode("ascii", "replace").decode()
        message.set_content(_body(notice))
        return message


def _title(notice: Mapping[str, Any]) -> str:
    names = " ".join(str(notice[name]) for name in ("service", "environment") if notice.get(name))
    title = (f"[{names}] " if names else "") + str(notice["title"])
    return "".join(letter if letter.isprintable() else " " for letter in title)[:TITLE_LENGTH]


def _body(notice: Mapping[str, Any]) -> str:
    facts = ("kind", "schedule", "due", "since", "at", "clock", "id")
    lines = [f"{name}: {notice[name]}" for name in facts if notice.get(name)]
    return "\n".join([str(notice["text"]), "", *lines, ""])


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"[:200]
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it offers no STARTTLS, and a password is not sent in clear: use smtps://"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"it refused {', '.join(error.recipients)}"
    if isinstance(error, ssl.SSLError):
        return "its certificate cannot be verified, or it speaks no TLS"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it hung up, or did not answer in time"
    return "no answer in time" if isinstance(error, TimeoutError) else "cannot be reached"
