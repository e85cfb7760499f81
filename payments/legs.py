"""Legs: the records that a request makes in MT4, one on one account each.

Most requests have one leg, which carries the request's own reference. Further legs carry the same
letters and figures behind another prefix (`TR 7Q2K9F31` takes the money, `TI 7Q2K9F31` brings it):
each is found by itself, nothing has to be remembered to find it, and people see what belongs
together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from panel.commands.base import Evidence
from panel.lib.money import show
from panel.lib.references import carries
from panel.models import Platform, Status
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.words import applied_differently
from payments.evidence import (
    WEEK,
    Wanted,
    after_sending,
    as_data,
    before_first,
    has_newer,
    money_records,
    ticket_of,
)
from payments.mirror import keep
from payments.models import Kind, Payment
from payments.watermark import Watermark

if TYPE_CHECKING:
    from panel.commands.call import Call
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

# Seconds asked of MT4 for a money operation: the protocol's default for trades.
DEADLINE = 5.0


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

    @property
    def mt4_comment(self) -> str:
        """What MT4's record carries: the reference, then the words."""
        return f"{self.reference} {self.comment}".strip()

    def wanted(self, platform: Platform) -> Wanted:
        """The record that it makes."""
        return Wanted(
            platform=platform,
            login=self.login,
            reference=self.reference,
            purse=self.purse,
            amount=self.signed,
        )

    def take(
        self,
        call: Call,
        platform: Platform,
        *,
        precheck: Callable[[], None] | None = None,
        behind: Sequence[Leg] = (),
    ) -> dict[str, Any]:
        """Book it once, however often it is come back to; raises as `Call.step` does.

        `precheck` raises `Invalid` when this leg must not be sent (any more). The legs that it
        comes `behind` are done, and MT4 must still have them.
        """
        wanted = self.wanted(platform)

        def evidence(mark: dict[str, Any] | None) -> Evidence:
            if mark is not None:
                seen = after_sending(wanted, Watermark.of(mark))
            else:
                after = asked_after(self.reference)
                seen = before_first(call.reader, wanted, after_ticket=after)
            if seen.verdict == "absent":
                lost = "".join(leg.lost(call, platform) for leg in behind)
                return Evidence("unclear", lost) if lost else seen
            return seen

        def send(sending: Any) -> dict[str, Any]:
            answer = call.writer.balance(
                self.login,
                self.signed,
                self.mt4_comment,
                kind=self.purse,
                expiration=self.expires,
                **sending.options(),
            )
            return {
                "order": answer.order,
                "amount": answer.price,
                "comment": answer.comment,
                "differs": applied_differently(answer, self.signed, self.mt4_comment),
            }

        return call.step(
            self.step, send=send, evidence=evidence, seconds=DEADLINE, precheck=precheck
        )

    def lost(self, call: Call, platform: Platform) -> str:
        """Why MT4 must have been set back since this leg was done, in words; empty if it was not.

        Its record may have another comment or amount than was asked: so any that is newer than
        what was known before it will do.
        """
        mark = Watermark.of(call.request.progress.get(self.step, {}).get("mark", {}))
        if has_newer(platform, self.login, mark):
            return ""
        return (
            f"MT4 has nothing any more of {self.reference} on {self.login}, which it had carried "
            "out: it was set back to an earlier state."
        )

    def see(
        self,
        reader: Reader,
        platform: Platform,
        request: ChangeRequest,
        group: str,
        currency: str,
    ) -> Evidence:
        """What MT4 has of it once it is done, kept at once so that the payment's page need not
        wait. `group` and `currency` are those of its account now.
        """
        wanted = self.wanted(platform)
        taken = request.progress.get(self.step, {})
        mark = Watermark.of(taken.get("mark", {}))
        start = platform.server_time(request.created) - WEEK
        records = money_records(reader.history(self.login, start))
        mine = ticket_of(records, wanted, max(mark.after, asked_after(self.reference)))
        newest = records[-1].order if records else 0
        Payment.objects.filter(reference=self.reference).update(seen_through=newest)
        if mine is None:
            differs = taken.get("done", {}).get("differs", "")
            marked = [trade for trade in records if carries(trade.comment, self.reference)]
            if len(marked) > 1:
                several = ", ".join(f"ticket {one.order}: {show(one.profit)}" for one in marked)
                differs = f"Applied differently: {several}; asked for was {show(self.signed)} once."
            return Evidence("unclear", f"{differs} MT4 shows no single record of it.".strip())
        Payment.objects.filter(reference=self.reference).update(ticket=mine.order)
        keep(platform, [(mine, group, currency)])
        told = []
        if mine.profit != self.signed or mine.trade_command is not self.purse:
            booked = f"{mine.trade_command.name.lower()} {show(mine.profit)}"
            told.append(f"{booked} instead of {self.purse.name.lower()} {show(self.signed)}")
        if mine.comment != self.mt4_comment:
            told.append(f"comment “{mine.comment}” instead of “{self.mt4_comment}”")
        if told:
            text = f"Applied differently: ticket {mine.order} has {', '.join(told)}."
            return Evidence("unclear", text, as_data(mine))
        return Evidence("found", f"Ticket {mine.order}: {show(self.signed)}.", as_data(mine))


def asked_after(reference: str) -> int:
    """MT4's newest ticket that was known when a payment was asked for."""
    return Payment.objects.only("asked_after").get(reference=reference).asked_after


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
