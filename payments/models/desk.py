"""Withdrawals as the desk sees them: from the request to the money's arrival, or its way back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils import timezone

from panel.lib.keys import ComparableField
from payments.models.payment import Payment


class Stage(models.TextChoices):
    """Where a withdrawal stands on the desk."""

    WAITING = "waiting", "to decide"
    ON_HOLD = "on_hold", "on hold"
    DEBITING = "debiting", "being debited"
    TO_PAY = "to_pay", "to pay out"
    PAID = "paid", "paid out"
    BOUNCED = "bounced", "payout failed"
    RETURNING = "returning", "being returned"
    RETURNED = "returned", "returned"
    DONE = "done", "done"
    REJECTED = "rejected", "rejected"
    FAILED = "failed", "failed"
    WITHDRAWN = "withdrawn", "withdrawn"
    EXPIRED = "expired", "expired"


class Withdrawal(models.Model):
    """A withdrawal's way over the desk.

    | stage | what it means | what comes next |
    | --- | --- | --- |
    | waiting | asked for; nothing has moved | on_hold, debiting, rejected, … |
    | on_hold | neither approved nor carried out | waiting, debiting, rejected, withdrawn |
    | debiting | approved; MT4 takes it off | to_pay, done (internal), failed, on_hold |
    | to_pay | taken from the account, not yet with the client | paid, returning |
    | paid | with the provider, under its reference | bounced |
    | bounced | the provider did not deliver it | paid, returning |
    | returning | its return is asked for | returned, or back to to_pay or bounced |
    | returned | credited back on MT4, once and for all | |

    Up to `to_pay` the stage follows the request, by the hooks of its command; after it the desk's
    own commands lead on. Platform and group are the payment's, kept here so that the desk's lists
    and counts look at one table.
    """

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="withdrawal")
    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.PROTECT, related_name="withdrawals"
    )
    mt4_group = models.CharField(max_length=16)
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.WAITING)
    stage_since = models.DateTimeField(default=timezone.now)
    asked = models.DateTimeField()
    # To whom the money goes, as the client named them; empty where it stays within the house.
    beneficiary = models.CharField(max_length=128, blank=True)
    # The kept beneficiary that was chosen, and its details as they were then; empty without one.
    kept = models.ForeignKey(
        "payments.Beneficiary", null=True, on_delete=models.PROTECT, related_name="withdrawals"
    )
    paid_to = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    # Their bank account or wallet, where it was told with the request; empty elsewhere.
    destination = models.CharField(max_length=128, blank=True, db_default="")
    # What the bank or the payment provider calls the payout.
    provider_reference = models.CharField(max_length=64, blank=True)
    provider_reference_key = ComparableField("provider_reference", db_index=True)
    paid = models.DateTimeField(null=True)
    paid_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # The payment that credits it back: one at a time, and for ever once it is done.
    returned_by = models.OneToOneField(
        Payment, null=True, on_delete=models.PROTECT, related_name="returns"
    )
    # Where it stood when its return was asked for, and stands again if that comes to nothing.
    stage_before = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ("asked", "pk")
        indexes = (
            models.Index(fields=("platform", "stage", "asked", "id"), name="withdrawal_stage"),
            models.Index(fields=("platform", "asked", "id"), name="withdrawal_asked"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(stage__in=Stage.values), name="withdrawal_stage_known"
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=["paid", "bounced"]) | ~Q(provider_reference=""),
                name="payout_has_the_providers_reference",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["returning", "returned"], returned_by__isnull=False)
                | (~Q(stage__in=["returning", "returned"]) & Q(returned_by__isnull=True)),
                name="return_has_its_payment",
            ),
        )

    def __str__(self) -> str:
        return str(self.payment)

    @property
    def shown(self) -> str:
        """The state as pages call it: while MT4 is at it, the payment's own."""
        return self.payment.status if self.stage == Stage.DEBITING else self.stage
