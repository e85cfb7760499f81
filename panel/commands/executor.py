"""The executor: claim, send under a lease, write the outcome. The only place that writes to MT4.

1. `claim` turns `approved` into `executing`, with an attempt number and a lease, and commits.
   With it the accounts are held on which it moves money: one move per account at a time.
2. Each step asks MT4 for evidence, is checked again, live, commits its intent, looks at the lease
   last thing, and sends with its own key. Anything wrong before the first: `failed`, nothing was
   sent.
3. Nothing is claimed while a restored backup of the panel's database waits to be looked at.
4. The outcome is written by conditional update on the attempt: `done`, `failed`, or `unknown`
   for whatever MT4 did not plainly answer. Whatever dies in between is found by its lease.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from panel.access.actor import Actor
from panel.commands import holds, restoration, votes
from panel.commands.base import Invalid, MT4Command, PanelCommand
from panel.commands.call import Call, HandedOver, NotAllowed, Undecided, Undone
from panel.commands.expiry import expire_if_late
from panel.commands.happenings import happened
from panel.commands.registry import command_class, load
from panel.commands.states import Moved, move
from panel.lib.digest import plain
from panel.models import ChangeRequest, Happening, Platform, Status
from panel.mt4.errors import LeaseLost, MT4Error, OutcomeUnknown, Rejected, Unavailable
from panel.mt4.read import reader
from panel.mt4.write import writer

log = structlog.get_logger(__name__)
WORKER = Actor.system("worker")
# Seconds after which a request that found MT4 away is tried again, and how often at the most.
AWAY_PAUSE = 20
AWAY_TRIES = 30
# Of those that wait for an account, how many are looked through; the sweep finds the others.
WAITING = 200


def worker_name() -> str:
    """Host and process, for the row of what this worker has claimed."""
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


def claim(request_id: int) -> ChangeRequest | None:
    """Take an approved request up; None if it is not to be had (now).

    A money move that finds another one of its account under way or unknown stays approved, and
    says for which it waits.
    """
    request = ChangeRequest.objects.select_related("platform").get(pk=request_id)
    now = timezone.now()
    if request.status != Status.APPROVED or (request.not_before and request.not_before > now):
        return None
    if restoration.is_open():
        return None
    if request.platform is not None and request.platform.other_server:
        # Taken up, it would be tried and put back until it failed: it waits for its own server.
        _wait(request, request.platform.other_server, AWAY_PAUSE)
        return None
    if expire_if_late(request) or _lacks_approvals(request):
        return None
    try:
        with transaction.atomic():
            holds.take(request, accounts_of(request))
            move(
                request,
                Status.EXECUTING,
                actor=WORKER,
                source="worker",
                guard=Q(attempt=request.attempt),
                attempt=request.attempt + 1,
                worker=worker_name(),
                lease_until=now + timedelta(seconds=settings.EXECUTION_LEASE),
                waiting_for="",
            )
    except Moved:
        return None
    except holds.Held as held:
        _wait_for_other(request, held.other)
        return None
    return request


def _lacks_approvals(request: ChangeRequest) -> bool:
    """Send it back to be decided if an approval that it needs counts no longer; whether it was so.

    Whoever gave it has been deactivated or lost the right since: nothing is sent on their word.
    """
    if not request.approvals_needed or request.on_hold:
        return False
    counted, lost = votes.given(request)
    if counted >= request.approvals_needed:
        return False
    try:
        with transaction.atomic():
            happened(request, Happening.Event.ASKED)
            move(
                request,
                Status.PENDING,
                actor=WORKER,
                source="worker",
                guard=Q(attempt=request.attempt),
                detail=" ".join(["Nothing was sent.", *(one.text for one in lost)]),
                decided=None,
                waiting_for="",
                not_before=None,
            )
    except Moved:
        log.info("not sent back: somebody was first", reference=request.reference)
    return True


def accounts_of(request: ChangeRequest) -> Sequence[int]:
    """The logins on which a request moves money."""
    command = command_class(request.command)
    return command.accounts(request) if issubclass(command, MT4Command) else []


def _wait_for_other(request: ChangeRequest, other: ChangeRequest | None) -> None:
    _wait(request, f"Waits for {other.reference} on the same account." if other else "", 2)


def _wait(request: ChangeRequest, text: str, seconds: int) -> None:
    """Leave it approved, and say on its page for what it waits."""
    ChangeRequest.objects.filter(pk=request.pk, status=Status.APPROVED).update(
        waiting_for=text[:200], not_before=timezone.now() + timedelta(seconds=seconds)
    )


def run(request_id: int) -> None:
    """Carry one approved request out, if nobody else has taken it up."""
    request = claim(request_id)
    if request is None:
        return
    command, call = open_call(request)
    attempt(command, call)


def open_call(request: ChangeRequest) -> tuple[MT4Command, Call]:
    """The command of a claimed request, and the means to carry it out."""
    command = load(request)
    if not isinstance(command, MT4Command) or request.platform is None:
        raise TypeError(f"{request.command} is not carried out by a worker.")
    connection = request.platform.connection
    reading = reader(connection)
    call = Call(
        request=request,
        reader=reading,
        writer=writer(connection),
        attempt=request.attempt,
        precheck=lambda: command.check_again(reading, request),
    )
    return command, call


def attempt(command: MT4Command, call: Call) -> None:
    """Take the command's steps and write what became of them."""
    try:
        command.execute(call)
    except HandedOver:
        log.info("handed over", reference=call.reference)
    except LeaseLost as lost:
        log.warning("lease lost", reference=call.reference, why=str(lost))
        if not call.request.progress:
            _release(call, lost)
    except Undone as undone:
        finish(call, Status.FAILED, code=undone.code, text=str(undone))
    except NotAllowed as refused:
        _not_allowed(call, refused)
    except Rejected as rejected:
        finish_rejected(command, call, rejected)
    except (Unavailable, Invalid) as away:
        _put_off(call, away)
    except OutcomeUnknown as open_end:
        unknown(call, open_end, str(open_end))
    except Undecided as undecided:
        unknown(call, undecided, str(undecided), needs_person=True)
    else:
        succeed(command, call)


