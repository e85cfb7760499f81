"""Paying out: the money leaves the house by the bank or the payment provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone

from panel.access.policy import Needed
from panel.commands.base import Change, Check, Invalid, Preview, Risk
from panel.commands.registry import register
from panel.lib.keys import key_of
from panel.lib.text import clean
from panel.models import ChangeRequest
from payments.desk.base import DeskCommand, tell, withdrawal_of
from payments.desk.holding import BECAUSE, words
from payments.desk.separation import asked_for, why_not_pay
from payments.desk.stages import OWED, lead
from payments.models import Stage, Withdrawal
from payments.payouts import guard
from payments.payouts.second import SECOND, batch_of_file, why_not_second

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import User
    from panel.mt4.read import Reader

REFERENCE = 64


@dataclass(frozen=True, kw_only=True)
class PayoutCommand(DeskCommand):
    """A step of the payout: by nobody who approved the withdrawal, nor (policy) asked for it."""

    permission: ClassVar[str] = "payments.payout"
    risk: ClassVar[Risk] = Risk.CRITICAL

    def may_ask(self, person: User) -> str:
        """Its makers and approvers take no step of its payout."""
        row = self.row
        return why_not_pay([row], person.pk).get(row.pk, "")

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Where a policy has payouts approved: not by whoever asked for the withdrawal."""
        row = withdrawal_of(str(request.payload["withdrawal"]))
        return asked_for(row, person.pk)


@register
@dataclass(frozen=True, kw_only=True)
class PayOut(PayoutCommand):
    """The provider has it: its reference is what the client can be told."""

    name: ClassVar[str] = "payments.pay_out"
    label: ClassVar[str] = "Payout of a withdrawal"
    prefix: ClassVar[str] = "PO"

    provider_reference: str
    # The payout batch whose outcome it is; empty where it was paid by itself.
    batch: str = ""

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only what MT4 has debited, under a reference of its own."""
        row = self.row
        given = clean(self.provider_reference)
        if not given:
            raise Invalid.of("Enter the provider's reference.", "provider_reference")
        if len(given) > REFERENCE:
            raise Invalid.of(f"Use at most {REFERENCE} characters.", "provider_reference")
        if row.stage not in OWED:
            raise Invalid.of(f"{row} is {row.get_stage_display()}: it cannot be paid out.")
        guard.check_free(row, self.batch)
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
            batch=self.batch,
            provider_reference=given,
            provider_reference_key=key_of(given),
            paid=timezone.now(),
            paid_by=request.maker,
        )
        tell(row, request, "paid out", detail=f"Provider's reference {given}.")
        return {"stage": Stage.PAID, "provider_reference": given}


@register
@dataclass(frozen=True, kw_only=True)
class FailPayout(PayoutCommand):
    """The provider did not deliver it: it can be paid out again, or go back to the account."""

    name: ClassVar[str] = "payments.fail_payout"
    label: ClassVar[str] = "Failed payout of a withdrawal"
    prefix: ClassVar[str] = "PF"

    because: str

    @property
    def least_needed(self) -> Needed:
        """Two people where a file of a batch paid it: it can be in a second file after that."""
        return SECOND if batch_of_file(self.row) else self.default_needed

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Where a file paid it: by nobody who made the file or its answer."""
        row = withdrawal_of(str(request.payload["withdrawal"]))
        batch = batch_of_file(row)
        if batch is None:
            return super().may_decide(request, person)
        return why_not_second(row, batch, person)

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
