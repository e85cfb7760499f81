"""Reconciling: one rule, early or late. Evidence first, then the same key, never a new one.

- A worker that fell silent: once its lease and its call's own deadline are over, the request is
  `unknown`, or back to `approved` if no step was ever announced.
- An unknown outcome that is due: taken over under a new attempt and lease, its steps gone through
  again. `Call.step` asks MT4's records before it sends, and sends with the step's own key.
- After `UNKNOWN_TO_PERSON` seconds nothing is sent again. MT4 is asked all the same: where nobody
  could look for so long, most outcomes stand in its records.
- What the records cannot decide waits for two people (see `panel.commands.settle`). MT4 is looked
  at all the same, ever more rarely, without sending: a record that appears late ends it.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from panel.access.actor import Actor
from panel.commands.base import Invalid
from panel.commands.executor import attempt, open_call, worker_name
from panel.commands.happenings import happened
from panel.commands.states import Moved, move
from panel.models import ChangeRequest, Happening, Status
from panel.mt4.errors import MT4Error

log = structlog.get_logger(__name__)
RECONCILIATION = Actor.system("reconciliation")
# Before people are asked about what MT4 could not be asked about, it was tried so often.
LOOKS = 5


def _silent() -> Q:
    """Executing, with lease and call both over."""
    now = timezone.now()
    return Q(status=Status.EXECUTING, lease_until__lt=now) & (
        Q(call_until__isnull=True) | Q(call_until__lt=now)
    )


def _unknown_and_free() -> Q:
    """Unknown, and nobody is looking into it."""
    now = timezone.now()
    return (
        Q(status=Status.UNKNOWN)
        & (Q(lease_until__isnull=True) | Q(lease_until__lt=now))
        & (Q(call_until__isnull=True) | Q(call_until__lt=now))
    )


def due() -> list[int]:
    """The requests to look into now, oldest first."""
    ready = _unknown_and_free() & Q(next_check__lte=timezone.now())
    rows = ChangeRequest.objects.filter(_silent() | ready)
    return list(rows.order_by("created").values_list("pk", flat=True))


def look_into(request_id: int) -> None:
    """Look into one request; does nothing if it is not due any more."""
    request = ChangeRequest.objects.select_related("platform").get(pk=request_id)
    if request.status == Status.EXECUTING and not _give_up_on_worker(request):
        return
    if request.status == Status.UNKNOWN:
        _take_over(request)


def _give_up_on_worker(request: ChangeRequest) -> bool:
    """A silent worker's request: unknown, or approved again if nothing was announced."""
    now = timezone.now()
    announced = bool(request.progress)
    try:
        with transaction.atomic():
            move(
                request,
                Status.UNKNOWN if announced else Status.APPROVED,
                actor=RECONCILIATION,
                source="worker",
                guard=_silent() & Q(attempt=request.attempt),
                detail=f"The worker {request.worker} fell silent "
                + ("after it may have sent." if announced else "before it sent anything."),
                attempt=request.attempt + 1,
                lease_until=None,
                call_until=None,
                **(
                    {
                        "unknown_since": now,
                        "next_check": now,
                        "outcome_code": "OutcomeUnknown",
                        "outcome_text": "The worker fell silent after it may have sent.",
                    }
                    if announced
                    else {"not_before": now}
                ),
            )
    except Moved:
        return False
    return announced


def _take_over(request: ChangeRequest) -> None:
    """Go through an unknown request's steps again, under a new attempt and lease."""
    now = timezone.now()
    taken = ChangeRequest.objects.filter(
        _unknown_and_free(),
        pk=request.pk,
        attempt=request.attempt,
        needs_person=request.needs_person,
    ).update(
        attempt=F("attempt") + 1,
        worker=worker_name(),
        lease_until=now + timedelta(seconds=settings.EXECUTION_LEASE),
    )
    if taken != 1:
        return
    request.refresh_from_db()
    since = request.unknown_since or now
    try:
        command, call = open_call(request)
    except (MT4Error, Invalid) as error:
        _cannot_ask(request, error)
        return
    in_time = (now - since).total_seconds() <= settings.UNKNOWN_TO_PERSON
    call.repeats = in_time and not request.needs_person
    attempt(command, call)
    if not call.repeats:
        _ask_a_person(request)


def _cannot_ask(request: ChangeRequest, error: Exception) -> None:
    """Its server cannot even be named now: another one answers there, or it was switched off."""
    now = timezone.now()
    pause = settings.RECONCILE_PAUSE * 2 ** min(request.checks, 4)
    ask = request.checks + 1 >= LOOKS and not request.needs_person
    with transaction.atomic():
        kept = ChangeRequest.objects.filter(
            pk=request.pk, status=Status.UNKNOWN, attempt=request.attempt
        ).update(
            lease_until=None,
            checks=F("checks") + 1,
            next_check=now + timedelta(seconds=pause),
            outcome_text=f"MT4 was not asked: {error}",
            needs_person=request.needs_person or ask,
        )
        if kept and ask:
            happened(request, Happening.Event.STUCK)


def _ask_a_person(request: ChangeRequest) -> None:
    """Too long unknown, and MT4 cannot be asked: two people settle the step in doubt."""
    if all("done" in step or "refused" in step for step in request.progress.values()):
        return
    hours = settings.UNKNOWN_TO_PERSON / 3600
    with transaction.atomic():
        asked = ChangeRequest.objects.filter(
            pk=request.pk,
            status=Status.UNKNOWN,
            attempt=request.attempt,
            needs_person=False,
            checks__gte=LOOKS,
        ).update(
            needs_person=True,
            lease_until=None,
            outcome_text=f"Still unknown after {hours:g} h: two people have to settle it.",
        )
        if asked:
            happened(request, Happening.Event.STUCK)


def look_again(request: ChangeRequest) -> None:
    """A person asks for another look now, whatever pause was running."""
    ChangeRequest.objects.filter(pk=request.pk, status=Status.UNKNOWN).update(
        next_check=timezone.now()
    )