def _not_allowed(call: Call, refused: NotAllowed) -> None:
    """The live check before a sending said no. What was sent before may still come through, and
    nobody repeats it: a person decides."""
    if not refused.sent_before:
        done = [name for name, step in call.request.progress.items() if "done" in step]
        told = f" Already done and not undone: {', '.join(done)}." if done else ""
        finish(call, Status.FAILED, code="Invalid", text=f"Nothing was sent. {refused}{told}")
        return
    text = f"MT4 shows no record of it, and it must not be sent again. {refused}"
    unknown(call, refused, text, needs_person=True)


def _put_off(call: Call, error: Unavailable | Invalid) -> None:
    """MT4 could not be asked, or must not be any more: its platform was switched off. Nothing of
    the present step was sent.
    """
    progress = call.request.progress
    if any("done" in step or "refused" in step for step in progress.values()):
        unknown(call, error, "Only part of it was done; the rest goes on by itself.")
    elif isinstance(error, Invalid) and progress:
        unknown(call, error, f"MT4 was not asked: {error}")
    elif isinstance(error, Invalid):
        finish(call, Status.FAILED, code="Invalid", text=f"Nothing was sent. {error}")
    else:
        _release(call, error)


def succeed(command: MT4Command, call: Call) -> None:
    """Read again, hold it against what was approved, and write `done`."""
    text, after, differs = "", None, False
    try:
        after = plain(command.after(call.reader, call.request))
        text = command.disagreement(after, call.request)
        differs = bool(text)
    except MT4Error as error:
        text = f"Done; the account could not be read again: {error}"
    finish(call, Status.DONE, code="Ok", text=text, after=after, differs=differs)


def finish_rejected(command: MT4Command, call: Call, rejected: Rejected) -> None:
    """MT4 refused a step; what earlier steps did is told."""
    progress = call.request.progress
    done = [name for name, step in progress.items() if "done" in step]
    text = rejected.explain()
    if not progress:
        text = f"Nothing was sent. {text}"
    if done:
        text = f"{text} Already done and not undone: {', '.join(done)}."
    call.activity_id = rejected.activity_id
    finish(call, Status.FAILED, code=rejected.manager_code or rejected.code, text=text)


def finish(
    call: Call,
    to: Status,
    *,
    code: str,
    text: str,
    after: dict[str, Any] | None = None,
    differs: bool = False,
) -> None:
    """Write an outcome, if this attempt is still the one that counts. `differs` says that MT4 did
    it otherwise than it was asked: people hear of that."""
    request = call.request
    try:
        with transaction.atomic():
            move(
                request,
                to,
                actor=WORKER,
                source="worker",
                guard=Q(attempt=call.attempt),
                detail=text,
                code=code,
                activity_id=call.activity_id,
                before=(request.before_sending or request.before) if to == Status.DONE else None,
                after=after,
                outcome_code=code,
                outcome_text=text,
                result={name: step.get("done", {}) for name, step in request.progress.items()},
                needs_person=False,
                lease_until=None,
                call_until=None,
            )
            if differs:
                happened(request, Happening.Event.DIFFERENT)
            wake_waiting(request)
    except Moved:
        log.warning("outcome came too late", reference=request.reference, outcome=to, text=text)


