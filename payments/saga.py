"""The saga of a transfer: two legs in one request, both or none.

1. debit: the money leaves the source, checked like a withdrawal. Refused: nothing happened.
2. credit: it arrives, at the rate in another currency. Refused: the refusal is kept, so that no
   later attempt sends it again, and
3. back: what left is put back under a reference of its own; the request fails, net effect zero.

An answer that does not come leaves the request unknown wherever it stands, and it goes on from
there by evidence, for an hour by sending again; then two people settle the leg in doubt. Both
accounts are held from the claim to the end.

| debit | credit | back | what becomes of it |
| --- | --- | --- | --- |
| refused, settled "no" | - | - | failed; nothing moved |
| in doubt | - | - | unknown; found or settled "yes": the credit follows |
| done | not begun, MT4 away | - | unknown; the credit follows by itself |
| done | done, settled "yes" | - | done; the money moved |
| done | in doubt | - | unknown; by evidence, or settled |
| done | refused, settled "no" | not begun | the way back follows, by itself if MT4 is away |
| done | refused, settled "no" | in doubt | unknown; by evidence, or settled |
| done | refused, settled "no" | done, settled "yes" | failed; the money is where it was |
| done | refused, settled "no" | refused, settled "no" | failed; **on neither account** |

The last one is the only end at which the books of the accounts do not add up. There the amount is
owed to the source (`payments.owed`): it stands among the differences until a correction of the way
back is done, or two people explain how else it was put right. If people settle a leg other than
MT4 has it, the next comparison of the books (`payments.reconciliation`) shows that leg.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import structlog

from panel.commands.base import Invalid
from panel.commands.call import LeftOpen, NotAllowed, Undone
from panel.models import Status
from panel.mt4.errors import MT4Error, Rejected
from panel.ui.figures import money_text
from payments import owed
from payments.conversion import worth
from payments.legs import Leg, leg_reference
from payments.models import Kind, Method, Payment
from payments.operation import MoneyCommand, stand, step_in_doubt
from payments.standing import standing

if TYPE_CHECKING:
    from panel.commands.call import Call
    from panel.models import ChangeRequest

log = structlog.get_logger(__name__)
DEBIT, CREDIT, BACK = "debit", "credit", "back"
IN_PREFIX, BACK_PREFIX = "TI", "TB"
_STEPS = {Kind.TRANSFER_OUT: DEBIT, Kind.TRANSFER_IN: CREDIT, Kind.TRANSFER_RETURN: BACK}


@dataclass(frozen=True, kw_only=True)
class TwoLegged(MoneyCommand):
    """`amount` of the source's currency leaves `login`; `to_login` gets what it is worth there."""

    method: str = Method.INTERNAL
    to_login: int
    # Units of the receiving account's currency for one of the source's; None in the same currency.
    rate: Decimal | None = None
    # The receiving account's currency, where there is a rate: what arrives has its decimals.
    to_currency: str = ""

    @property
    def arrives(self) -> Decimal:
        """What the other account gets, in its own currency."""
        if self.rate is None:
            return self.amount
        return worth(self.amount, self.rate, self.to_currency)

    def legs(self, reference: str) -> Sequence[Leg]:
        """The debit, then the credit."""
        return [
            Leg(
                step=DEBIT,
                reference=reference,
                login=self.login,
                kind=Kind.TRANSFER_OUT,
                amount=self.amount,
                comment=self.comment,
            ),
            Leg(
                step=CREDIT,
                reference=leg_reference(reference, IN_PREFIX),
                login=self.to_login,
                kind=Kind.TRANSFER_IN,
                amount=self.arrives,
                comment=self.comment,
            ),
        ]

    def way_back(self, reference: str) -> Leg:
        """What undoes the debit."""
        return Leg(
            step=BACK,
            reference=leg_reference(reference, BACK_PREFIX),
            login=self.login,
            kind=Kind.TRANSFER_RETURN,
            amount=self.amount,
            comment="put back",
        )

    @classmethod
    def step_of(cls, kind: Kind) -> str:
        """Each leg its own step."""
        return _STEPS[kind]

    @classmethod
    def accounts(cls, request: ChangeRequest) -> Sequence[int]:
        """Both."""
        return [*super().accounts(request), request.payload["to_login"]]

    # --- The rows --------------------------------------------------------------------------

    def place_of(self, leg: Leg, before: dict[str, Any]) -> tuple[str, str]:
        """Group and currency of the leg's account."""
        if leg.login == self.to_login:
            return before["to_group"], before["to_currency"]
        return super().place_of(leg, before)

    def row(self, leg: Leg, request: ChangeRequest, origin: Payment | None) -> dict[str, Any]:
        """The receiving leg has its own name, and remembers what it was worth at the source."""
        row = super().row(leg, request, origin)
        if leg.kind is Kind.TRANSFER_IN:
            row["account_name"] = request.before["to_name"]
            if self.rate is not None and row["currency"] != request.currency:
                row |= {
                    "paid_amount": self.amount,
                    "paid_currency": request.currency,
                    "rate": self.rate,
                }
        return row

    # --- The saga --------------------------------------------------------------------------

    def execute(self, call: Call) -> None:
        """Debit, credit; or debit, refused credit, and everything back."""
        platform, (debit, credit) = self.get_platform(), self.legs(call.reference)
        debit.take(call, platform)
        stand(call.request, type(self))
        refused = call.refusal(CREDIT)
        if not refused:
            try:
                credit.take(
                    call, platform, precheck=lambda: self._check_arrival(call), behind=[debit]
                )
            except (Rejected, NotAllowed) as refusal:
                if isinstance(refusal, NotAllowed) and refusal.sent_before:
                    raise
                refused = call.keep_refusal(CREDIT, refusal)
        if refused:
            self._put_back(call, refused)

    def _put_back(self, call: Call, refused: dict[str, str]) -> None:
        """Undo the debit, then raise `Undone`; `LeftOpen` if even that is refused."""
        platform, request = self.get_platform(), call.request
        back = self.way_back(call.reference)
        self._row_back(request)
        stand(request, type(self))
        amount = money_text(self.amount, request.currency)
        why = f"{self.to_login} could not be credited: {refused['text']}"
        again = call.refusal(BACK)
        if not again:
            try:
                back.take(
                    call,
                    platform,
                    precheck=lambda: self._check_return(call),
                    behind=self.legs(call.reference)[:1],
                )
            except (Rejected, NotAllowed) as refusal:
                if isinstance(refusal, NotAllowed) and refusal.sent_before:
                    raise
                again = call.keep_refusal(BACK, refusal)
        if again:
            raise LeftOpen(
                f"{why} {amount} left {self.login}, and putting it back was refused too: "
                f"{again['text']} It is on neither account: {amount} owed to {self.login}.",
                code=again["code"],
            )
        self._see_again(call, back)
        raise Undone(
            f"{why} The {amount} that had left {self.login} were put back ({back.reference}): "
            "both accounts hold what they held before.",
            code=refused["code"],
        )

    def _check_arrival(self, call: Call) -> None:
        """Raise `Invalid` unless the receiving account is the one that was approved."""
        there, approved = standing(call.reader, self.to_login), call.request.before
        for name, is_now in (
            ("currency", there.currency),
            ("enabled", there.enabled),
            ("group", there.group),
        ):
            was = approved[f"to_{name}"]
            if is_now != was:
                raise Invalid.of(
                    f"Nothing was sent: {name} of {self.to_login} is {is_now}, was {was}."
                )

    def _check_return(self, call: Call) -> None:
        """Raise `Invalid` if what left cannot be put back as the same amount."""
        is_now, was = standing(call.reader, self.login).currency, call.request.before["currency"]
        if is_now != was:
            raise Invalid.of(f"Nothing was sent: {self.login} is in {is_now} now, was in {was}.")

    def _row_back(self, request: ChangeRequest) -> Payment:
        """The way back as a payment, made once."""
        back = self.way_back(request.reference)
        first = Payment.objects.get(reference=request.reference)
        values = self.row(back, request, first)
        payment, _ = Payment.objects.get_or_create(reference=back.reference, defaults=values)
        return payment

    def _see_again(self, call: Call, back: Leg) -> None:
        """The tickets, at once; where MT4 does not tell them now, its mirror brings them."""
        group, currency = self.place_of(back, call.request.before)
        for leg in (self.legs(call.reference)[0], back):
            try:
                leg.see(call.reader, self.get_platform(), call.request, group, currency)
            except MT4Error as error:
                log.info("not seen yet", reference=leg.reference, why=str(error))

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """Also what is owed, should it end with money on neither account."""
        super().moved(request)
        if request.status != Status.FAILED:
            return
        done = set(request.payments.filter(status=Status.DONE).values_list("kind", flat=True))
        if done != {Kind.TRANSFER_OUT}:
            return
        command = cls._of(request)
        if not isinstance(command, TwoLegged):
            raise TypeError(f"{request.reference} is no transfer.")
        amount = money_text(command.amount, request.currency)
        owed.write_down(
            command._row_back(request),
            f"Money on neither account: {amount} owed to {command.login}. It left with "
            f"{request.reference}, did not reach the other account, and was not put back.",
        )

    @classmethod
    def all_legs(cls, request: ChangeRequest) -> Sequence[Leg]:
        """The way back too, once it was begun."""
        legs = list(super().all_legs(request))
        command = cls._of(request)
        if BACK in request.progress and isinstance(command, TwoLegged):
            legs.append(command.way_back(request.reference))
        return legs

    @classmethod
    def goes_on(
        cls, request: ChangeRequest, happened: bool, words: dict[str, str]
    ) -> dict[str, Any] | None:
        """A debit that happened is followed by the credit; a credit that did not, by the way back;
        a way back that happened ends in `failed`, as it does when MT4 answers. One that did not is
        the end as well: then the money is owed.
        """
        step = step_in_doubt(request)
        if (step, happened) in ((DEBIT, True), (BACK, True)):
            return {**request.progress, step: {"done": words}}
        if (step, happened) == (CREDIT, False):
            return {**request.progress, step: {"refused": words}}
        return None
