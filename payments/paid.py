"""Deposits and withdrawals as they change hands: in whatever currency, with a fee."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from panel.commands.base import Check
from panel.lib.money import ANY, LARGEST, ZERO, decimals, decimals_problem
from panel.ui.figures import money_text
from payments.conversion import (
    CURRENCY,
    LARGEST_RATE,
    PAID_DIGITS,
    RATE_DIGITS,
    booked,
    paid_text,
    plain_number,
    rate_checks,
)
from payments.legs import Leg
from payments.models import Payment
from payments.operation import MoneyCommand
from payments.standing import Standing

if TYPE_CHECKING:
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader


@dataclass(frozen=True, kw_only=True)
class PaidCommand(MoneyCommand):
    """Money from outside, or to it. `amount` is what is booked on the account.

    Where `paid_amount` is given, it is what changed hands in `paid_currency`, and `amount` has to
    be what `payments.conversion.booked` makes of it, of `rate` and of `fee`.
    """

    paid_amount: Decimal | None = None
    paid_currency: str = ""
    # Units of the account's currency for one of the paid currency.
    rate: Decimal | None = None
    # In the account's currency.
    fee: Decimal | None = None

    def _field_errors(self) -> Iterator[tuple[str, list[str]]]:
        yield from super()._field_errors()
        paid, rate, fee = self.paid_amount, self.rate, self.fee or ZERO
        if paid is None:
            if rate is not None or self.fee is not None or self.paid_currency:
                yield "paid_amount", ["Enter what was paid: the amount is worked out from it."]
            return
        if not 0 < paid <= LARGEST or paid != round(paid, PAID_DIGITS):
            yield "paid_amount", [f"More than zero, with at most {PAID_DIGITS} decimals."]
        elif rate is None or not 0 < rate <= LARGEST_RATE or rate != round(rate, RATE_DIGITS):
            yield "rate", [f"More than zero, with at most {RATE_DIGITS} decimals."]
        elif not ZERO <= fee <= LARGEST or decimals_problem(fee, ANY):
            yield "fee", ["Nothing or more, with at most two decimals."]
        if not CURRENCY.fullmatch(self.paid_currency):
            yield "paid_currency", ["Use the currency's short name, such as EUR."]
        elif not decimals(self.paid_currency):
            # Others may have more than MT4 keeps of its own: a bitcoin has eight.
            yield "paid_amount", [*filter(None, [decimals_problem(paid, self.paid_currency)])]

    def _currency_errors(self, currency: str) -> Iterator[tuple[str, list[str]]]:
        """Also the fee, what the amount works out to, and no rate within one currency."""
        yield from super()._currency_errors(currency)
        paid, rate, fee = self.paid_amount, self.rate, self.fee or ZERO
        if paid is None or rate is None:
            return
        if self.paid_currency == currency and rate != 1:
            yield "rate", [f"The account is in {currency} as well: the rate is 1."]
        if problem := decimals_problem(fee, currency):
            yield "fee", [problem]
        elif self.amount != (worked_out := booked(paid, rate, fee, currency, out=self.kind.is_out)):
            yield "amount", [f"It works out to {money_text(worked_out, currency, named=False)}."]

    def _how_paid(self, currency: str) -> str:
        """` for 1,000 EUR paid in at 1.08 USD for 1 EUR, fee 5.00 USD`; empty where it is plain."""
        if self.paid_amount is None or self.rate is None:
            return ""
        way = "paid out" if self.kind.is_out else "paid in"
        text = f" for {paid_text(self.paid_amount, self.paid_currency)} {way}"
        if self.paid_currency != currency:
            text += f" at {plain_number(self.rate)} {currency} for 1 {self.paid_currency}"
        return text + (f", fee {money_text(self.fee, currency)}" if self.fee else "")

    def _market_checks(self, reader: Reader, now: Standing) -> Iterator[Check]:
        if self.rate is not None and self.paid_currency != now.currency:
            yield from rate_checks(reader, self.paid_currency, now.currency, self.rate)

    def row(self, leg: Leg, request: ChangeRequest, origin: Payment | None) -> dict[str, Any]:
        """With what changed hands."""
        return {
            **super().row(leg, request, origin),
            "paid_amount": self.paid_amount,
            "paid_currency": self.paid_currency,
            "rate": self.rate,
            "fee": self.fee or ZERO,
        }
