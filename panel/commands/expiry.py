"""Requests past their time: looked at by whoever decides or takes up, and by a sweep."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from panel.access.actor import Actor
from panel.commands.states import Moved, move
from panel.models import ChangeRequest, Status

NOT_TAKEN_UP = (Status.PENDING, Status.APPROVED)
EXPIRY = Actor.system("expiry")


def is_late(request: ChangeRequest) -> bool:
    """Whether it may neither be decided on nor taken up any more.

    What is on hold waits for whoever holds it; its release gives it time anew.
    """
    return (
        request.status in NOT_TAKEN_UP and not request.on_hold and request.expires <= timezone.now()
    )


def late() -> QuerySet[ChangeRequest]:
    """Every request that `is_late`."""
    return ChangeRequest.objects.filter(
        status__in=NOT_TAKEN_UP, expires__lte=timezone.now(), on_hold=""
    )


def expire_if_late(request: ChangeRequest) -> bool:
    """Close a late request; True if it was late. Somebody else may have closed it first."""
    if not is_late(request):
        return False
    try:
        with transaction.atomic():
            move(
                request,
                Status.EXPIRED,
                actor=EXPIRY,
                source="worker",
                detail="Nobody decided in time." if not request.decided else "Never taken up.",
            )
    except Moved:
        request.refresh_from_db()
    return True
