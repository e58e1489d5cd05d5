"""Why TLS could not be begun: certificates, and schemes that do not fit the port."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping

from rqclock.doctor import platforms
from rqclock.doctor.reason import Reason
from rqclock.settings import Settings

PROBE_TIMEOUT = 2.0
NO_HANDSHAKE = (
    "wrong_version",
    "record layer",
    "eof occurred",
    "unexpected_eof",
    "packet length",
    "reset by peer",
    "timeout connecting",
    "timed out",
)
CUT_OFF = ("closed by server", "reset by peer", "protocol error", "broken pipe")
_GREETINGS = (b"+PONG", b"-NOAUTH", b"-ERR", b"-DENIED", b"-LOADING", b"-MASTERDOWN")


def certificate(text: str, settings: Settings, environ: Mapping[str, str]) -> Reason | None:
    if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text:
        what, remedy = _which(text, settings)
        remedy += platforms.certificate_note(settings, environ)
        return Reason("TLS", what, "without a certificate that can be verified nobody knows who answers", remedy)
    if re.search(r"certificate required|handshake failure|bad certificate|unknown ca", text, re.IGNORECASE):
        return _nameless(settings)
    return None


def _nameless(settings: Settings) -> Reason:
    return Reason(
        "TLS",
        f"{settings.redis.shown} wants a certificate of ours, and refused what it got",
        "it lets in only who shows a certificate of its authority",
        "REDIS_CERT_FILE=…/client.pem and REDIS_KEY_FILE=…/client.key",
    )


def _which(text: str, settings: Settings) -> tuple[str, str]:
    where, low = settings.redis.shown, text.lower()
    if "expired" in low:
        return f"the certificate of {where} has expired", "renew it on the server"
    if "mismatch" in low or "not valid for" in low or "doesn't match" in low:
        host = settings.redis.hosts[0][0]
        return (
            f"the certificate of {where} is not made out to {host}",
            "write the host as the certificate names it into REDIS_URL, or REDIS_VERIFY=chain to verify its "
            "authority and not its name",
        )
    given = (
        f"REDIS_CA_FILE={settings.redis_ca_file} does not hold it" if settings.redis_ca_file else "the system's list"
    )
    return (
        f"the certificate of {where} is signed by an authority that is not known here ({given})",
        "REDIS_CA_FILE=…/ca.pem with the certificate of the authority that signed it (the provider offers it)",
    )


def scheme(text: str, settings: Settings, environ: Mapping[str, str]) -> Reason | None:
    low = text.lower()
    if settings.redis.tls:
        return _without_handshake(settings) if any(word in low for word in NO_HANDSHAKE) else None
    if any(word in low for word in CUT_OFF) and settings.redis.hosts and _speaks_tls(settings):
        return _other_scheme(settings, "redis://", "speaks TLS only", "rediss://")
    return None


def _without_handshake(settings: Settings) -> Reason | None:
    if _speaks_plainly(settings):
        return _other_scheme(settings, "rediss://", "does not speak TLS", "redis://")
    return _nameless(settings) if _wants_certificate(settings) else None


def _other_scheme(settings: Settings, written: str, truth: str, wanted: str) -> Reason:
    return Reason(
        "TLS",
        f"REDIS_URL begins with {written}, and {settings.redis.shown} {truth}",
        "both sides must speak alike",
        f"begin REDIS_URL with {wanted}, or name the server's other port",
    )


def _speaks_plainly(settings: Settings) -> bool:
    try:
        with socket.create_connection(settings.redis.hosts[0], PROBE_TIMEOUT) as there:
            there.sendall(b"PING\r\n")
            return there.recv(16).startswith(_GREETINGS)
    except OSError:
        return False


def _speaks_tls(settings: Settings) -> bool:
    try:
        with socket.create_connection(settings.redis.hosts[0], PROBE_TIMEOUT) as there, _unverified(there):
            return True
    except OSError:
        return False


def _wants_certificate(settings: Settings) -> bool:
    """Its alert comes after the handshake. Who writes at once may get the end of the connection instead."""
    try:
        with socket.create_connection(settings.redis.hosts[0], PROBE_TIMEOUT) as there, _unverified(there) as safe:
            safe.recv(1)
    except ssl.SSLError as error:
        return "certificate required" in str(error).lower()
    except OSError:
        return False
    return False


def _unverified(there: socket.socket) -> ssl.SSLSocket:
    """Nothing is said there, only listened."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(there)
