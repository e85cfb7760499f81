"""One-time secrets of a request: read once, by its maker, then gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from panel import audit
from panel.commands.errors import Denied
from panel.commands.states import FINAL
from panel.lib import vault
from panel.models import ChangeRequest, Secret

if TYPE_CHECKING:
    from panel.access.actor import Actor


class AlreadyShown(RuntimeError):
    """The secret was shown before, and is gone."""


def may_show(request: ChangeRequest, actor: Actor) -> bool:
    """Only the maker, and only once nothing more is sent: until then a worker needs it."""
    return actor.user is not None and actor.user.pk == request.maker_id and request.status in FINAL


def show_once(request: ChangeRequest, name: str, *, actor: Actor, source: str) -> str:
    """The secret in clear, erased in the same transaction.

    Raises `Denied` (recorded) for anybody but the maker, `AlreadyShown` the second time, and
    `Secret.DoesNotExist` for a name that the request does not have.
    """
    if not may_show(request, actor):
        audit.record(
            actor,
            "secret shown",
            source=source,
            request=request,
            outcome="denied",
            detail=f"“{name}” is for the maker alone.",
        )
        raise Denied("A one-time secret is for the maker of the request alone.")
    with transaction.atomic():
        row = Secret.objects.select_for_update(no_key=True).get(request=request, name=name)
        if not row.sealed:
            raise AlreadyShown(f"“{name}” was shown before and is gone.")
        clear = vault.open_text(row.sealed)
        row.sealed, row.shown = "", timezone.now()
        row.save(update_fields=["sealed", "shown"])
        audit.record(
            actor, "secret shown", source=source, request=request, detail=f"“{name}”, once."
        )
    return clear
