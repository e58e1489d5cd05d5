"""Sending by HTTP: the signed webhook, and pings of a monitor."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests

from rqclock.alerts.deadline import LONGEST, within
from rqclock.errors import RqclockError
from rqclock.version import __version__

TIMEOUTS = (5.0, 10.0)  # seconds to connect, and for each piece of the answer
TIMESTAMP, SIGNATURE = "X-Rqclock-Timestamp", "X-Rqclock-Signature"
AGENT = {"User-Agent": f"rqclock/{__version__}"}


class NotSent(RqclockError):
    """A notice did not arrive; the text says why, without anything secret. `status` is that of an answer."""

    status: int | None = None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the header `X-Rqclock-Signature` holds: the HMAC-SHA256 of `TIMESTAMP.BODY`.

    >>> signature("secret", "1800000000", b"{}")
    'v1=bb7079132825ac793cea8c013c1dd24d926b9b02132245b10588d9e5c0df70d7'
    """
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"v1={digest}"


class Webhook:
    """Posts notices as JSON to one address, signed if there is a secret."""

    name = "webhook"

    def __init__(self, url: str, secret: str = "", *, now: Callable[[], float] = time.time) -> None:
        self._url = url
        self._secret = secret
        self._now = now  # the receiver compares it with its own clock, so it is this host's

    @property
    def where(self) -> str:
        """The host, which may be shown; the rest of the address often is a secret."""
        return host_of(self._url)

    def send(self, notice: Mapping[str, Any]) -> None:
        """Raises NotSent."""
        body = json.dumps(notice, ensure_ascii=False).encode()
        stamp = str(int(self._now()))
        headers = AGENT | {"Content-Type": "application/json; charset=utf-8", TIMESTAMP: stamp}
        if self._secret:
            headers[SIGNATURE] = signature(self._secret, stamp, body)
        request("POST", self._url, headers=headers, body=body)


class Ping:
    """Tells a monitor in the manner of healthchecks that a schedule's run started, went well, or failed."""

    name = "ping"
    ENDS: Mapping[str, str] = {"start": "/start", "success": "", "fail": "/fail", "test": ""}

    def __init__(self, template: str) -> None:
        self._template = template

    @property
    def where(self) -> str:
        return host_of(self._template.replace("{schedule}", "schedule"))

    def send(self, notice: Mapping[str, Any]) -> None:
        """Raises NotSent. A test is of a schedule that there is not: a monitor that says so could be reached."""
        address, mark, query = self._template.replace("{schedule}", str(notice["schedule"])).partition("?")
        event = str(notice["event"])
        try:
            request("GET", address.rstrip("/") + self.ENDS[event] + mark + query, headers=AGENT)
        except NotSent as error:
            if not (event == "test" and error.status == 404):
                raise


def request(method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> None:
    """One request that counts when the answer is 2xx. A redirect is not followed: it could lead what we signed, and
    the address's own secret, to somebody else. Raises NotSent."""
    try:
        answer = within(LONGEST, partial(_ask, method, url, headers, body))
    except (requests.RequestException, TimeoutError, ValueError) as error:  # ValueError: of a redirect, of a host
        raise NotSent(f"{host_of(url)}: {_why(error)}") from None
    if answer.is_redirect:
        raise NotSent(f"{host_of(url)} answers with a redirect, which is not followed: set the final address")
    if not 200 <= answer.status_code < 300:
        refused = NotSent(f"{host_of(url)} answers {answer.status_code}")
        refused.status = answer.status_code
        raise refused


def _ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> requests.Response:
    answer = requests.request(
        method, url, headers=dict(headers), data=body, timeout=TIMEOUTS, allow_redirects=False, stream=True
    )
    answer.close()  # nobody reads it, however long it is
    return answer


def host_of(url: str) -> str:
    """Host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _why(error: Exception) -> str:
    """What the library says holds the whole address."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate cannot be verified, or it speaks no TLS"
    if isinstance(error, requests.Timeout | TimeoutError):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy between us refuses"
    return "cannot be reached" if isinstance(error, requests.ConnectionError) else type(error).__name__
