"""What puts an account right: corrections, chargebacks, the reset of a negative balance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import QuerySet, Sum
from django.utils import timezone

from panel.access.policy import Needed
from panel.commands.base import Check, Invalid
from panel.commands.registry import register
from panel.lib.money import ZERO, decimals_problem
from panel.lib.references import as_reference
from panel.models import Platform, Status
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.read import reader as reader_of
from panel.ui.figures import money_text
from payments import owed
from payments.facts import NOT_MOVED
from payments.legs import Leg, leg_reference
from payments.models import Difference, Kind, Method, Payment, Topic
from payments.operation import MoneyCommand
from payments.standing import Standing, standing

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

IN, OUT = "in", "out"
# How often in 30 days an account is reset before a person has to look at it.
FREE_RESETS = 3


class _Adjustment(MoneyCommand):
    """What no client asked for: whoever does it says why."""

    reason_needed: ClassVar[bool] = True

    def _linked(self, reference: str, name: str) -> Payment:
        """A payment of this account by its reference; raises `Invalid` beside the field."""
        found = Payment.objects.filter(
            platform=self.get_platform(),
            login=self.login,
            reference=as_reference(reference) or reference,
        ).first()
        if found is None:
            raise Invalid.of(f"This account has no payment {reference}.", name)
        return found

    def _margin_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """What happens to open positions when the money goes whatever is free."""
        if now.margin and then.free < 0:
            yield Check(
                "warn",
                f"Free margin falls to {money_text(then.free, now.currency)}: positions may be "
                "closed by stop-out.",
                Topic.MARGIN,
            )
        elif self.amount > now.withdrawable:
            most = money_text(now.withdrawable, now.currency)
            text = f"This takes more than the {most} that is free there."
            yield Check("warn", text, Topic.MARGIN)


@register
@dataclass(frozen=True, kw_only=True)
class Correction(_Adjustment):
    """Puts a wrong booking right: money in or out, with a reason and another pair of eyes."""

    name: ClassVar[str] = "payments.correction"
    label: ClassVar[str] = "Correction"
    prefix: ClassVar[str] = "CR"
    permission: ClassVar[str] = "payments.correct"
    approve_permission: ClassVar[str] = "payments.approve_correction"
    form_url: ClassVar[str | None] = "payment_correction"
    default_needed: ClassVar[Needed] = Needed(1, (), "Every correction needs an approval.")

    method: str = Method.INTERNAL
    direction: str
    # The reference of the payment that it puts right, if it is one of the panel's.
    corrects: str = ""

    @property
    def kind(self) -> Kind:  # type: ignore[override]  # the direction says which of two it is
        """In or out."""
        return Kind.CORRECTION_OUT if self.direction == OUT else Kind.CORRECTION_IN

    @property
    def verb(self) -> str:  # type: ignore[override]  # as above
        """On the button."""
        return "Take out" if self.direction == OUT else "Put in"

    def _field_errors(self) -> Iterator[tuple[str, list[str]]]:
        yield from super()._field_errors()
        if self.direction not in (IN, OUT):
            yield "direction", ["Choose whether money is put in or taken out."]

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Also what it refers to."""
        super().validate(reader, actor)
        if self.corrects:
            self._check_owed(self._linked(self.corrects, "corrects"))

    def _check_owed(self, payment: Payment) -> None:
        """What a transfer owes is put in whole, and once."""
        if not owed.was_owed(payment):
            return
        if owed.of_payment(payment) is None:
            raise Invalid.of(f"Nothing is owed for {payment} any more.", "corrects")
        if self.direction != IN or self.amount != payment.amount:
            amount = money_text(payment.amount, payment.currency)
            raise Invalid.of(f"{payment} is put right by putting {amount} in.", "amount")
        owed.check_free(payment, but=self.request_reference)

    def lock(self) -> None:
        """What is owed, so that nobody else puts it right in the same moment."""
        owed.lock(self.platform, self.login, self.corrects)

    @classmethod
    def opened(cls, request: ChangeRequest) -> None:
        """Locked by now: somebody else may have been first since it was validated."""
        super().opened(request)
        origin = request.payments.get().origin
        if origin is not None and owed.was_owed(origin):
            owed.check_free(origin, but=request.reference)

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """Once it is done, nothing is owed any more."""
        super().moved(request)
        if request.status == Status.DONE:
            owed.settle(request.payments.get().origin, Difference.State.CORRECTED, request)

    def check_account(self, now: Standing) -> None:
        """A correction never leaves a negative balance behind."""
        if self.direction == OUT and self.amount > now.balance:
            raise Invalid.of(_only(now), "amount")

    def _opening(self, now: Standing) -> str:
        amount, who = money_text(self.amount, now.currency), f"{now.login} {now.name}"
        text = f"Take {amount} from {who}" if self.direction == OUT else f"Put {amount} on {who}"
        return f"{text} as a correction" + (f" of {self.corrects}" if self.corrects else "")

    def account_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """What is there, and the margin, where money goes out."""
        yield from super().account_checks(now, then)
        if self.direction == OUT:
            if self.amount > now.balance:
                yield Check("stop", _only(now), Topic.FUNDS)
            yield from self._margin_checks(now, then)

    def row(self, leg: Leg, request: ChangeRequest, origin: Payment | None) -> dict[str, Any]:
        """Linked to what it puts right."""
        row = super().row(leg, request, origin)
        if self.corrects:
            row["origin"] = self._linked(self.corrects, "corrects")
        return row


