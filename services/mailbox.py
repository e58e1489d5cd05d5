"""Providers' replies: each .eml or .json file in var/inbox is one, and is moved on when it has been dealt with."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from services import letters
from services.applications import ANSWERS, UnknownApplication, decide

log = logging.getLogger(__name__)

INBOX = Path("var/inbox")
DONE = INBOX / "done"
UNREADABLE = INBOX / "unreadable"
SUBJECT = re.compile(r"\b(?P<reference>A[0-9][0-9-]*)\b.*\b(?P<answer>offer|reject)\b", re.IGNORECASE)


class UnreadableReply(Exception):
    """A file in the inbox that says neither which application it answers nor how."""


def check(at: datetime, *, set_aside: bool) -> str:
    """Record every reply in the inbox; the unreadable ones wait until all others are done.

    The first look raises UnreadableReply for them: the file may only be half written yet, and a person should see it.
    On a later look (`set_aside`) they are moved to var/inbox/unreadable instead, so one bad file blocks nothing.
    """
    unreadable: list[str] = []
    outcomes: list[str] = []
    for path in sorted(p for p in INBOX.glob("*") if p.suffix in READERS):
        try:
            reference, answer = _read(path)
            outcomes.append(decide(reference, answer=answer, at=at))
            log.info(outcomes[-1])
        except FileNotFoundError:
            continue  # another run was faster
        except (UnreadableReply, UnknownApplication) as problem:
            unreadable.append(f"{path}: {problem}")
            if set_aside:
                _move(path, to=UNREADABLE)
        else:
            _move(path, to=DONE)  # after the commit: a crash before it reads the reply once more, which changes nothing
    for kind in ANSWERS.values():
        letters.post(at, kind=kind)
    return _report(len(outcomes), unreadable=unreadable, set_aside=set_aside)


def _report(recorded: int, *, unreadable: list[str], set_aside: bool) -> str:
    summary = f"{recorded} replies recorded"
    if unreadable:
        problems = "; ".join(unreadable)
        if not set_aside:
            raise UnreadableReply(problems)
        log.warning("moved to %s: %s", UNREADABLE, problems)
        summary += f"; {len(unreadable)} unreadable, moved to {UNREADABLE}"
    return summary


def _read(path: Path) -> tuple[str, str]:
    """The application's reference and the answer. Raises UnreadableReply."""
    reference, answer = READERS[path.suffix](path.read_bytes())
    if answer.lower() not in ANSWERS:
        raise UnreadableReply(f"the answer must be {' or '.join(ANSWERS)}, not {answer!r}")
    return reference, answer.lower()


def _read_json(text: bytes) -> tuple[str, str]:
    try:
        reply = json.loads(text)
        return str(reply["reference"]), str(reply["answer"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableReply("not a JSON object with reference and answer") from error


def _read_email(text: bytes) -> tuple[str, str]:
    message = message_from_bytes(text, _class=EmailMessage, policy=default)
    subject = str(message["Subject"] or "")
    found = SUBJECT.search(subject)
    if not found:
        raise UnreadableReply(f"the subject {subject!r} names no application with offer or reject")
    return found["reference"], found["answer"]


def _move(path: Path, *, to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):  # another run was faster
        path.replace(to / path.name)


READERS: dict[str, Callable[[bytes], tuple[str, str]]] = {".eml": _read_email, ".json": _read_json}
