"""Denials: every one is recorded."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from panel import audit
from panel.access.actor import Actor
from panel.models import Platform
from panel.models.audit import EVERY_GROUP


def deny(
    actor: Actor,
    what: str,
    permission: str,
    *,
    place: dict[str, Any] | None = None,
    source: str = "web",
) -> None:
    """Write down that somebody was refused for want of a right.

    `place` are the parts of the page's address. Where they name an account, the entry does so too,
    and is for those who see the account's group.
    """
    platform, group = _account_at(place or {})
    audit.record(
        actor,
        "denied",
        source=source,
        obj=("page", what[:100], what),
        outcome="denied",
        code=permission,
        platform=platform,
        group=group,
        detail=f"{actor.label} lacks the right {permission}.",
    )


def _account_at(place: dict[str, Any]) -> tuple[Platform | None, str]:
    """Platform and MT4 group of the account of an address; `EVERY_GROUP` for one that the mirror
    does not know. Neither where the address names no account.
    """
    if "login" not in place:
        return None, ""
    platform = Platform.objects.filter(slug=place.get("platform", "")).first()
    if platform is None:
        return None, ""
    rows = apps.get_model("accounts", "Account").objects.filter(platform=platform)
    group = rows.filter(login=place["login"]).values_list("group", flat=True).first()
    return platform, group or EVERY_GROUP
