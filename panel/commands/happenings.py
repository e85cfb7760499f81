"""What people are to hear of: left with each step, in its own transaction, as one small row.

Nobody is looked up here and nothing is sent, so that no step waits for it, and none fails by it.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from panel.models import ChangeRequest, Happening, Status

Event = Happening.Event
UNSTEPPED = (Event.ASKED, Event.STUCK, Event.DIFFERENT)
# The steps of a request that anybody could want to hear of, by the status they lead to.
STEPS = {event.value: event for event in Event if event not in UNSTEPPED}

UNKNOWN_PAUSE = timedelta(minutes=1)
"""For which an unknown outcome may still become known before anybody is told."""
LONG = timedelta(minutes=1)
"""What ran at once and took longer than this is worth a word when it is done."""


def happened(request: ChangeRequest, event: Happening.Event) -> None:
    """Leave word that something happened."""
    now = timezone.now()
    due = now + UNKNOWN_PAUSE if event == Event.UNKNOWN else now
    Happening.objects.create(request=request, event=event, due=due)


def opened(request: ChangeRequest) -> None:
    """Leave word of a new request, if it waits for somebody."""
    if request.approvals_needed > 0:
        happened(request, Event.ASKED)


def moved(request: ChangeRequest, to: Status) -> None:
    """Leave word of a step, unless it ran at once and its maker has just seen it happen."""
    event = STEPS.get(to)
    quick = timezone.now() - request.created < LONG and request.unknown_since is None
    seen_by_maker = request.approvals_needed == 0 and quick
    if event is None or (seen_by_maker and event in (Event.APPROVED, Event.DONE)):
        return
    happened(request, event)
