"""The list of payout batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import reverse

from panel.ui.columns import Column
from panel.ui.tables import Empty, Table
from payments.models import PayoutBatch

STATES = {
    PayoutBatch.State.OPEN: "ready",
    PayoutBatch.State.SENT: "running",
    PayoutBatch.State.CLOSED: "finished",
    PayoutBatch.State.CANCELLED: "cancelled",
}
"""Which look a batch's state has among all states of the panel."""


def batch_url(row: PayoutBatch) -> str:
    """The batch's page."""
    return reverse("payout_batch", args=(row.reference,))


class BatchTable(Table):
    """Every batch, the newest first."""

    name = "payout-batches"
    label = "Payout batches"
    default_sort = "-created"
    total_by = "currency"
    columns: ClassVar[Sequence[Column]] = (
        Column("reference", "Batch", "copy"),
        Column("state", "State", value=lambda row: row.get_state_display()),
        Column("count", "Payouts", "count", sort="count"),
        Column("waiting", "Wait", "count", sort="waiting"),
        Column("total", "Control sum", "money", currency="currency", sort="total", strong=True),
        Column("account", "Paid from", "clip", value="account.name"),
        Column("made_by", "Made by", value="made_by.name"),
        Column("created", "Made", "time", sort="created"),
        Column("sent", "File made", "time", sort="sent"),
    )
    empty = Empty(
        "No batches yet",
        "Tick withdrawals that are to be paid out, and make a batch of them: a file for the bank, "
        "whose answer marks them as paid.",
        "stack-2",
    )

    def link(self, row: Any) -> str:
        """The batch's page."""
        return batch_url(row)
