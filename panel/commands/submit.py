"""submit: the only way in. Right, scope, validation; then a row; then the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.access.policy import Asked, Needed, needed
from panel.commands import happenings
from panel.commands.base import Command, Invalid, PanelCommand, Target
from panel.commands.errors import AlreadyDecided, Denied, KeyReused
from panel.commands.payload import to_payload
from panel.commands.states import NOT_HELD, Moved, move
from panel.lib.digest import plain, sha256
from panel.lib.references import new_reference
from panel.models import ChangeRequest, Policy, RequestAuthor, RequestGroup, Status
from panel.mt4.errors import Unavailable
from panel.mt4.read import reader

if TYPE_CHECKING:
    from panel.models import Platform
    from panel.mt4.read import Reader


NO_FACTOR = "Your role demands a second factor: set one up first."


def live_reader(command: Command) -> Reader | None:
    """The reader of the command's platform; None for a change of the panel itself."""
    platform = command.get_platform()
    if platform is None:
        return None
    try:
        return reader(platform.connection)
    except Unavailable:
        # A change of the panel's own rows asks MT4 nothing, and must not wait for its server: an
        # unknown outcome there is settled all the same.
        if isinstance(command, PanelCommand):
            return None
        raise


def check_right(command: Command, actor: Actor, *, source: str) -> None:
    """Raise `Denied`, and record it, unless the actor has the command's right."""
    if not actor.may(command.permission):
        _denied(command, actor, source, f"{actor.label} lacks the right {command.permission}.")
    if actor.user is not None and actor.user.lacks_factor:
        why = f"{actor.label} needs a second factor and has none."
        _denied(command, actor, source, why, told=NO_FACTOR)


def check_scope(
    command: Command, target: Target, platform: Platform | None, actor: Actor, *, source: str
) -> None:
    """Raise `Denied`, and record it, unless the target lies within the actor's scopes."""
    if platform is None:
        return
    person = actor.person_or_fail()
    inside = (
        person.sees(platform.pk, target.group)
        if target.group
        else person.sees_platform(platform.pk)
    )
    if not inside:
        _denied(
            command,
            actor,
            source,
            f"{target.text} is outside the scopes of {actor.label}.",
            told="This is outside your scopes.",
            platform=platform,
            group=target.group,
        )


def check_further(
    command: Command, target: Target, platform: Platform | None, actor: Actor, *, source: str
) -> None:
    """Raise `Denied`, and record it, unless every other account it concerns is the actor's to see.

    After `validate`: a command may tell it as if there were no such account.
    """
    person = actor.person_or_fail()
    for group in target.further_groups:
        if platform is not None and not person.sees(platform.pk, group):
            why = f"Group {group} is outside the scopes of {actor.label}."
            told = "This is outside your scopes."
            _denied(command, actor, source, why, told=told, platform=platform, group=group)


def check_maker(command: Command, actor: Actor, *, source: str) -> None:
    """Raise `Denied`, and record it, if the command has a reason of its own against the actor."""
    why = command.may_ask(actor.person_or_fail())
    if why:
        _denied(command, actor, source, why)


def check_superseded(
    earlier: ChangeRequest, command: Command, target: Target, platform: Platform | None
) -> None:
    """Raise `Invalid` unless the earlier request waits, and asked for the same of the same."""
    asked = (command.name, platform.pk if platform else None, target.kind, target.key, target.login)
    if asked != (
        earlier.command,
        earlier.platform_id,
        earlier.object_kind,
        earlier.object_key,
        earlier.login,
    ):
        raise Invalid.of(f"{earlier.reference} is about something else: it cannot be replaced.")
    if earlier.status != Status.PENDING:
        raise Invalid.of(
            f"{earlier.reference} is already {earlier.get_status_display()}: it cannot be changed."
        )
    if earlier.on_hold:
        raise Invalid.of(f"{earlier.reference} is on hold: it cannot be changed until it is free.")


def _denied(
    command: Command,
    actor: Actor,
    source: str,
    why: str,
    *,
    told: str = "",
    platform: Platform | None = None,
    group: str = "",
) -> None:
    """Record a denial and raise it. `told` is what the actor reads, where `why` names an account
    that is not theirs to see; then the entry is for those who see its group.
    """
    audit.record(
        actor,
        f"request {command.name}",
        source=source,
        obj=("command", command.name, command.label),
        outcome="denied",
        code=command.permission,
        platform=platform,
        group=group,
        detail=why,
    )
    raise Denied(told or why)


