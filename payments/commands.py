"""The commands that move money and credit on MT4 accounts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from panel.access.policy import Needed
from panel.commands.base import Check, Invalid, Leftover
from panel.commands.registry import register
from panel.lib.money import ZERO
from panel.lib.text import cell_problem
from panel.ui.figures import date_text, money_text, percent_text
from payments import checks, stops
from payments.beneficiaries import rules
from payments.desk import names, stages
from payments.effects import rises
from payments.models import Kind, Method, PayoutRules, Topic
from payments.operation import MoneyCommand
from payments.paid import PaidCommand
from payments.standing import CAUTIOUS_LEVEL, Standing

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest, User
    from panel.mt4.read import Reader
    from payments.facts import Facts

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
    # The kept beneficiary, and its details when this was asked for: there the money goes, whatever
    # becomes of the kept row. Empty for one that was typed.
    kept: int | None = None
    paid_to: dict[str, Any] = field(default_factory=dict)

    def _field_errors(self) -> Iterator[tuple[str, list[str]]]:
        yield from super()._field_errors()
        if len(self.beneficiary) > BENEFICIARY:
            yield "beneficiary", [f"Use at most {BENEFICIARY} characters."]
        # Both stand in the file for the bank, just as they are.
        for name, text in (
            ("beneficiary", self.beneficiary),
            ("external_reference", self.external_reference),
        ):
            if problem := cell_problem(text.strip()):
                yield name, [problem]

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """The beneficiary has to be usable when it is asked for, and in use for as long."""
        super().validate(reader, actor)
        if self.kept is None:
            self._check_typed()
            return
        row = rules.find(self.get_platform(), self.login, self.kept)
        if self.request_reference:
            if not row.active:
                raise Invalid.of("The beneficiary was ended since this was asked for.", "kept")
            return
        currency = self.paid_currency or self._standing(reader).currency
        rules.check_usable(row, self.method, currency)
        if self.paid_to != row.details or self.beneficiary != row.holder:
            raise Invalid.of("The beneficiary was changed just now: choose it again.", "kept")

    def _check_typed(self) -> None:
        if self.paid_to:
            raise Invalid.of("Details belong to a kept beneficiary: choose it.", "kept")
        asked = bool(self.request_reference)
        if not asked and self.method != Method.INTERNAL and PayoutRules.current().require_kept:
            raise Invalid.of("Choose a kept beneficiary: the rules of payouts demand one.", "kept")

    def check_account(self, now: Standing) -> None:
        """Never more than is free without the credit."""
        stops.refuse(self.get_platform(), self.login)
        account_room(now, self.amount)

    def _opening(self, now: Standing) -> str:
        text = f"Withdraw {money_text(self.amount, now.currency)} from {now.login} {now.name}"
        return text + self._how_paid(now.currency)

    def account_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """Enough there, and the level that stays."""
        yield from super().account_checks(now, then)
        yield from enough_there(now, then, self.amount)

    def panel_checks(self, now: Standing, facts: Facts) -> Iterator[Check]:
        """Also what stops withdrawals, waits for the same money, and to whom it goes."""
        yield from super().panel_checks(now, facts)
        account = facts.of(self.login)
        if account.stop is not None:
            yield Check("stop", stops.words(account.stop), Topic.STOPPED)
        yield from checks.asked_already(account, now.currency, now.withdrawable)
        yield from checks.way_back(account, self.method)
        yield from names.check(self.beneficiary, now.name)
        yield from rules.checks(self.kept, self.paid_to, self.method)

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Nobody who changed or confirmed the beneficiary lately."""
        return rules.may_decide(request.payload.get("kept"), person)

    @classmethod
    def opened(cls, request: ChangeRequest) -> None:
        """A withdrawal comes to the desk."""
        super().opened(request)
        payload = request.payload
        stages.opened(
            request,
            payload["beneficiary"].strip(),
            kept=payload.get("kept"),
            paid_to=payload.get("paid_to") or {},
        )

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
        yield Check("stop", _too_much(now), Topic.FUNDS)
    else:
        most = money_text(now.withdrawable, now.currency)
        yield Check("ok", f"{most} can be withdrawn, credit not counted.")
    if now.margin:
        level = then.level_without_credit
        text = f"Margin level without credit is {percent_text(level)} afterwards"
        if level < CAUTIOUS_LEVEL:
            yield Check("warn", f"{text}, below {percent_text(CAUTIOUS_LEVEL)}.", Topic.MARGIN)
        else:
            yield Check("ok", f"{text}.")
    if now.credit > 0:
        credit = money_text(now.credit, now.currency)
        yield Check("warn", f"The account keeps a credit of {credit}.", Topic.CREDIT)


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
        text = "MT4 does not take the credit back on that day: somebody has to."
        yield Check("warn", text, Topic.EXPIRY)


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
            text = f"The credit is {money_text(now.credit, now.currency)}."
            yield Check("stop", text, Topic.FUNDS)
        if now.margin and then.free < 0:
            yield Check(
                "warn",
                f"Free margin falls to {money_text(then.free, now.currency)}: positions may be "
                "closed by stop-out.",
                Topic.MARGIN,
            )
        elif now.margin:
            yield Check("ok", f"Margin level is {percent_text(then.level)} afterwards.")
