"""The stage of a withdrawal: kept in step with its request, and led on by the desk's commands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from panel.commands import notices
from panel.commands.base import Invalid, Leftover
from panel.models import Approval, ChangeRequest, Notice, Status
from panel.ui.platform import at
from payments.models import Kind, Method, Payment, Stage, Withdrawal

_OF_STATUS: dict[str, Stage] = {
    Status.PENDING: Stage.WAITING,
    Status.APPROVED: Stage.DEBITING,
    Status.EXECUTING: Stage.DEBITING,
    Status.UNKNOWN: Stage.DEBITING,
    Status.DONE: Stage.TO_PAY,
    Status.REJECTED: Stage.REJECTED,
    Status.FAILED: Stage.FAILED,
    Status.WITHDRAWN: Stage.WITHDRAWN,
    Status.EXPIRED: Stage.EXPIRED,
}
# From which a withdrawal may be put on hold: nothing has been sent to MT4 yet.
HOLDABLE = (Stage.WAITING, Stage.DEBITING)
# Taken from the account and not with the client: it can be paid out, or go back.
OWED = (Stage.TO_PAY, Stage.BOUNCED)


def stage_of(request: ChangeRequest, method: str) -> Stage:
    """Where a withdrawal stands by its request alone. Internal ones need no payout."""
    if request.on_hold:
        return Stage.ON_HOLD
    stage = _OF_STATUS[request.status]
    if stage is Stage.TO_PAY and method == Method.INTERNAL:
        return Stage.DONE
    return stage


def opened(request: ChangeRequest, beneficiary: str) -> None:
    """A withdrawal was asked for: it comes to the desk. Called in the request's transaction."""
    payment = Payment.objects.get(reference=request.reference)
    Withdrawal.objects.create(
        payment=payment,
        platform_id=payment.platform_id,
        mt4_group=payment.mt4_group,
        stage=stage_of(request, payment.method),
        stage_since=payment.created,
        asked=payment.created,
        beneficiary=beneficiary,
    )


def debited(payments: Iterable[Payment]) -> None:
    """Withdrawals that a file has taken from their accounts come to the desk, to be paid out.

    Call it once for each, in the transaction that writes them down as done.
    """
    now = timezone.now()
    Withdrawal.objects.bulk_create(
        [
            Withdrawal(
                payment=payment,
                platform_id=payment.platform_id,
                mt4_group=payment.mt4_group,
                stage=Stage.DONE if payment.method == Method.INTERNAL else Stage.TO_PAY,
                stage_since=now,
                asked=payment.created,
            )
            for payment in payments
            if payment.kind == Kind.WITHDRAWAL
        ],
        batch_size=500,
    )


def follow(request: ChangeRequest) -> None:
    """The request took a step: the withdrawal stands where it does. Same transaction."""
    rows = Withdrawal.objects.filter(payment__request=request).select_related("payment")
    for row in rows:
        stage = stage_of(request, row.payment.method)
        Withdrawal.objects.filter(pk=row.pk).exclude(stage=stage).update(
            stage=stage, stage_since=timezone.now()
        )


def waiting(request: ChangeRequest) -> QuerySet[Withdrawal]:
    """The withdrawals of a request that are debited and not with the client."""
    return Withdrawal.objects.filter(payment__request=request, stage__in=OWED)


def to_pay(request: ChangeRequest) -> Leftover | None:
    """What a request left to be paid out, for whoever may do that; None if nothing, or no longer.

    Of a file with many the notice leads to the list.
    """
    number = waiting(request).count()
    if not number:
        return None
    single = number == 1 and request.moves_money
    approved = request.approvals.filter(decision=Approval.Decision.APPROVE)
    return Leftover(
        Notice.Kind.PAY,
        "A withdrawal waits to be paid out." if number == 1 else f"{number} wait to be paid out.",
        reverse("withdrawal", args=(request.reference,))
        if single
        else at(reverse("withdrawal_stage", args=("to-pay",)), request.platform),
        frozenset({"payments.payout", "payments.view"}),
        frozenset(approved.values_list("checker_id", flat=True)),
    )


def lead(row: Withdrawal, came_from: Iterable[str], to: Stage, **fields: Any) -> None:
    """Take a withdrawal a step on, by conditional update.

    Raises `Invalid` if it no longer stands where the step begins; then nothing was changed.
    """
    moved = Withdrawal.objects.filter(pk=row.pk, stage__in=list(came_from)).update(
        stage=to, stage_since=timezone.now(), **fields
    )
    if moved == 1 and to not in OWED and not waiting(row.payment.request).exists():
        notices.close(row.payment.request, Notice.Kind.PAY)
    if moved != 1:
        now = Withdrawal.objects.get(pk=row.pk)
        raise Invalid.of(f"{row} is {now.get_stage_display()} by now: look at it again.")