def _only(now: Standing) -> str:
    most = money_text(max(now.balance, ZERO), now.currency)
    return f"The balance is {most}: no more can be taken out."


def charged_back(deposit: Payment, *, but: str, waiting: bool) -> Decimal:
    """What of a deposit was charged back, in the account's currency.

    `but` is the reference of a request that does not count; `waiting` adds what is only asked for.
    """
    rows = deposit.consequences.filter(kind=Kind.CHARGEBACK).exclude(request__reference=but)
    if waiting:
        rows = rows.exclude(status__in=NOT_MOVED)
    else:
        rows = rows.filter(status__in=(Status.EXECUTING, Status.UNKNOWN, Status.DONE))
    return rows.aggregate(total=Sum("amount"))["total"] or ZERO


@register
@dataclass(frozen=True, kw_only=True)
class Chargeback(_Adjustment):
    """The provider took a deposit back: it leaves the account, whatever is free there."""

    name: ClassVar[str] = "payments.chargeback"
    label: ClassVar[str] = "Chargeback"
    prefix: ClassVar[str] = "CB"
    permission: ClassVar[str] = "payments.chargeback"
    approve_permission: ClassVar[str] = "payments.approve_chargeback"
    form_url: ClassVar[str | None] = "payment_chargeback"
    default_needed: ClassVar[Needed] = Needed(2, (), "Two people approve every chargeback.")
    kind: ClassVar[Kind] = Kind.CHARGEBACK
    verb: ClassVar[str] = "Charge back"

    # The reference of the deposit.
    deposit: str

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """The deposit is done and still has as much to give; asked again at execution."""
        super().validate(reader, actor)
        deposit = self._deposit()
        # Asking counts what others ask for; carrying out counts what is, or may be, gone.
        gone = charged_back(deposit, but=self.request_reference, waiting=actor is not None)
        left = deposit.amount - gone
        if self.amount > left:
            text = f"Of {deposit.reference} {money_text(left, deposit.currency)} is left"
            if gone:
                text += f": {money_text(gone, deposit.currency)} is charged back already"
            raise Invalid.of(f"{text}.", "amount")

    def _deposit(self) -> Payment:
        found = self._linked(self.deposit, "deposit")
        if found.kind != Kind.DEPOSIT:
            raise Invalid.of(f"{found.reference} is no deposit.", "deposit")
        if found.status != Status.DONE:
            raise Invalid.of(f"{found.reference} is {found.get_status_display()}.", "deposit")
        return found

    def _opening(self, now: Standing) -> str:
        amount = money_text(self.amount, now.currency)
        return f"Charge back {amount} of {self.deposit} from {now.login} {now.name}"

    def account_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """It goes through whatever the account has; what that leads to is told."""
        yield from super().account_checks(now, then)
        if then.balance < 0:
            yield Check(
                "warn", f"The balance falls to {money_text(then.balance, now.currency)}, below 0."
            )
        yield from self._margin_checks(now, then)
        if now.enabled:
            yield Check("warn", "The account is enabled: its owner can go on trading.")

    def row(self, leg: Leg, request: ChangeRequest, origin: Payment | None) -> dict[str, Any]:
        """Linked to its deposit, by the same method."""
        row = super().row(leg, request, origin)
        deposit = self._deposit()
        return {**row, "origin": deposit, "method": deposit.method}


