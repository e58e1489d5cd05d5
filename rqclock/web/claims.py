"""What a provider says of a person, as a `User`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rqclock.web.users import User

MOST_ROLES, LONGEST_ROLE = 40, 100  # of each person: they travel in a cookie


def user_from(claims: Mapping[str, Any], *, roles_claim: str) -> User:
    """The person of these claims. An address that the provider calls unverified is shown as such, so that it fits no
    list: anybody can choose such a one."""
    return User(_name(claims), frozenset(_roles(claims, roles_claim)))


def _name(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    if isinstance(email, str) and email and claims.get("email_verified") in (None, True, "true"):
        return email.lower()
    name = next((claims[key] for key in ("email", "preferred_username", "sub") if claims.get(key)), "?")
    return f"{name} (address not verified)"


def _roles(claims: Mapping[str, Any], path: str) -> list[str]:
    """The values of the claim: a list, or one text with several words. A dot leads inside, unless it is in the name."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    return [value for value in values if isinstance(value, str) and len(value) <= LONGEST_ROLE][:MOST_ROLES]
