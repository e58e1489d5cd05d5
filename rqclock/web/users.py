"""Who is signed in. However people sign in, the rest of the web process only sees a `User` and one role."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from flask import Flask, current_app, request, session

from rqclock.accounts import ROLES, Accounts
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings
from rqclock.web.state import connection, settings

Claims = Mapping[str, Any]


@dataclass(frozen=True)
class User:
    """A signed-in person. `roles` as the sign-in gave them, also ones that mean nothing here."""

    email: str
    roles: frozenset[str] = frozenset()


RoleFor = Callable[[User], str | None]
UserOf = Callable[[Mapping[str, Any]], User | None]


def role_for(user: User) -> str | None:
    """The strongest of our roles among the person's; None: no access.

    `RQCLOCK_ROLE_FOR`, or `role_for=` of an embedded console, may name another function of this shape, for providers
    that name no roles.
    """
    known = [role for role in ROLES if role in user.roles]
    return known[-1] if known else None


def listed_role(settings: Settings, user: User) -> str | None:
    """Likewise, with the lists of the settings: addresses, and values of the claim."""
    lists = {"viewer": settings.viewers, "support": settings.support, "admin": settings.admins}
    own = {user.email.lower()} | {role.lower() for role in user.roles}
    given = {role for role, names in lists.items() if own & {name.lower() for name in names}}
    return role_for(User(user.email, user.roles | given))


def role_function(settings: Settings) -> RoleFor:
    """The function that says who has which role here. Raises ConfigurationError when RQCLOCK_ROLE_FOR names none."""
    if not settings.role_for:
        return partial(listed_role, settings)
    module, _, name = settings.role_for.replace(":", ".").rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"RQCLOCK_ROLE_FOR {settings.role_for!r} cannot be imported: {error}") from None
    if not callable(found):
        raise ConfigurationError(f"RQCLOCK_ROLE_FOR {settings.role_for!r} is no function")
    return found  # type: ignore[no-any-return]


def may(role: str | None, *, needed: str) -> bool:
    """Whether `role` is `needed` or stronger."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def sign_in(user: User, *, now: float, mark: str = "") -> None:
    """Begin a session under a new id: what an anonymous visitor's cookie held must not live on in it.

    `mark` is that of the local account by which it begins.
    """
    session.clear()
    session.permanent = True
    session.update(id=secrets.token_urlsafe(16), email=user.email, roles=sorted(user.roles), since=now)
    if mark:
        session["account"] = mark


def sign_out() -> None:
    session.clear()


def current_user(*, now: float) -> User | None:
    """The signed-in person; None for a visitor, and for a session past its lifetime."""
    user_of: UserOf | None = current_app.config["USER_OF"]
    if user_of is not None:
        return user_of(request.environ)
    since, lifetime = session.get("since"), current_app.permanent_session_lifetime.total_seconds()
    if not isinstance(since, (int, float)) or not 0 <= now - since < lifetime:
        return None
    if "account" in session:
        return _of_account(str(session["email"]), str(session["account"]))
    return User(str(session["email"]), frozenset(_texts(session.get("roles", ()))))


def _of_account(email: str, mark: str) -> User | None:
    """Asked at every request: an account that was removed, or got another password or role, is so at once."""
    account = Accounts(connection(), settings().key_prefix).find(email)
    return User(email, frozenset({account.role})) if account and account.mark == mark else None


def current_role(user: User | None) -> str | None:
    decide: RoleFor = current_app.config["ROLE_FOR"]
    return decide(user) if user else None


def is_embedded(app: Flask) -> bool:
    """Whether an application around ours signs people in."""
    return app.config["USER_OF"] is not None


def _texts(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values]