@register
@dataclass(frozen=True, kw_only=True)
class NegativeReset(_Adjustment):
    """Takes a negative balance back to zero: the account's credit first, then the broker's money.

    `amount` is what the balance is below zero; `credit` of it (as far as there is credit) is
    taken out of the credit before the balance gets all of it.
    """

    name: ClassVar[str] = "payments.negative_reset"
    label: ClassVar[str] = "Negative balance reset"
    prefix: ClassVar[str] = "NR"
    permission: ClassVar[str] = "payments.reset_negative"
    approve_permission: ClassVar[str] = "payments.approve_reset"
    form_url: ClassVar[str | None] = "payment_negative_reset"
    kind: ClassVar[Kind] = Kind.NEGATIVE_RESET
    verb: ClassVar[str] = "Reset"
    reason_needed: ClassVar[bool] = False

    method: str = Method.INTERNAL
    comment: str = "NBP"
    credit: Decimal = ZERO

    @property
    def least_needed(self) -> Needed:
        """From the fourth time in 30 days a person looks at it, whatever the amount."""
        often = self._resets().filter(created__gte=timezone.now() - timedelta(days=30)).count()
        if often < FREE_RESETS:
            return self.default_needed
        return Needed(1, (), f"This account was reset {often} times in 30 days.")

    def _resets(self) -> QuerySet[Payment]:
        """The resets of this account that are done."""
        return Payment.objects.filter(
            platform=self.get_platform(),
            login=self.login,
            kind=Kind.NEGATIVE_RESET,
            status=Status.DONE,
        )

    @classmethod
    def of(cls, platform: Platform, login: int) -> NegativeReset:
        """The reset that an account needs as it stands now; raises `Invalid` if it needs none."""
        now = standing(reader_of(platform.connection), login)
        if now.balance >= 0:
            raise Invalid.of(_not_negative(now))
        owed = -now.balance
        credit = min(max(now.credit, ZERO), owed)
        return cls(platform=platform.slug, login=login, amount=owed, credit=credit)

    def legs(self, reference: str) -> Sequence[Leg]:
        """The credit out, where there is some, then the balance."""
        legs = [*super().legs(reference)]
        if self.credit:
            taken = Leg(
                step="credit",
                reference=leg_reference(reference, "NC"),
                login=self.login,
                kind=Kind.CREDIT_OUT,
                amount=self.credit,
                comment=self.comment,
            )
            legs.insert(0, taken)
        return legs

    def check_leg(self, call: Call, leg: Leg) -> None:
        """Also that the balance is as far below zero as was approved."""
        super().check_leg(call, leg)
        now = standing(call.reader, self.login)
        if now.balance != -self.amount:
            raise Invalid.of(f"The balance is {money_text(now.balance, now.currency)} now.")

    @classmethod
    def step_of(cls, kind: Kind) -> str:
        """The credit is a step of its own."""
        return "credit" if kind is Kind.CREDIT_OUT else "balance"

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """Also what is owed, should the credit be gone and the balance as it was."""
        super().moved(request)
        if request.status != Status.FAILED:
            return
        taken = request.payments.filter(kind=Kind.CREDIT_OUT, status=Status.DONE).first()
        if taken is not None:
            amount = money_text(taken.amount, taken.currency)
            owed.write_down(
                taken,
                f"Credit owed to {taken.login}: {amount} were taken out for {request.reference}, "
                "and the balance they were for was not reset.",
            )

    def _field_errors(self) -> Iterator[tuple[str, list[str]]]:
        yield from super()._field_errors()
        if not ZERO <= self.credit <= self.amount:
            yield "credit", ["The credit that is taken lies between nothing and the amount."]

    def _currency_errors(self, currency: str) -> Iterator[tuple[str, list[str]]]:
        yield from super()._currency_errors(currency)
        if problem := decimals_problem(self.credit, currency):
            yield "credit", [problem]

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Also that nothing is open: what is open would move the balance again."""
        super().validate(reader, actor)
        if reader is None:
            raise TypeError("Money is never decided on without a live reader.")
        now = self._standing(reader)
        trades = reader.trades_of(self.login, now.group)
        is_open = any(t.trade_command in (TradeCommand.Buy, TradeCommand.Sell) for t in trades)
        if is_open or now.margin or now.equity != now.balance + now.credit:
            raise Invalid.of("Positions are open: the balance is reset once they are closed.")

    def check_account(self, now: Standing) -> None:
        """The balance is what it was when this was asked for, and so is the credit."""
        if now.balance >= 0:
            raise Invalid.of(_not_negative(now))
        if -now.balance != self.amount:
            raise Invalid.of(
                f"The balance is {money_text(now.balance, now.currency)} now: ask for it anew.",
                "amount",
            )
        if min(max(now.credit, ZERO), self.amount) != self.credit:
            credit = money_text(now.credit, now.currency)
            raise Invalid.of(f"The credit is {credit} now: ask for it anew.", "credit")

    def then_of(self, now: Standing) -> Standing:
        """The balance is at zero, what there was of credit is less."""
        return now.moved(balance=self.amount, credit=-self.credit)

    def _opening(self, now: Standing) -> str:
        balance = money_text(now.balance, now.currency)
        zero = money_text(ZERO, now.currency, named=False)
        return f"Reset the balance of {now.login} {now.name} from {balance} to {zero}"

    def _effect(self, now: Standing, then: Standing) -> str:
        if not self.credit:
            return ""
        return (
            f"{money_text(self.credit, now.currency)} of it is taken out of the credit, "
            f"{money_text(self.amount - self.credit, now.currency)} is the broker's"
        )

    def account_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """How often it was needed."""
        yield from super().account_checks(now, then)
        before = self._resets().count()
        if before:
            times = "once" if before == 1 else f"{before} times"
            yield Check("warn", f"The balance of this account was reset {times} before.")


def _not_negative(now: Standing) -> str:
    return f"The balance is {money_text(now.balance, now.currency)}: there is nothing to reset."
