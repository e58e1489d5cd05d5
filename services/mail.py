"""Handing one e-mail over: to the mail server of SMTP_URL (or _FILE), or without one to a file under var/outbox."""

from __future__ import annotations

import os
import smtplib
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from services.environment import secret

OUTBOX = Path("var/outbox")
PATIENCE = 20.0  # seconds that a mail server may take for one step


class Refused(Exception):
    """The mail server will not take this letter, though it may take others."""


def send(message: EmailMessage) -> str:
    """Deliver; answer where it went. Raises Refused, or OSError when nothing can be handed over at present."""
    address = secret("SMTP_URL")
    return _submit(message, server=urlsplit(address)) if address else _file(message)


def _file(message: EmailMessage) -> str:
    """Named after the Message-ID, so the same letter written twice is one file."""
    OUTBOX.mkdir(parents=True, exist_ok=True)
    path = OUTBOX / f"{message['Message-ID'].strip('<>').split('@')[0]}.eml"
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    unfinished.write_bytes(message.as_bytes())
    unfinished.replace(path)  # readers of the outbox see whole letters only
    return str(path)


def _submit(message: EmailMessage, *, server: SplitResult) -> str:
    with _connect(server) as connection:
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        try:
            connection.send_message(message)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as refusal:
            raise Refused(f"{message['Message-ID']}: {refusal}") from refusal
    return f"{message['Message-ID'].strip('<>')} by {server.hostname}"


def _connect(server: SplitResult) -> smtplib.SMTP:
    if server.scheme not in ("smtp", "smtps") or not server.hostname:
        raise ValueError("SMTP_URL must look like smtp://name:password@host:587 or smtps://host:465")
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(server.hostname, server.port or 465, timeout=PATIENCE)
    connection = smtplib.SMTP(server.hostname, server.port or 25, timeout=PATIENCE)
    if server.username:
        connection.starttls()  # a password never travels in the clear: a server without TLS is an error here
    return connection