def submit(
    command: Command,
    *,
    actor: Actor,
    source: str,
    reason: str,
    key: str,
    supersedes: ChangeRequest | None = None,
) -> ChangeRequest:
    """Make a request of a command and, if no policy asks for approval, set it going.

    The key is unique per maker: the same key with the same payload answers with the same request,
    with another payload it raises `KeyReused`. Also raises `Denied`, `Invalid`, and the errors of
    `panel.mt4.errors` when MT4 cannot be asked; in all of these nothing was changed.
    """
    maker = actor.person_or_fail()
    if not 1 <= len(key) <= 100:
        raise Invalid.of("The idempotency key must have 1 to 100 characters.")
    check_right(command, actor, source=source)
    payload = to_payload(command)
    digest = sha256(payload)
    earlier = _same_key(maker.pk, key, command.name, digest)
    if earlier:
        return earlier

    live = live_reader(command)
    platform = command.get_platform()
    target = command.target(live)
    check_scope(command, target, platform, actor, source=source)
    check_maker(command, actor, source=source)
    if supersedes:
        check_superseded(supersedes, command, target, platform)
    command.validate(live, actor)
    check_further(command, target, platform, actor, source=source)
    if command.reason_needed and not reason.strip():
        raise Invalid.of("Say why: whoever decides on it reads this.", "reason")
    before = plain(command.before(live))
    preview = command.preview(live)
    rule = _rule(command, target, platform)
    try:
        with transaction.atomic():
            command.lock()
            if supersedes:
                # Locked first: rows are never locked after the head of the audit log.
                supersedes = ChangeRequest.objects.select_for_update(no_key=True).get(
                    pk=supersedes.pk
                )
            command.hold_limits(maker, target, but=supersedes, lock=True)
            request = ChangeRequest.objects.create(
                reference=new_reference(command.prefix),
                platform=platform,
                command=command.name,
                payload=payload,
                payload_digest=digest,
                before=before,
                preview=plain(preview.as_json()),
                object_kind=target.kind,
                object_key=target.key,
                object_text=target.text[:200],
                login=target.login,
                mt4_group=target.group,
                amount=command.amount,
                currency=target.currency,
                moves_money=command.moves_money,
                maker=maker,
                source=source,
                reason=reason.strip(),
                idempotency_key=key,
                request_id=actor.request_id,
                supersedes=supersedes,
                approvals_needed=rule.approvals,
                approver_roles=list(rule.roles),
                policy_text=rule.text,
                expires=timezone.now() + settings.REQUEST_LIFETIME,
            )
            _write_people_and_groups(request, target, supersedes)
            type(command).opened(request)
            happenings.opened(request)
            audit.record(
                actor,
                f"request {command.name}",
                source=source,
                request=request,
                before=before,
                after=payload,
                reason=request.reason,
                detail=preview.sentence,
            )
            if supersedes:
                _withdraw(supersedes, actor, source, f"Replaced by {request.reference}.")
            if rule.approvals == 0:
                approve_at_once(request, command, actor, source)
    except IntegrityError:
        # Two sent the same key at once: the other one's row is the answer.
        earlier = _same_key(maker.pk, key, command.name, digest)
        if earlier is None:
            raise
        return earlier
    except Moved as moved:
        raise AlreadyDecided(str(moved)) from moved
    return request


def _rule(command: Command, target: Target, platform: Platform | None) -> Needed:
    """What the policies ask for now."""
    return needed(
        Policy.objects.filter(command=command.name, active=True),
        Asked(
            command.name,
            platform.pk if platform else None,
            target.group,
            target.currency,
            command.amount,
        ),
        at_least=command.least_needed,
    )


def _write_people_and_groups(
    request: ChangeRequest, target: Target, supersedes: ChangeRequest | None
) -> None:
    """The people who made or edited the request, and which further groups it concerns."""
    people = {request.maker_id}
    if supersedes:
        people |= set(supersedes.authors.values_list("user_id", flat=True))
    RequestAuthor.objects.bulk_create(
        RequestAuthor(request=request, user_id=user_id) for user_id in sorted(people)
    )
    if request.platform is not None:
        RequestGroup.objects.bulk_create(
            RequestGroup(request=request, platform=request.platform, group=group)
            for group in sorted({*target.further_groups} - {target.group})
        )


def approve_at_once(request: ChangeRequest, command: Command, actor: Actor, source: str) -> None:
    """The policy asks nobody: it is set going by rule once this transaction commits.

    The entry says that nobody approved it: the rule acted, not the maker.
    """
    move(
        request,
        Status.APPROVED,
        actor=Actor.system("policy", request_id=actor.request_id),
        source=source,
        action=NOT_HELD,
        detail=f"No approval needed: {request.policy_text}",
        decided=timezone.now(),
    )
    set_going(request, command)


def set_going(request: ChangeRequest, command: Command) -> None:
    """A change of the panel is applied here; one on MT4 is handed to a worker after commit."""
    from panel.commands.executor import apply_panel_command
    from panel.commands.tasks import start

    if isinstance(command, PanelCommand):
        apply_panel_command(request, command)
    else:
        transaction.on_commit(lambda: start(request.pk), robust=True)


def _same_key(maker_id: int, key: str, name: str, digest: str) -> ChangeRequest | None:
    earlier = ChangeRequest.objects.filter(maker_id=maker_id, idempotency_key=key).first()
    if earlier and (earlier.command, earlier.payload_digest) != (name, digest):
        raise KeyReused
    return earlier


def withdraw(request: ChangeRequest, *, actor: Actor, source: str, reason: str) -> None:
    """The maker takes a request back that has not been taken up yet.

    Raises `Denied` for anybody else and `AlreadyDecided` if it is too late.
    """
    if actor.person_or_fail().pk != request.maker_id:
        raise Denied("Only its maker can withdraw a request.")
    try:
        with transaction.atomic():
            _withdraw(request, actor, source, reason)
    except Moved as moved:
        raise AlreadyDecided(str(moved)) from moved


def _withdraw(request: ChangeRequest, actor: Actor, source: str, reason: str) -> None:
    if request.status not in (Status.PENDING, Status.APPROVED):
        state = request.get_status_display()
        raise AlreadyDecided(f"Somebody else was first: it is {state} now.")
    move(request, Status.WITHDRAWN, actor=actor, source=source, reason=reason)
