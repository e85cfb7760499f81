"""The commands that move money and credit on MT4 accounts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from panel.access.policy import Needed
from panel.commands.base import Check, Invalid, Leftover
from panel.commands.registry import register
from panel.lib.money import ZERO
from panel.ui.figures import date_text, money_text, percent_text
from payments import checks, stops
from payments.desk import names, stages
from payments.models import Kind, Method, WithdrawalStop
from payments.operation import MoneyCommand, rises
from payments.paid import PaidCommand
from payments.standing import CAUTIOUS_LEVEL, Standing

if TYPE_CHECKING:
    from panel.models import ChangeRequest

# Characters of a beneficiary's name.
BENEFICIARY = 128
# MT4 counts seconds in 32 bits.
LAST_DAY = date(2037, 12, 31)


def last_second(day: date) -> datetime:
    """Until when a credit of this last day is good, on the server's clock."""
    return datetime.combine(day, time(23, 59, 59))


@register
@dataclass(frozen=True, kw_only=True)
class Deposit(PaidCommand):
    """Money that arrived goes onto the account."""

    name: ClassVar[str] = "payments.deposit"
    label: ClassVar[str] = "Deposit"
    prefix: ClassVar[str] = "DP"
    permission: ClassVar[str] = "payments.deposit"
    approve_permission: ClassVar[str] = "payments.approve_deposit"
    form_url: ClassVar[str | None] = "payment_deposit"
    kind: ClassVar[Kind] = Kind.DEPOSIT
    verb: ClassVar[str] = "Deposit"

    def _opening(self, now: Standing) -> str:
        text = f"Deposit {money_text(self.amount, now.currency)} to {now.login} {now.name}"
        return text + self._how_paid(now.currency)

    def _effect(self, now: Standing, then: Standing) -> str:
        rise = rises("balance", now.balance, then.balance, now.currency)
        return f"{rise}, {super()._effect(now, then)}" if now.margin else rise


@register
@dataclass(frozen=True, kw_only=True)
class Withdraw(PaidCommand):
    """Money leaves the account, within what is free there: at request and at execution."""

    name: ClassVar[str] = "payments.withdraw"
    label: ClassVar[str] = "Withdrawal"
    prefix: ClassVar[str] = "WD"
    permission: ClassVar[str] = "payments.withdraw"
    approve_permission: ClassVar[str] = "payments.approve_withdrawal"
    form_url: ClassVar[str | None] = "payment_withdraw"
    review_url: ClassVar[str | None] = "withdrawal"
    default_needed: ClassVar[Needed] = Needed(
        1, ("compliance",), "Compliance approves every withdrawal."
    )
    kind: ClassVar[Kind] = Kind.WITHDRAWAL
    verb: ClassVar[str] = "Withdraw"

    # To whom the money is to go; empty where that is not known, or it stays within the house.
    beneficiary: str = ""

    def _field_errors(self) -> Iterator[tuple[str, list[str]]]:
        yield from super()._field_errors()
        if len(self.beneficiary) > BENEFICIARY:
            yield "beneficiary", [f"Use at most {BENEFICIARY} characters."]

    @cached_property
    def _stop(self) -> WithdrawalStop | None:
        """Read once: what is told and what is refused is the same."""
        return stops.stop_of(self.get_platform(), self.login)

    def check_account(self, now: Standing) -> None:
        """Never more than is free without the credit."""
        if self._stop is not None:
            raise Invalid.of(stops.words(self._stop))
        account_room(now, self.amount)

    def _opening(self, now: Standing) -> str:
        text = f"Withdraw {money_text(self.amount, now.currency)} from {now.login} {now.name}"
        return text + self._how_paid(now.currency)

    def account_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """Enough there, and the level that stays."""
        yield from super().account_checks(now, then)
        yield from enough_there(now, then, self.amount)

    def _panel_checks(self, now: Standing) -> Iterator[Check]:
        yield from super()._panel_checks(now)
        platform = self.get_platform()
        if self._stop is not None:
            yield Check("stop", stops.words(self._stop))
        yield from checks.asked_already(
            platform, self.login, now.currency, now.withdrawable, but=self.request_reference
        )
        yield from checks.way_back(platform, self.login, self.method)
        yield from names.check(self.beneficiary, now.name)

    @classmethod
    def opened(cls, request: ChangeRequest) -> None:
        """A withdrawal comes to the desk."""
        super().opened(request)
        stages.opened(request, request.payload["beneficiary"].strip())

    @classmethod
    def left_open(cls, request: ChangeRequest) -> Leftover | None:
        """A withdrawal that was debited waits to be paid out, by nobody who approved it."""
        return stages.to_pay(request)

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """On the desk it stands where its request does."""
        super().moved(request)
        stages.follow(request)


