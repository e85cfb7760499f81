"""What was decided before: on the account's payments, and on how they were held or paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panel.commands.inbox import visible_requests
from panel.models import Approval, ChangeRequest, Status, User
from payments.desk.holding import HoldWithdrawal
from payments.desk.payout import FailPayout
from payments.models import Withdrawal

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision: on which reference, what, by whom, why, when."""

    reference: str
    what: str
    look: str
    who: str
    why: str
    at: datetime


def decisions(row: Withdrawal, reader: User) -> list[Decided]:
    """The last decisions on the account's other payments that the reader may see; two queries.

    Of a transfer whose other account lies outside their scopes not even the reference is told.
    """
    payment, seen = row.payment, visible_requests(reader)
    place = {"platform": payment.platform_id, "login": payment.login}
    approvals = (
        Approval.objects.filter(
            request__platform=payment.platform_id,
            request__login=payment.login,
            request__moves_money=True,
            request__in=seen.values("pk"),
        )
        .exclude(request=payment.request_id)
        .select_related("checker", "request")
        .order_by("-created")[:SHOWN]
    )
    held = (
        seen.filter(command__in=[HoldWithdrawal.name, FailPayout.name], status=Status.DONE, **place)
        .exclude(object_key=payment.reference)
        .select_related("maker")
        .order_by("-created")[:SHOWN]
    )
    found = [_approval(row) for row in approvals] + [_held(row) for row in held]
    return sorted(found, key=lambda one: one.at, reverse=True)[:SHOWN]


def _approval(row: Approval) -> Decided:
    rejected = row.decision == Approval.Decision.REJECT
    return Decided(
        row.request.reference,
        "rejected" if rejected else "approved",
        "rejected" if rejected else "approved",
        row.checker.name,
        row.reason,
        row.created,
    )


def _held(row: ChangeRequest) -> Decided:
    hold = row.command == HoldWithdrawal.name
    return Decided(
        row.object_key,
        "held" if hold else "payout failed",
        "on-hold" if hold else "failed",
        row.maker.name,
        str(row.payload["because"]),
        row.created,
    )
