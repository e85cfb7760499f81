"""A payout of a batch that the provider did not make: written down by two people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from panel.access.policy import Needed
from panel.commands.base import Change, Check, Invalid, Preview
from panel.commands.registry import register
from panel.lib.keys import key_of
from panel.models import ChangeRequest, Status
from payments.desk.base import tell, withdrawal_of
from payments.desk.holding import BECAUSE, words
from payments.desk.payout import PayoutCommand
from payments.desk.stages import OWED, lead
from payments.models import PayoutBatch, Stage
from payments.payouts import guard
from payments.payouts.second import SECOND, why_not_second

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import User
    from panel.mt4.read import Reader


@register
@dataclass(frozen=True, kw_only=True)
class FailBatchPayout(PayoutCommand):
    """The provider did not pay a line of a batch: the desk pays it again, or returns it.

    The bank has the file, so that a second person confirms it, as for the end of the whole batch.
    """

    name: ClassVar[str] = "payouts.fail"
    label: ClassVar[str] = "Failed payout of a batch"
    prefix: ClassVar[str] = "PG"
    default_needed: ClassVar[Needed] = SECOND

    batch: str
    because: str
    provider_reference: str = ""

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only a line that waits for its outcome, and that nobody else calls failed already."""
        row = self.row
        guard.check_free(row, self.batch)
        if row.stage not in OWED:
            raise Invalid.of(f"{row} is {row.get_stage_display()}: no payout of it can fail.")
        if not self.because.strip() or len(self.because) > BECAUSE:
            raise Invalid.of(f"Say in 1 to {BECAUSE} characters what the provider says.", "because")
        other = waiting(self.batch, [str(row)]).get(str(row))
        if other is not None and other.reference != self.request_reference:
            raise Invalid.of(f"{other.reference} waits for a second person already.")

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """By nobody who made the batch, its file or the answer, nor had the withdrawal paid."""
        batch = PayoutBatch.objects.get(reference=request.payload["batch"])
        return why_not_second(withdrawal_of(request.payload["withdrawal"]), batch, person)

    def preview(self, reader: Reader | None) -> Preview:
        """What did not arrive, and why."""
        row = self.row
        return Preview(
            sentence=f"Mark the payout of {words(row)} in {self.batch} as failed: {self.because}",
            button="Mark payout as failed",
            changes=[Change("Stage", row.get_stage_display(), Stage.BOUNCED.label)],
            checks=[
                Check("warn", "Make sure with the bank that it is not paid by the file of "
                      f"{self.batch}, or the client is paid twice.")
            ],
        )  # fmt: skip

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write the failure down, under the provider's reference or else our batch's."""
        row = self.row
        reference = self.provider_reference.strip() or self.batch
        lead(
            row,
            OWED,
            Stage.BOUNCED,
            batch=self.batch,
            provider_reference=reference,
            provider_reference_key=key_of(reference),
        )
        tell(
            row,
            request,
            "payout failed",
            reason=self.because.strip(),
            detail=f"In {self.batch}; provider's reference {reference}.",
        )
        return {"stage": Stage.BOUNCED}


def waiting(batch: str, withdrawals: Iterable[str]) -> dict[str, ChangeRequest]:
    """Requests that call payouts of a batch failed and wait for a second person, by withdrawal."""
    rows = ChangeRequest.objects.filter(
        command=FailBatchPayout.name, status=Status.PENDING, object_key__in=list(withdrawals)
    )
    return {row.object_key: row for row in rows if row.payload["batch"] == batch}
