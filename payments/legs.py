"""Legs: the records that a request makes in MT4, one on one account each.

Most requests have one leg, which carries the request's own reference. Further legs carry the same
letters and figures behind another prefix (`TR 7Q2K9F31` takes the money, `TI 7Q2K9F31` brings it):
each is found by itself, nothing has to be remembered to find it, and people see what belongs
together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from panel.commands.base import Evidence
from panel.models import Platform, Status
from panel.mt4.protocol.enums import TradeCommand
from payments.evidence import judge, records_of
from payments.mirror import keep
from payments.models import Kind, Payment

if TYPE_CHECKING:
    from panel.commands.call import Call
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

# Seconds asked of MT4 for a money operation: the protocol's default for trades.
DEADLINE = 5


def leg_reference(reference: str, prefix: str) -> str:
    """The reference of a further leg: `TR 7Q2K9F31`, `TI` gives `TI 7Q2K9F31`."""
    return f"{prefix} {reference.partition(' ')[2]}"


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One balance or credit operation. The amount is positive, in the account's currency."""

    # Its name among the steps of the request.
    step: str
    reference: str
    login: int
    kind: Kind
    amount: Decimal
    comment: str = ""
    # On the server's clock; credit alone has one.
    expires: datetime | None = None

    @property
    def signed(self) -> Decimal:
        """The amount as MT4 books it."""
        return self.kind.signed(self.amount)

    @property
    def purse(self) -> TradeCommand:
        """Balance or credit."""
        return TradeCommand.Credit if self.kind.is_credit else TradeCommand.Balance

    def take(self, call: Call, platform: Platform) -> dict[str, Any]:
        """Book it once, however often it is come back to; raises as `Call.step` does."""

        def evidence() -> Evidence:
            found = records_of(
                call.reader, platform, self.login, self.reference, since=call.request.created
            )
            return judge(found, kind=self.purse, amount=self.signed)

        def send(parcel: Any) -> dict[str, Any]:
            answer = call.writer.balance(
                self.login,
                self.signed,
                f"{self.reference} {self.comment}".strip(),
                kind=self.purse,
                expiration=self.expires,
                **parcel.options(),
            )
            return {"order": answer.order, "amount": answer.price, "comment": answer.comment}

        return call.step(self.step, send=send, evidence=evidence, seconds=DEADLINE)

    def see(
        self,
        reader: Reader,
        platform: Platform,
        request: ChangeRequest,
        group: str,
        currency: str,
    ) -> Evidence:
        """What MT4 has of it, kept at once so that the payment's page need not wait."""
        found = records_of(reader, platform, self.login, self.reference, since=request.created)
        keep(platform, [(trade, group, currency) for trade in found])
        seen = judge(found, kind=self.purse, amount=self.signed)
        if seen.verdict == "found":
            Payment.objects.filter(reference=self.reference).update(ticket=found[0].order)
        return seen


def status_of(request: ChangeRequest, step: str) -> Status:
    """Where one leg stands: its request may be further, or not as far."""
    taken = request.progress.get(step, {})
    if "done" in taken:
        return Status.DONE
    if "refused" in taken:
        return Status.FAILED
    if request.status == Status.UNKNOWN and not taken:
        # Something before it is in doubt; this one was not sent.
        return Status.APPROVED
    return Status(request.status)
