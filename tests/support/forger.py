"""An OpenID provider that says whatever a test wants it to say: the code of a sign-in is the token it will give."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

KEY, STRANGE_KEY = (RSAKey.generate_key(2048, {"kid": "1"}) for _ in range(2))
CLIENT = "rqclock"


class Forger:
    """Its `address`; `metadata` may be changed by a test."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.metadata: dict[str, Any] = {
            "issuer": address,
            "authorization_endpoint": f"{address}/authorize",
            "token_endpoint": f"{address}/token",
            "jwks_uri": f"{address}/keys",
            "userinfo_endpoint": f"{address}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        self.userinfo: dict[str, Any] = {}

    def claims(self, asked: str, /, **changes: Any) -> dict[str, Any]:
        """What an honest provider would say of Ann who was asked with that nonce; None takes a claim away."""
        now = int(time.time())
        good = {"iss": self.address, "aud": CLIENT, "sub": "ann", "iat": now, "exp": now + 60, "nonce": asked}
        told = good | {"email": "ann@example.org", "email_verified": True, "roles": ["support"]} | changes
        return {name: value for name, value in told.items() if value is not None}

    def answer(self, path: str, body: str) -> dict[str, Any]:
        if path.startswith("/.well-known"):
            return self.metadata
        if path == "/keys":
            return {"keys": [KEY.as_dict(private=False)]}
        if path == "/userinfo":
            return self.userinfo
        return {"access_token": "x", "token_type": "Bearer"} | wished(parse_qs(body)["code"][0])


def code(claims: dict[str, Any] | None, alg: str = "RS256") -> str:
    """The code for which the provider gives such a token; `strange`: signed with a key that is not its own."""
    return base64.urlsafe_b64encode(json.dumps([claims, alg]).encode()).decode()


def wished(code: str) -> dict[str, Any]:
    claims, alg = json.loads(base64.urlsafe_b64decode(code))
    if claims is None:
        return {}
    return {"id_token": unsigned(claims) if alg == "none" else signed(claims, alg)}


def signed(claims: dict[str, Any], alg: str) -> str:
    if alg == "HS256":  # with the secret of our own client, which is no secret of the provider's alone
        return jwt.encode({"alg": alg}, claims, OctKey.import_key("s" * 32), ["HS256"])
    key = STRANGE_KEY if alg == "strange" else KEY
    return jwt.encode({"alg": "RS256", "kid": "1"}, claims, key)


def unsigned(claims: dict[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "none"}, claims)]
    return b".".join([*parts, b""]).decode()


@contextmanager
def forging() -> Iterator[Forger]:
    """A provider for the time of a `with`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            answer = json.dumps(forger.answer(self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    forger = Forger(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield forger
    finally:
        server.shutdown()
        server.server_close()
