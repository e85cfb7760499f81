"""Deciding: a second person approves or rejects. One decision wins; the other is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from panel import audit
from panel.commands.base import Command, Invalid
from panel.commands.errors import AlreadyDecided, Denied, Stale
from panel.commands.registry import command_class, load
from panel.commands.states import move
from panel.commands.submit import live_reader, set_going
from panel.lib.digest import plain, sha256
from panel.models import Approval, ChangeRequest, Status

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import User


def why_not(request: ChangeRequest, person: User) -> str:
    """Why this person may not decide on the request, in words; empty if they may.

    There is no exception for anybody: the database refuses the maker as well.
    """
    command = command_class(request.command)
    if request.status != Status.PENDING:
        return f"It is already {request.get_status_display()}."
    if any(author.user_id == person.pk for author in request.authors.all()):
        return "You made or edited this request, so somebody else has to decide."
    if not person.may(command.approve_permission):
        return "Your roles do not carry the right to decide on this."
    if request.approver_roles and not person.role_slugs & set(request.approver_roles):
        return f"The policy asks for {' or '.join(request.approver_roles)}."
    if request.platform_id and not (
        person.sees(request.platform_id, request.mt4_group)
        if request.mt4_group
        else person.sees_platform(request.platform_id)
    ):
        return "It lies outside your scopes."
    if any(one.checker_id == person.pk for one in request.approvals.all()):
        return "You have already decided; it waits for another person."
    return command.may_decide(request, person)


def live_before(request: ChangeRequest) -> tuple[Command, dict[str, Any]]:
    """The command of a request and the values, read now, that its decision stands on."""
    command = load(request)
    return command, plain(command.before(live_reader(command)))


def approve(
    request: ChangeRequest, *, actor: Actor, source: str, seen: str, reason: str = ""
) -> ChangeRequest:
    """Approve; the last approval that is needed sets the request going.

    `seen` is the digest of the live values the checker was shown: if they are others by now,
    `Stale` is raised with the new ones. Raises `Denied`, `AlreadyDecided`, `Invalid` when it is on
    hold or would not go through any more, and the errors of `panel.mt4.errors`.
    """
    person = _may_decide(request, actor, source)
    command_class(request.command).read_anew(request)
    command, live = live_before(request)
    if sha256(live) != seen:
        raise Stale(live)
    command.validate(live_reader(command), None)
    with transaction.atomic():
        locked = _lock(request)
        if locked.on_hold:
            raise Invalid.of(f"It is on hold: {locked.on_hold}")
        command.lock()
        command.approving(locked, person)
        _write(locked, person, Approval.Decision.APPROVE, reason, seen, live)
        given = locked.approvals.filter(decision=Approval.Decision.APPROVE).count()
        if given < locked.approvals_needed:
            audit.record(
                actor,
                "request approval",
                source=source,
                request=locked,
                reason=reason,
                detail=f"Approval {given} of {locked.approvals_needed}.",
            )
        else:
            move(
                locked,
                Status.APPROVED,
                actor=actor,
                source=source,
                reason=reason,
                before=locked.before,
                after=live,
                detail=f"Approval {given} of {locked.approvals_needed}.",
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
    if request.status != Status.PENDING:
        raise AlreadyDecided(f"{request.reference} is already {request.get_status_display()}.")
    why = why_not(request, person)
    if why:
        audit.record(
            actor, "request decision", source=source, request=request, outcome="denied", detail=why
        )
        raise Denied(why)
    return person


def _lock(request: ChangeRequest) -> ChangeRequest:
    """The row, locked, so that two checkers come one after the other."""
    locked = ChangeRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    if locked.status != Status.PENDING:
        raise AlreadyDecided(f"{locked.reference} is already {locked.get_status_display()}.")
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