def account_room(now: Standing, amount: Decimal) -> None:
    """Raise `Invalid` if more is to leave the account than is free there without the credit."""
    if amount > now.withdrawable:
        raise Invalid.of(_too_much(now), "amount")


def enough_there(now: Standing, then: Standing, amount: Decimal) -> Iterator[Check]:
    """Whether the account has what is to leave it, and the level that stays."""
    if amount > now.withdrawable:
        yield Check("stop", _too_much(now))
    else:
        most = money_text(now.withdrawable, now.currency)
        yield Check("ok", f"{most} can be withdrawn, credit not counted.")
    if now.margin:
        level = then.level_without_credit
        text = f"Margin level without credit is {percent_text(level)} afterwards"
        if level < CAUTIOUS_LEVEL:
            yield Check("warn", f"{text}, below {percent_text(CAUTIOUS_LEVEL)}.")
        else:
            yield Check("ok", f"{text}.")
    if now.credit > 0:
        credit = money_text(now.credit, now.currency)
        yield Check("warn", f"The account keeps a credit of {credit}.")


def _too_much(now: Standing) -> str:
    most = money_text(now.withdrawable, now.currency)
    balance, free, credit = (
        money_text(amount, now.currency, named=False)
        for amount in (now.balance, now.free, now.credit)
    )
    text = f"At most {most} can be withdrawn now: balance {balance}"
    if now.margin:
        text += f", free margin {free}"
    if now.credit > 0:
        text += f", of which credit {credit} does not count"
    return text + "."


@register
@dataclass(frozen=True, kw_only=True)
class CreditIn(MoneyCommand):
    """Credit is lent to the account until a day of the server's calendar."""

    name: ClassVar[str] = "payments.credit_in"
    label: ClassVar[str] = "Credit in"
    prefix: ClassVar[str] = "CI"
    permission: ClassVar[str] = "payments.credit"
    approve_permission: ClassVar[str] = "payments.approve_credit"
    form_url: ClassVar[str | None] = "payment_credit_in"
    default_needed: ClassVar[Needed] = Needed(1, (), "Every credit needs an approval.")
    kind: ClassVar[Kind] = Kind.CREDIT_IN
    verb: ClassVar[str] = "Give credit of"

    method: str = Method.INTERNAL
    expiration: date

    def expires(self) -> datetime:
        """The last second of the day, on the server's clock."""
        return last_second(self.expiration)

    def _field_errors(self) -> Iterator[tuple[str, list[str]]]:
        yield from super()._field_errors()
        if self.expiration > LAST_DAY:
            yield "expiration", [f"MT4 knows no day after {date_text(LAST_DAY)}."]
        elif self.expires() <= self.get_platform().server_time():
            yield "expiration", ["The day must not be over on the server's clock."]

    def _opening(self, now: Standing) -> str:
        return (
            f"Give {money_text(self.amount, now.currency)} of credit to {now.login} {now.name} "
            f"until {date_text(self.expiration)}, server time"
        )

    def _effect(self, now: Standing, then: Standing) -> str:
        return rises("credit", now.credit, then.credit, now.currency)

    def account_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """MT4 only writes the date down."""
        yield from super().account_checks(now, then)
        yield Check("warn", "MT4 does not take the credit back on that day: somebody has to.")


@register
@dataclass(frozen=True, kw_only=True)
class CreditOut(MoneyCommand):
    """Credit is taken back, never more than there is."""

    name: ClassVar[str] = "payments.credit_out"
    label: ClassVar[str] = "Credit out"
    prefix: ClassVar[str] = "CO"
    permission: ClassVar[str] = "payments.credit"
    approve_permission: ClassVar[str] = "payments.approve_credit"
    form_url: ClassVar[str | None] = "payment_credit_out"
    default_needed: ClassVar[Needed] = Needed(1, (), "Every credit needs an approval.")
    kind: ClassVar[Kind] = Kind.CREDIT_OUT
    verb: ClassVar[str] = "Take credit of"

    method: str = Method.INTERNAL

    def check_account(self, now: Standing) -> None:
        """Never more than there is."""
        if self.amount > now.credit:
            most = money_text(max(now.credit, ZERO), now.currency)
            raise Invalid.of(f"The account has a credit of {most}.", "amount")

    def _opening(self, now: Standing) -> str:
        who = f"{now.login} {now.name}"
        return f"Take {money_text(self.amount, now.currency)} of credit from {who}"

    def account_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """Open positions may have been standing on the credit."""
        yield from super().account_checks(now, then)
        if self.amount > now.credit:
            yield Check("stop", f"The credit is {money_text(now.credit, now.currency)}.")
        if now.margin and then.free < 0:
            yield Check(
                "warn",
                f"Free margin falls to {money_text(then.free, now.currency)}: positions may be "
                "closed by stop-out.",
            )
        elif now.margin:
            yield Check("ok", f"Margin level is {percent_text(then.level)} afterwards.")
