"""What would put MT4 right where the books differ: a form that is filled in already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse

from panel.lib.money import ZERO
from panel.models import Status
from panel.ui.figures import money_text
from payments import owed
from payments.adjustments import IN, OUT
from payments.models import Difference, Kind, Method

if TYPE_CHECKING:
    from panel.access.actor import Actor


@dataclass(frozen=True, slots=True)
class Correcting:
    """The form of a correction, and what stands in it."""

    label: str
    url: str
    values: dict[str, str]

    @property
    def form_url(self) -> str:
        """The form, to be looked over first."""
        return f"{self.url}?{urlencode(self.values)}"


def correction_of(row: Difference, actor: Actor) -> Correcting | None:
    """The correction by which MT4 would hold what it should; None where nobody may or need."""
    gap = (row.our_amount or ZERO) - (row.their_amount or ZERO)
    if row.state != Difference.State.OPEN or not gap or came_back_after_all(row):
        return None
    amount = money_text(abs(gap), row.currency)
    values = {
        "amount": str(abs(gap)),
        "method": Method.INTERNAL.value,
        "reason": f"Difference {row.key} in the books: {row.text}"[:500],
    }
    if not row.is_credit:
        label = f"Put {amount} on {row.login}" if gap > 0 else f"Take {amount} from {row.login}"
        right, name = "payments.correct", "payment_correction"
        values["direction"] = IN if gap > 0 else OUT
        values["corrects"] = row.payment.reference if row.payment else ""
    elif row.kind == Difference.Kind.OWED:
        label = f"Give {amount} of credit back to {row.login}"
        right, name = "payments.credit", "payment_credit_in"
    else:
        return None
    if not actor.may(right):
        return None
    return Correcting(label, reverse(name, args=(row.platform.slug, row.login)), values)


def came_back_after_all(row: Difference) -> bool:
    """Whether MT4 has the way back of a transfer that people held to be lost: nothing is owed, and
    nothing is to be taken, unless a correction has brought it a second time."""
    back = row.payment
    if back is None or row.their_amount is None or not owed.was_owed(back):
        return False
    return not back.consequences.filter(kind=Kind.CORRECTION_IN, status=Status.DONE).exists()
