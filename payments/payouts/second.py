"""Who may be the second person when a payout of a file is called failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panel.access.policy import Needed
from panel.models import RequestAuthor
from payments.desk.separation import why_not_pay
from payments.models import PayoutAnswer, PayoutFile, PayoutLine, Withdrawal

if TYPE_CHECKING:
    from panel.models import User
    from payments.models import PayoutBatch

SECOND = Needed(
    1, (), "A second person confirms that the bank did not pay it: it can be paid again after that."
)


def batch_of_file(row: Withdrawal) -> PayoutBatch | None:
    """The batch by whose file the withdrawal is, or was last, paid; None if by none."""
    open_or_paid = (PayoutLine.State.LISTED, PayoutLine.State.PAID)
    lines = PayoutLine.objects.filter(
        withdrawal=row, state__in=open_or_paid, batch__file__isnull=False
    )
    line = lines.select_related("batch").order_by("-pk").first()
    return line.batch if line else None


def people_of_file(batch: PayoutBatch) -> set[int]:
    """Who made the batch or its file, and who uploaded or confirmed an answer, by primary key."""
    found = {batch.made_by_id}
    found |= set(
        RequestAuthor.objects.filter(request=batch.request_id).values_list("user_id", flat=True)
    )
    found |= set(PayoutFile.objects.filter(batch=batch).values_list("made_by_id", flat=True))
    for uploaded, confirmed in PayoutAnswer.objects.filter(batch=batch).values_list(
        "uploaded_by_id", "confirmed_by_id"
    ):
        found |= {uploaded, confirmed}
    return found - {None}


def why_not_second(row: Withdrawal, batch: PayoutBatch, person: User) -> str:
    """Why a person does not confirm that a payout of the batch failed, in words; else empty.

    One person with a file, a false answer and a second file would be paid twice.
    """
    if person.pk in people_of_file(batch):
        return (
            f"You made {batch} or its file, or uploaded or confirmed an answer to it, so somebody "
            "else confirms that a payout of it failed."
        )
    return why_not_pay([row], person.pk).get(row.pk, "")
