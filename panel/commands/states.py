"""The states of a request, and the only function that changes one."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.commands import happenings, holds
from panel.models import ChangeRequest, Status
from panel.models.change import IN_FLIGHT

ALLOWED: dict[str, frozenset[str]] = {
    Status.PENDING: frozenset({Status.APPROVED, Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED}),
    Status.APPROVED: frozenset(
        {Status.EXECUTING, Status.PENDING, Status.WITHDRAWN, Status.EXPIRED, Status.FAILED}
    ),
    Status.EXECUTING: frozenset({Status.DONE, Status.FAILED, Status.UNKNOWN, Status.APPROVED}),
    Status.UNKNOWN: frozenset({Status.DONE, Status.FAILED}),
}

# The action of the step to `approved` that no person took, since no policy held the request.
NOT_HELD = "request needed no approval"
FINAL = frozenset(Status.values) - frozenset(ALLOWED)


class Moved(RuntimeError):
    """Somebody else changed the request first; nothing was written."""


def move(
    request: ChangeRequest,
    to: Status,
    *,
    actor: Actor,
    source: str,
    guard: models.Q | None = None,
    action: str = "",
    reason: str = "",
    detail: str = "",
    code: str = "",
    activity_id: str = "",
    before: Any = None,
    after: Any = None,
    **fields: Any,
) -> None:
    """Take one step, by conditional update, with its audit entry in the same transaction.

    Call it inside `transaction.atomic()`. `guard` narrows the update further (attempt, lease).
    `action` names the entry otherwise than by the step.

    Raises `Moved` if the row is no longer where the caller saw it, or if it is on hold and the
    step would take it further; then nothing is written.
    """
    from panel.commands.registry import command_class

    came_from = request.status
    if to not in ALLOWED.get(came_from, frozenset()):
        raise ValueError(f"No step leads from {came_from} to {to}.")
    now = timezone.now()
    if to in FINAL:
        fields.setdefault("finished", now)
        fields.setdefault("on_hold", "")
    if to == Status.DONE and after is not None:
        fields["after"] = after
    rows = ChangeRequest.objects.filter(pk=request.pk, status=came_from)
    if guard is not None:
        rows = rows.filter(guard)
    if to in (Status.APPROVED, Status.EXECUTING):
        rows = rows.filter(on_hold="")
    if rows.update(status=to, **fields) != 1:
        raise Moved(f"{request.reference} is no longer {came_from}.")
    request.status = to
    for name, value in fields.items():
        setattr(request, name, value)
    if came_from in IN_FLIGHT and to not in IN_FLIGHT:
        holds.release(request)
    command_class(request.command).moved(request)
    happenings.moved(request, to)
    audit.record(
        actor,
        action or f"request {to}",
        source=source,
        request=request,
        before=before,
        after=after,
        reason=reason,
        detail=detail,
        code=code,
        activity_id=activity_id,
        outcome={Status.FAILED: "failed", Status.UNKNOWN: "unknown"}.get(to, "ok"),
    )
