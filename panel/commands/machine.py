"""The panel as a maker of requests: a user of its own kind, who can neither sign in nor decide."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password

from panel.access.actor import Actor
from panel.models import Scope, User

EMAIL = "jobs@panel.invalid"
NAME = "Scheduled jobs"


def machine() -> User:
    """The user behind scheduled jobs, made when it is first needed.

    It is never active and has no password; its rights are `MACHINE_RIGHTS`, whatever its roles.
    """
    user, _ = User.objects.get_or_create(
        email=EMAIL,
        defaults={
            "name": NAME,
            "is_active": False,
            "is_machine": True,
            "password": make_password(None),
        },
    )
    Scope.objects.get_or_create(user=user, platform=None, defaults={"group_masks": "*"})
    return user


def machine_actor(part: str) -> Actor:
    """The actor of one job; `part` stands in the request id of everything it asks for."""
    return Actor.person(machine(), request_id=f"job-{part}")