def unknown(call: Call, error: Exception, text: str, *, needs_person: bool = False) -> None:
    """Nobody can say yet whether MT4 did it. Never `failed`, never a blind repeat."""
    request = call.request
    now = timezone.now()
    fields: dict[str, Any] = {
        "outcome_code": "OutcomeUnknown",
        "outcome_text": text,
        "needs_person": needs_person or request.needs_person,
        "next_check": now + timedelta(seconds=settings.RECONCILE_PAUSE),
        "lease_until": None,
        "call_until": None,
    }
    if isinstance(error, Undecided):
        fields["evidence"] = plain({"text": error.evidence.text, **error.evidence.data})
        if request.needs_person and error.evidence.verdict == "absent":
            # Nothing new since people were asked: why they were is what they have to read.
            fields["outcome_text"] = request.outcome_text
    try:
        with transaction.atomic():
            if needs_person and not request.needs_person:
                happened(request, Happening.Event.STUCK)
            if request.status == Status.UNKNOWN:
                # Once people were asked MT4 is still looked at, ever more rarely: nothing is sent.
                doublings = min(request.checks, 8 if fields["needs_person"] else 4)
                pause = settings.RECONCILE_PAUSE * 2**doublings
                fields["next_check"] = now + timedelta(seconds=pause)
                ChangeRequest.objects.filter(
                    pk=request.pk, status=Status.UNKNOWN, attempt=call.attempt
                ).update(checks=F("checks") + 1, **fields)
            else:
                move(
                    request,
                    Status.UNKNOWN,
                    actor=WORKER,
                    source="worker",
                    guard=Q(attempt=call.attempt),
                    detail=text,
                    code="OutcomeUnknown",
                    activity_id=getattr(error, "activity_id", ""),
                    unknown_since=now,
                    **fields,
                )
    except Moved:
        log.warning("outcome came too late", reference=request.reference, outcome="unknown")


def _release(call: Call, error: Exception) -> None:
    """Certainly nothing was sent: back to approved, to be tried again while that makes sense."""
    request = call.request
    if request.status == Status.UNKNOWN:
        unknown(call, error, f"MT4's records could not be read: {error}")
        return
    if call.attempt >= AWAY_TRIES:
        finish(call, Status.FAILED, code="Unavailable", text=f"Nothing was sent. {error}")
        return
    try:
        with transaction.atomic():
            move(
                request,
                Status.APPROVED,
                actor=WORKER,
                source="worker",
                guard=Q(attempt=call.attempt),
                detail=f"Nothing was sent. {error}",
                code="Unavailable",
                waiting_for=f"MT4 could not be reached; nothing was sent. {error}"[:200],
                not_before=timezone.now() + timedelta(seconds=AWAY_PAUSE),
                lease_until=None,
                call_until=None,
                progress={},
            )
    except Moved:
        log.warning("release came too late", reference=request.reference)


def wake_waiting(request: ChangeRequest) -> None:
    """Once this transaction commits, whatever waited for the account may go on."""
    logins = accounts_of(request)
    if logins:
        # After the commit, not in it: rows are never locked after the head of the audit log.
        transaction.on_commit(lambda: wake(request.platform, logins), robust=True)


def wake(platform: Platform | None, logins: Iterable[int]) -> None:
    """Start the oldest request that waits for each of these accounts."""
    from panel.commands.tasks import start

    waiting = ChangeRequest.objects.filter(
        platform=platform, moves_money=True, status=Status.APPROVED
    ).order_by("decided", "pk")
    first: dict[int, int] = {}
    for other in waiting.filter(Q(login__in=list(logins)) | ~Q(waiting_for=""))[:WAITING]:
        for login in set(accounts_of(other)) & set(logins):
            first.setdefault(login, other.pk)
    for request_id in sorted(set(first.values())):
        ChangeRequest.objects.filter(pk=request_id).update(not_before=None)
        start(request_id)


def apply_panel_command(request: ChangeRequest, command: PanelCommand) -> None:
    """A change of the panel's own rows: applied with its outcome, all or nothing."""
    move(request, Status.EXECUTING, actor=WORKER, source="worker", attempt=request.attempt + 1)
    before = plain(command.before(None))
    result = plain(command.apply(request))
    move(
        request,
        Status.DONE,
        actor=WORKER,
        source="worker",
        before=before,
        before_sending=before,
        after=plain(command.before(None)),
        result=result,
        outcome_code="Ok",
    )
