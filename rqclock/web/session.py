"""The session cookie: Flask's own, signed, but sent over TLS only wherever the page itself came over TLS."""

from __future__ import annotations

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface


class OwnCookie(SecureCookieSessionInterface):
    def get_cookie_secure(self, app: Flask) -> bool:
        """A laptop has no TLS, production has: the request knows, and no setting can be forgotten."""
        return request.is_secure
