"""Who is told what: written down with each step, told by the worker, never holding a step up.

1. A step leaves a `Happening` in its own transaction (see `panel.commands.happenings`).
2. The worker (`tell_all`) finds out whom it concerns and writes their notices, once for each
   person, request and kind, however often it runs. What overtook itself is left out.
3. `panel.commands.mail` sends what people want by e-mail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from panel.commands.decide import why_not
from panel.commands.happenings import STEPS, Event
from panel.commands.inbox import beyond
from panel.commands.registry import command_class
from panel.commands.settle import SettleUnknown, hands
from panel.commands.votes import in_scope
from panel.lib.money import show
from panel.models import ChangeRequest, Happening, Notice, Status, User

Kind = Notice.Kind

GATHER = timedelta(seconds=15)
"""Before a mail is sent, so that several notices make one mail."""
KEPT = timedelta(days=90)
AT_ONCE = 500
# What goes out by mail unless the person says otherwise.
MAILED = frozenset(
    {
        Kind.DECIDE,
        Kind.SETTLE,
        Kind.DIFFERENT,
        Kind.OWED,
        Kind.JOB,
        Kind.REJECTED,
        Kind.EXPIRED,
        Kind.FAILED,
        Kind.UNKNOWN,
    }
)
TO_MAKER = {
    Event.APPROVED: Kind.APPROVED,
    Event.REJECTED: Kind.REJECTED,
    Event.EXPIRED: Kind.EXPIRED,
    Event.DONE: Kind.DONE,
    Event.FAILED: Kind.FAILED,
    Event.UNKNOWN: Kind.UNKNOWN,
}


# --- Told by the worker ---------------------------------------------------------------------


def tell_all() -> int:
    """Turn what has happened into notices; how many happenings were told."""
    rows = Happening.objects.filter(due__lte=timezone.now()).order_by("pk")[:AT_ONCE]
    by_request: dict[int, list[Happening]] = defaultdict(list)
    for row in rows.select_related("request__maker", "request__platform"):
        by_request[row.request_id].append(row)
    for some in by_request.values():
        with transaction.atomic():
            _tell(some[0].request, {Event(row.event) for row in some})
            Happening.objects.filter(pk__in=[row.pk for row in some]).delete()
    return sum(len(some) for some in by_request.values())


def _tell(request: ChangeRequest, events: set[Event]) -> None:
    if request.status != Status.PENDING:
        close(request, Kind.DECIDE)
    elif Event.ASKED in events:
        # Told before and asked again: an approval of it counted no longer.
        Notice.objects.filter(request=request, kind=Kind.DECIDE, read__isnull=False).delete()
        _write(request, Kind.DECIDE, deciders(request))
    if request.status != Status.UNKNOWN:
        close(request, Kind.SETTLE)
    elif Event.STUCK in events and request.needs_person:
        _write(request, Kind.SETTLE, settlers(request))
    # Of what was overtaken meanwhile only the last is told: approved and done at once is done.
    kind = TO_MAKER.get(Event(request.status)) if request.status in STEPS else None
    if kind and Event(request.status) in events and request.maker.is_active:
        _write(request, kind, [request.maker])
    if Event.DIFFERENT in events:
        _write(request, Kind.DIFFERENT, [*settlers(request), request.maker])
    if Event.FAILED in events and request.maker.is_machine:
        _write(request, Kind.JOB, keepers(request))
    ended = events & {Event.FAILED, Event.DONE}
    if ended and (left := command_class(request.command).left_open(request)):
        people = _concerned(request, left.rights)
        _write(request, Kind(left.notice), [one for one in people if one.pk not in left.but])


def close(request: ChangeRequest, kind: Kind) -> None:
    """It needs nobody any more: whoever has not read it need not."""
    open_ones = Notice.objects.filter(request=request, kind=kind, read__isnull=True)
    open_ones.update(read=timezone.now())


def deciders(request: ChangeRequest) -> list[User]:
    """Everybody who may decide on a request now."""
    right = command_class(request.command).approve_permission
    return [
        person for person in _people_with({right, "requests.view"}) if not why_not(request, person)
    ]


def keepers(request: ChangeRequest) -> list[User]:
    """Who hears of a failure that no maker is there to read of: whoever may switch the jobs, and
    whoever would decide on such a request.
    """
    approvers = {command_class(request.command).approve_permission, "requests.view"}
    people = {
        person.pk: person
        for rights in ({"jobs.change", "requests.view"}, approvers)
        for person in _concerned(request, rights)
    }
    return list(people.values())


def settlers(request: ChangeRequest) -> list[User]:
    """Everybody who may propose how an unknown outcome is settled."""
    near = hands(request)
    people = _concerned(request, {SettleUnknown.permission, "unknown.view"})
    return [person for person in people if person.pk not in near]


def _concerned(request: ChangeRequest, rights: Set[str]) -> list[User]:
    """Everybody with these rights who may see the request."""
    return [person for person in _people_with(rights) if in_scope(request, person)]


def _people_with(rights: Set[str]) -> list[User]:
    people = User.objects.filter(is_active=True).prefetch_related("roles")
    return [
        person
        for person in people
        if rights <= {right for role in person.roles.all() for right in role.permissions}
    ]


def _write(request: ChangeRequest, kind: Kind, people: Iterable[User]) -> None:
    now = timezone.now()
    Notice.objects.bulk_create(
        [
            Notice(
                person=person,
                request=request,
                kind=kind,
                title=title_of(request, kind),
                text=text_of(request, kind),
                mail=Notice.Mail.DUE if wants_mail(person, kind) else Notice.Mail.NONE,
                mail_after=now + GATHER,
            )
            for person in people
        ],
        ignore_conflicts=True,
    )


def title_of(request: ChangeRequest, kind: Kind) -> str:
    """`Withdrawal WD 7Q2K9F31 of 500.00 USD on 100234 waits for your decision`: fit for a mail."""
    endings = {
        Kind.DECIDE: "waits for your decision",
        Kind.SETTLE: "has an unknown outcome that somebody must settle",
        Kind.DIFFERENT: "was carried out otherwise than it was asked",
        Kind.OWED: "left money on no account: somebody must put it right",
        Kind.PAY: "waits to be paid out",
        Kind.JOB: "failed",
        Kind.APPROVED: "was approved",
        Kind.REJECTED: "was rejected",
        Kind.EXPIRED: "expired: nobody decided in time",
        Kind.DONE: "was carried out",
        Kind.FAILED: "failed",
        Kind.UNKNOWN: "has an unknown outcome",
    }
    parts = [command_class(request.command).label, request.reference]
    if request.amount is not None:
        parts.append(f"of {show(request.amount, request.currency)}")
    if request.login is not None:
        parts.append(f"on {request.login}")
    return " ".join([*parts, endings[kind]])[:200]


def text_of(request: ChangeRequest, kind: Kind) -> str:
    """What else the panel's own page tells of it."""
    if kind == Kind.REJECTED:
        rejection = request.approvals.filter(decision="reject").select_related("checker").first()
        return f"{rejection.checker.name}: {rejection.reason}" if rejection else ""
    if kind in (Kind.FAILED, Kind.UNKNOWN, Kind.SETTLE, Kind.DIFFERENT, Kind.OWED, Kind.JOB):
        return request.outcome_text
    return str(request.preview.get("sentence", "")) if kind == Kind.DECIDE else ""


def wants_mail(person: User, kind: str) -> bool:
    """Whether the person has this kind sent by mail."""
    chosen = person.preferences.get("mail")
    return kind in (MAILED if chosen is None else chosen)


# --- Read by people -------------------------------------------------------------------------


def notices_of(person: User) -> QuerySet[Notice]:
    """The person's notices, but those of others' requests that have come to lie out of sight."""
    hidden = Q(request__in=beyond(person).values("request")) & ~Q(request__maker=person)
    return Notice.objects.filter(~hidden, person=person)


def unread_count(person: User) -> int:
    """What the bell says."""
    return notices_of(person).filter(read__isnull=True).count()


def seen(person: User, request: ChangeRequest) -> None:
    """The person has opened the request: its notices are read."""
    unread = Notice.objects.filter(person=person, request=request, read__isnull=True)
    unread.update(read=timezone.now())


def forget_old() -> None:
    """Notices are no record: what happened stands in the requests and the audit log."""
    Notice.objects.filter(created__lt=timezone.now() - KEPT).delete()
