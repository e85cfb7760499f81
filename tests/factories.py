"""The cast and its props, made by plain functions with overrides.

Alice is a dealer, Bob the compliance officer, Carol the auditor, Dave has no rights; Olga works in
the back office, Ada and Adam are administrators.
"""

from __future__ import annotations

import itertools
from typing import Any

from django.contrib.auth.hashers import make_password

from panel.access.actor import Actor
from panel.models import Platform, Role, Scope, User

PASSWORD = "a long enough phrase"
SANDBOX_ID = "11111111-1111-4111-8111-111111111111"
_numbers = itertools.count(1)


def make_platform(url: str = "http://127.0.0.1:9", **fields: Any) -> Platform:
    """A platform at the address of a sandbox; without one, at a port where nobody answers."""
    platform = Platform(
        **{
            "slug": "demo",
            "name": "Sandbox",
            "platform_id": SANDBOX_ID,
            "authority": url,
            "api_base": url,
            "client_id": "sandbox",
            "is_sandbox": True,
            **fields,
        }
    )
    platform.client_secret = "sandbox-secret"
    platform.save()
    return platform


def make_user(
    name: str, *roles: str, groups: str = "*", platform: Platform | None = None, **fields: Any
) -> User:
    """A person with roles, by slug, and one scope; no scope at all with `groups=""`."""
    email = fields.pop("email", f"{name.lower()}{next(_numbers)}@broker.test")
    user = User.objects.create_user(email, PASSWORD, name=name, **fields)
    user.roles.set(Role.objects.filter(slug__in=roles))
    if groups:
        Scope.objects.create(user=user, platform=platform, group_masks=groups)
    return User.objects.get(pk=user.pk)


def make_people(**roles: str) -> dict[str, User]:
    """People by first name, each with a role, by slug, and all groups; with "" neither.

    All in a few statements: most tests begin with it.
    """
    known = {role.slug: role for role in Role.objects.all()}
    password = make_password(PASSWORD)
    people = {
        name: User(
            email=f"{name}{next(_numbers)}@broker.test", name=name.title(), password=password
        )
        for name in roles
    }
    User.objects.bulk_create(people.values())
    with_role = [(people[name], known[role]) for name, role in roles.items() if role]
    membership = User.roles.through
    membership.objects.bulk_create(membership(user=user, role=role) for user, role in with_role)
    Scope.objects.bulk_create(Scope(user=user, group_masks="*") for user, _ in with_role)
    return people


def actor(user: User) -> Actor:
    """The person as an actor, signed in from the loopback address."""
    return Actor.person(user, session="test", address="127.0.0.1", request_id="test-request")
