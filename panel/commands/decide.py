"""Deciding: a second person approves or rejects. One decision wins; the other is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from panel import audit
from panel.commands import votes
from panel.commands.base import Command, Invalid
from panel.commands.errors import AlreadyDecided, Denied, Stale
from panel.commands.expiry import expire_if_late, is_late
from panel.commands.registry import load
from panel.commands.states import move
from panel.commands.submit import NO_FACTOR, live_reader, set_going
from panel.commands.votes import may_vote
from panel.lib.digest import plain, sha256
from panel.models import Approval, ChangeRequest, Status

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import User

LATE = "It has expired: nobody decided in time. Nothing was sent; it has to be asked for again."


def why_not(request: ChangeRequest, person: User) -> str:
    """Why this person may not decide on the request, in words; empty if they may.

    There is no exception for anybody: the database refuses the maker as well.
    """
    if request.status != Status.PENDING:
        return f"It is already {request.get_status_display()}."
    if is_late(request):
        return LATE
    if any(author.user_id == person.pk for author in request.authors.all()):
        return "You made or edited this request, so somebody else has to decide."
    why = may_vote(request, person)
    if why:
        return why
    if any(one.checker_id == person.pk for one in request.approvals.all()):
        return "You have already decided; it waits for another person."
    return ""


def live_before(request: ChangeRequest) -> tuple[Command, dict[str, Any]]:
    """The command of a request and the values, read now, that its decision stands on."""
    command = load(request)
    return command, plain(command.before(live_reader(command)))


def approve(
    request: ChangeRequest, *, actor: Actor, source: str, seen: str, reason: str = ""
) -> ChangeRequest:
    """Approve; the last approval that is needed sets the request going.

    Earlier approvals count only as long as those who gave them could give them now. `seen` is the
    digest of the live values the checker was shown: if they are others by now, `Stale` is raised
    with the new ones. Raises `Denied`, `AlreadyDecided`, `Invalid` when it is on
    hold or would not go through any more, and the errors of `panel.mt4.errors`.
    """
    person = _may_decide(request, actor, source)
    command, live = live_before(request)
    if sha256(live) != seen:
        raise Stale(live)
    command.validate(live_reader(command), None)
    with transaction.atomic():
        locked = _lock(request)
        if locked.on_hold:
            raise Invalid.of(f"It is on hold: {locked.on_hold}")
        command.lock()
        _write(locked, person, Approval.Decision.APPROVE, reason, seen, live)
        given, lost = votes.given(locked)
        detail = " ".join(
            [f"Approval {given} of {locked.approvals_needed}.", *(one.text for one in lost)]
        )
        if given < locked.approvals_needed:
            audit.record(
                actor,
                "request approval",
                source=source,
                request=locked,
                reason=reason,
                detail=detail,
            )
        else:
            move(
                locked,
                Status.APPROVED,
                actor=actor,
                source=source,
                reason=reason,
                # What was approved is what was asked: what it did to the account is known once it
                # is done. The figures that the checker saw are kept with the approval.
                after=locked.payload,
                detail=detail,
                decided=timezone.now(),
            )
            set_going(locked, command)
    return locked


def reject(request: ChangeRequest, *, actor: Actor, source: str, reason: str) -> ChangeRequest:
    """Reject, with a reason; one rejection is enough. Raises as `approve` does."""
    person = _may_decide(request, actor, source)
    if not reason.strip():
        raise Invalid.of("Say why it is rejected: the maker will read it.", "reason")
    with transaction.atomic():
        locked = _lock(request)
        _write(locked, person, Approval.Decision.REJECT, reason.strip(), "", {})
        move(
            locked,
            Status.REJECTED,
            actor=actor,
            source=source,
            reason=reason.strip(),
            decided=timezone.now(),
        )
    return locked


def _may_decide(request: ChangeRequest, actor: Actor, source: str) -> User:
    person = actor.person_or_fail()
    if expire_if_late(request):
        raise AlreadyDecided(LATE)
    if request.status != Status.PENDING:
        raise AlreadyDecided(_first(request))
    why = why_not(request, person) or (NO_FACTOR if person.lacks_factor else "")
    if why:
        audit.record(
            actor, "request decision", source=source, request=request, outcome="denied", detail=why
        )
        raise Denied(why)
    return person


def _first(request: ChangeRequest) -> str:
    return f"Somebody else was first: it is {request.get_status_display()} now."


def _lock(request: ChangeRequest) -> ChangeRequest:
    """The row, locked, so that two checkers come one after the other."""
    locked = ChangeRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    if locked.status != Status.PENDING:
        raise AlreadyDecided(_first(locked))
    if is_late(locked):
        # The sweep closes it: what is written here would be rolled back with the decision.
        raise AlreadyDecided(LATE)
    return locked


def _write(
    request: ChangeRequest,
    person: User,
    decision: Approval.Decision,
    reason: str,
    seen: str,
    live: dict[str, Any],
) -> None:
    roles = person.role_slugs & set(request.approver_roles) or person.role_slugs
    try:
        with transaction.atomic():
            Approval.objects.create(
                request=request,
                checker=person,
                maker_id=request.maker_id,
                role=min(roles, default=""),
                decision=decision,
                reason=reason,
                seen_digest=seen,
                live=live,
            )
    except IntegrityError as error:
        raise Denied("You cannot decide on this request, or have already done so.") from error
