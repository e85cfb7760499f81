"""Paying out: the money leaves the house by the bank or the payment provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone

from panel.commands.base import Change, Check, Invalid, Preview, Risk
from panel.commands.registry import register
from panel.lib.keys import key_of
from panel.lib.text import clean
from panel.models import Approval, ChangeRequest
from payments.desk.base import DeskCommand, tell
from payments.desk.holding import BECAUSE, words
from payments.desk.stages import OWED, lead
from payments.models import BulkFile, Stage, Withdrawal

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.mt4.read import Reader

REFERENCE = 64


@register
@dataclass(frozen=True, kw_only=True)
class PayOut(DeskCommand):
    """The provider has it: its reference is what the client can be told."""

    name: ClassVar[str] = "payments.pay_out"
    label: ClassVar[str] = "Payout of a withdrawal"
    prefix: ClassVar[str] = "PO"
    permission: ClassVar[str] = "payments.payout"
    risk: ClassVar[Risk] = Risk.CRITICAL

    provider_reference: str

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only what MT4 has debited, under a reference of its own, by nobody who approved it."""
        row = self.row
        given = clean(self.provider_reference)
        if not given:
            raise Invalid.of("Enter the provider's reference.", "provider_reference")
        if len(given) > REFERENCE:
            raise Invalid.of(f"Use at most {REFERENCE} characters.", "provider_reference")
        if row.stage not in OWED:
            raise Invalid.of(f"{row} is {row.get_stage_display()}: it cannot be paid out.")
        if key_of(given) == row.provider_reference_key:
            raise Invalid.of(
                "The payout of this reference failed: another try has another one.",
                "provider_reference",
            )
        used = self._used(row, given)
        if used:
            raise Invalid.of(
                f"{used} was already paid out under this reference.", "provider_reference"
            )
        if actor and actor.user and approved_by(row, actor.user.pk):
            raise Invalid.of("You approved this withdrawal, so somebody else pays it out.")

    def _used(self, row: Withdrawal, given: str) -> Withdrawal | None:
        same = Withdrawal.objects.filter(
            provider_reference_key=key_of(given), payment__method=row.payment.method
        )
        return same.exclude(pk=row.pk).select_related("payment").first()

    def preview(self, reader: Reader | None) -> Preview:
        """What was paid, and as what."""
        row = self.row
        method = row.payment.get_method_display()
        return Preview(
            sentence=f"Mark {words(row)} as paid out by {method}, {self.provider_reference}",
            button="Mark as paid out",
            changes=[Change("Stage", row.get_stage_display(), Stage.PAID.label)],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write the payout down."""
        row = self.row
        given = clean(self.provider_reference)
        lead(
            row,
            OWED,
            Stage.PAID,
            provider_reference=given,
            provider_reference_key=key_of(given),
            paid=timezone.now(),
            paid_by=request.maker,
        )
        tell(row, request, "paid out", detail=f"Provider's reference {given}.")
        return {"stage": Stage.PAID, "provider_reference": given}


@register
@dataclass(frozen=True, kw_only=True)
class FailPayout(DeskCommand):
    """The provider did not deliver it: it can be paid out again, or go back to the account."""

    name: ClassVar[str] = "payments.fail_payout"
    label: ClassVar[str] = "Failed payout of a withdrawal"
    prefix: ClassVar[str] = "PF"
    permission: ClassVar[str] = "payments.payout"
    risk: ClassVar[Risk] = Risk.CRITICAL

    because: str

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only what was paid out, and with a reason."""
        row = self.row
        if not self.because.strip():
            raise Invalid.of("Say what the provider says.", "because")
        if len(self.because) > BECAUSE:
            raise Invalid.of(f"Use at most {BECAUSE} characters.", "because")
        if row.stage != Stage.PAID:
            raise Invalid.of(f"{row} is {row.get_stage_display()}: no payout of it can fail.")

    def preview(self, reader: Reader | None) -> Preview:
        """What did not arrive, and why."""
        row = self.row
        return Preview(
            sentence=f"Mark the payout {row.provider_reference} of {words(row)} as failed: "
            f"{self.because}",
            button="Mark payout as failed",
            changes=[Change("Stage", row.get_stage_display(), Stage.BOUNCED.label)],
            checks=[Check("warn", "Only once the provider has the money no more.")],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write the failure down."""
        row = self.row
        lead(row, [Stage.PAID], Stage.BOUNCED)
        tell(
            row,
            request,
            "payout failed",
            reason=self.because.strip(),
            detail=f"Provider's reference {row.provider_reference}.",
        )
        return {"stage": Stage.BOUNCED}


def approved_by(row: Withdrawal, person: int) -> bool:
    """Whether somebody approved the withdrawal; whoever did does not pay it out.

    A line of a file was approved with the file, also where it became a request of its own.
    """
    requests = {row.payment.request_id}
    for file in BulkFile.objects.filter(items__reference=row.payment.reference):
        requests |= {pk for pk in (file.request_id, file.run_id) if pk is not None}
    return Approval.objects.filter(
        request__in=requests, checker=person, decision=Approval.Decision.APPROVE
    ).exists()
