"""Signing in through an OpenID Connect provider: Entra ID, Keycloak, DfE Sign-in, or any other."""

from __future__ import annotations

import logging
import time
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, abort, current_app, redirect, render_template, session, url_for
from joserfc.errors import JoseError
from werkzeug.wrappers import Response

from rqclock.settings import Settings
from rqclock.web import activity, users
from rqclock.web.claims import user_from
from rqclock.web.door import own_path
from rqclock.web.state import settings

log = logging.getLogger("rqclock.web")
TIMEOUT = 10  # seconds for each request to the provider
# Only what is signed with the key of the provider alone: `none` is no signature, and HS256 is one that we could make.
SIGNED = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
MOST_UNFINISHED = 3  # sign-ins begun in one browser and not finished; a cookie holds only so much
DISCOVERY = "/.well-known/openid-configuration"

blueprint = Blueprint("openid", __name__)


class Refused(Exception):
    """The provider's answer cannot be trusted; the text goes to the log."""


def install(app: Flask, settings: Settings) -> None:
    """Make the provider of the settings known, if there is one. Nothing is asked of it yet."""
    if not is_set_up(settings):
        return
    oauth = OAuth(app)
    oauth.register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret or None,
        server_metadata_url=settings.oidc_issuer + DISCOVERY,
        client_kwargs={"scope": settings.oidc_scope, "code_challenge_method": "S256", "timeout": TIMEOUT},
    )


def is_set_up(settings: Settings) -> bool:
    return bool(settings.oidc_issuer and settings.oidc_client_id)


@blueprint.get("/sign-in/openid")
def begin() -> Response | tuple[str, int]:
    """To the provider, with a state, a nonce and a code challenge that are this browser's alone."""
    for unfinished in [name for name in session if name.startswith("_state_")][:-MOST_UNFINISHED]:
        del session[unfinished]
    try:
        answer: Response = _provider().authorize_redirect(url_for("openid.finish", _external=True))
        return answer
    except (requests.RequestException, AuthlibBaseError, Refused, ValueError) as error:
        return _failed(error, 502)


@blueprint.get("/sign-in/openid/done")
def finish() -> Response | tuple[str, int]:
    """Back from the provider: its word counts only if it is signed, fresh, for us, and the answer to our question."""
    after = own_path(session.get("next"))
    try:
        user = user_from(_claims(), roles_claim=settings().roles_claim)
    except requests.RequestException as error:
        return _failed(error, 502)
    except (AuthlibBaseError, JoseError, Refused, ValueError, KeyError) as error:
        return _failed(error, 403)
    users.sign_in(user, now=time.time())
    activity.signed_in(user.email, by_way_of="OpenID Connect")
    return redirect(after or url_for("schedules.index"))


def _provider() -> Any:
    oauth = current_app.extensions.get("authlib.integrations.flask_client")
    if oauth is None:
        abort(404)
    provider = oauth.provider
    metadata = provider.load_server_metadata()
    if str(metadata.get("issuer", "")).rstrip("/") != settings().oidc_issuer:
        raise Refused(f"the provider calls itself {metadata.get('issuer')!r}, not {settings().oidc_issuer!r}")
    offered = metadata.get("id_token_signing_alg_values_supported") or []
    metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in SIGNED] or ["RS256"]
    return provider


def _claims() -> dict[str, Any]:
    provider, kept = _provider(), settings()
    issuers = [kept.oidc_issuer, f"{kept.oidc_issuer}/"]
    wanted = {
        "iss": {"essential": True, "values": issuers},
        "aud": {"essential": True, "value": kept.oidc_client_id},
        "exp": {"essential": True},
        "sub": {"essential": True},
    }
    token = provider.authorize_access_token(claims_options=wanted, leeway=60)
    claims = dict(token.get("userinfo") or {})
    if not claims:
        raise Refused("the provider sent no id token")
    if "email" not in claims and "userinfo_endpoint" in provider.server_metadata:
        more = provider.userinfo(token=token)
        if more.get("sub") != claims["sub"]:
            raise Refused("what the provider says of the user is of another one")
        claims = {**more, **claims}
    return claims


def _failed(error: Exception, code: int) -> tuple[str, int]:
    log.warning("a sign-in failed: %s: %s", type(error).__name__, error)
    return render_template("sign_in_failed.html", away=code == 502), code
