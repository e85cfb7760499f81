"""Denials: every one is recorded."""

from __future__ import annotations

from panel import audit
from panel.access.actor import Actor


def deny(actor: Actor, what: str, permission: str, *, source: str = "web") -> None:
    """Write down that somebody was refused for want of a right."""
    audit.record(
        actor,
        "denied",
        source=source,
        obj=("page", what[:100], what),
        outcome="denied",
        code=permission,
        detail=f"{actor.label} lacks the right {permission}.",
    )
