"""Which requests wait for a person, and which a person may see at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone

from panel.access.masks import visible
from panel.commands.base import Command
from panel.commands.registry import COMMANDS
from panel.models import Approval, ChangeRequest, RequestAuthor, RequestGroup, Status

if TYPE_CHECKING:
    from panel.models import User


def within_scopes(person: User, *, group: str = "mt4_group") -> Q:
    """Rows of MT4 groups that the person sees, or of a platform as a whole that they see."""
    platforms = {platform for platform, _ in person.scope_rows}
    somewhere = Q() if None in platforms else Q(platform_id__in=platforms)
    return Q(platform_id__isnull=False) & (
        visible(person.scope_rows, group) & ~Q(**{group: ""}) | Q(**{group: ""}) & somewhere
    )


def beyond(person: User) -> QuerySet[RequestGroup]:
    """The further groups of requests that lie outside the person's scopes."""
    return RequestGroup.objects.exclude(visible(person.scope_rows))


def visible_requests(person: User) -> QuerySet[ChangeRequest]:
    """The person's own requests; with `requests.view` also those within their scopes: with every
    account that they concern, be it the other one of a transfer.

    Changes of the panel itself (staff, policies, platforms) have no scope: they are seen by
    whoever could make them, decide on them, or read of them in the audit log.
    """
    seen = Q(maker=person)
    if person.may("requests.view"):
        seen |= within_scopes(person) & ~Q(pk__in=beyond(person).values("request"))
        own_field = Q(platform__isnull=True)
        if not person.may("audit.view"):
            own_field &= Q(
                command__in=[
                    command.name
                    for command in COMMANDS.values()
                    if person.may(command.permission) or person.may(command.approve_permission)
                ]
            )
        seen |= own_field
    return ChangeRequest.objects.filter(seen)


def waiting_for(person: User) -> QuerySet[ChangeRequest]:
    """Pending requests on which this person may decide now: the same rules as `decide.why_not`."""
    if not person.may("requests.view"):
        return ChangeRequest.objects.none()
    decidable = [command for command in COMMANDS.values() if person.may(command.approve_permission)]
    rows = ChangeRequest.objects.filter(
        within_scopes(person) | Q(platform__isnull=True),
        status=Status.PENDING,
        on_hold="",
        expires__gt=timezone.now(),
        command__in=[command.name for command in decidable],
    )
    rows = rows.exclude(pk__in=RequestAuthor.objects.filter(user=person).values("request"))
    rows = rows.exclude(pk__in=beyond(person).values("request"))
    rows = rows.exclude(pk__in=Approval.objects.filter(checker=person).values("request"))
    # A JSON list cannot be searched alike on SQLite and PostgreSQL; the distinct lists are few.
    closed = [
        roles
        for roles in rows.order_by().values_list("approver_roles", flat=True).distinct()
        if roles and not person.role_slugs & set(roles)
    ]
    for roles in closed:
        rows = rows.exclude(approver_roles=roles)
    return rows.exclude(pk__in=_refused_by_command(rows, decidable, person))


def _refused_by_command(
    rows: QuerySet[ChangeRequest], decidable: list[type[Command]], person: User
) -> list[int]:
    """Those whose command has a reason of its own against this person."""
    own_rule = [
        command.name
        for command in decidable
        if any("may_decide" in vars(kind) for kind in command.__mro__ if kind is not Command)
    ]
    if not own_rule:
        return []
    return [
        request.pk
        for request in rows.filter(command__in=own_rule)
        if COMMANDS[request.command].may_decide(request, person)
    ]


def waiting_count(person: User) -> int:
    """How many requests wait for this person."""
    return waiting_for(person).count()
