"""Who is signed in. However people sign in, the rest of the web process only sees a `User` and one role."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import current_app, session

ROLES = ("viewer", "support", "admin")  # each may do what the one before it may
LIFETIME = 8 * 3600  # seconds from sign-in, however busy the session is


@dataclass(frozen=True)
class User:
    """A signed-in person. `roles` as the sign-in gave them, also ones that mean nothing here."""

    email: str
    roles: frozenset[str] = frozenset()


RoleFor = Callable[[User], str | None]


def role_for(user: User) -> str | None:
    """The strongest of our roles among the person's; None: no access.

    `app.config["ROLE_FOR"]` may hold another function of this shape, for providers that name no roles.
    """
    known = [role for role in ROLES if role in user.roles]
    return known[-1] if known else None


def may(role: str | None, *, needed: str) -> bool:
    """Whether `role` is `needed` or stronger."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def sign_in(user: User, *, now: float) -> None:
    """Begin a session under a new id: what an anonymous visitor's cookie held must not live on in it."""
    session.clear()
    session.permanent = True
    session.update(id=secrets.token_urlsafe(16), email=user.email, roles=sorted(user.roles), since=now)


def sign_out() -> None:
    session.clear()


def current_user(*, now: float) -> User | None:
    """The signed-in person; None for a visitor, and for a session past its lifetime."""
    since = session.get("since")
    if not isinstance(since, (int, float)) or not 0 <= now - since < LIFETIME:
        return None
    return User(str(session["email"]), frozenset(_texts(session.get("roles", ()))))


def current_role(user: User | None) -> str | None:
    decide: RoleFor = current_app.config["ROLE_FOR"]
    return decide(user) if user else None


def _texts(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values]
