"""`/metrics` for Prometheus: shown to whoever has the token, who is no person and has no session."""

from __future__ import annotations

import hmac

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from rqclock.metrics import Collector
from rqclock.settings import Settings


def install(app: Flask, settings: Settings) -> None:
    """Add the address. The door lets everybody in to it, so it asks for the token itself."""
    registry = CollectorRegistry()
    registry.register(Collector(settings))

    def metrics() -> Response:
        if not settings.metrics_token:
            return _plain("RQCLOCK_METRICS_TOKEN is not set, so nothing is shown here.\n", 404)
        if not _is_token(request.headers.get("Authorization", ""), settings.metrics_token):
            refused = _plain("Show the token: Authorization: Bearer …\n", 401)
            refused.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
            return refused
        encode, kind = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=kind)

    app.add_url_rule("/metrics", "metrics", metrics)


def _plain(text: str, status: int) -> Response:
    return Response(text, status, content_type="text/plain; charset=utf-8")


def _is_token(header: str, token: str) -> bool:
    """Whether the header shows the token; how long the answer takes tells nothing about how much of it was right."""
    scheme, _, shown = header.partition(" ")
    sent = shown.strip().encode("latin-1", "replace")  # WSGI hands bytes over as Latin-1, whatever they were
    same = hmac.compare_digest(sent, token.encode("utf-8", "surrogateescape"))
    return same and scheme.lower() == "bearer"
