"""Taking a payout in hand: the same as for a decision, at the other end of the desk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from panel.commands.base import Target
from panel.commands.claims import ClaimCommand
from panel.commands.registry import register
from panel.models import ChangeRequest, Claim
from payments.desk.base import withdrawal_of
from payments.desk.payout import PayOut
from payments.desk.separation import barred, why_not_pay
from payments.desk.stages import OWED
from payments.models import Stage, Withdrawal

if TYPE_CHECKING:
    from panel.models import User

DECIDED = (Stage.WAITING, Stage.ON_HOLD)


def task_of(row: Withdrawal) -> Claim.Task | None:
    """What is to be done with a withdrawal at its stage; None where nobody has anything to do."""
    if row.stage in DECIDED:
        return Claim.Task.DECIDE
    return Claim.Task.PAY if row.stage in OWED else None


def why_not_payer(row: Withdrawal, person: User) -> str:
    """Why a person could not pay a withdrawal out, in words; empty if they could."""
    if not person.may(PayOut.permission):
        return "Your roles do not carry the right to pay out."
    if not person.sees(row.platform_id, row.mt4_group):
        return "It lies outside your scopes."
    return why_not_pay([row], person.pk).get(row.pk, "")


@register
@dataclass(frozen=True, kw_only=True)
class ClaimPayout(ClaimCommand):
    """The payout of a withdrawal; `reference` is the withdrawal's."""

    name: ClassVar[str] = "payments.claim_payout"
    label: ClassVar[str] = "Claim of a payout"
    prefix: ClassVar[str] = "QP"
    permission: ClassVar[str] = "payments.view"
    task: ClassVar[Claim.Task] = Claim.Task.PAY

    @cached_property
    def row(self) -> Withdrawal:
        """The withdrawal of the reference, read once."""
        return withdrawal_of(self.reference)

    def request(self) -> ChangeRequest:
        """The request that debited it."""
        return self.row.payment.request

    def why_not(self, person: User) -> str:
        """Whoever could not pay it out."""
        return why_not_payer(self.row, person)

    def able(self, people: Iterable[User]) -> list[User]:
        """Those who could pay it out."""
        row = self.row
        out = barred([row])
        return [
            person
            for person in people
            if person.pk not in out
            and person.may(PayOut.permission)
            and person.sees(row.platform_id, row.mt4_group)
        ]

    def gone(self) -> str:
        """It is not owed to the client any more."""
        row = self.row
        if row.stage in OWED:
            return ""
        return f"{row} is {row.get_stage_display()}: there is nothing to pay out."

    def about(self) -> Target:
        """The withdrawal."""
        payment = self.row.payment
        return Target(
            "withdrawal",
            payment.reference,
            f"{payment.login} {payment.account_name}",
            group=payment.mt4_group,
            currency=payment.currency,
        )
