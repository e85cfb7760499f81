"""What every movement of money on an MT4 account has in common: checks, sending, evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from celery import current_app
from django.db import transaction

from panel.commands.base import (
    Change,
    Check,
    Invalid,
    MT4Command,
    Preview,
    Risk,
    Target,
)
from panel.lib import money
from panel.lib.money import ZERO
from panel.models import Status
from panel.mt4.limits import TRADE_COMMENT, check_trade_comment
from panel.mt4.protocol.enums import TradeCommand
from panel.ui.figures import money_text, percent_text
from payments import checks, limits
from payments.evidence import judge, records_of
from payments.mirror import keep
from payments.models import Kind, Method, Payment
from payments.standing import Standing, standing

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call
    from panel.models import ChangeRequest, User
    from panel.mt4.read import Reader

# Seconds asked of MT4 for a money operation: the protocol's default for trades.
DEADLINE = 5
# A reference such as `WD 7Q2K9F31` and a space stand before the words in MT4's comment.
COMMENT = TRADE_COMMENT - 12


@dataclass(frozen=True, kw_only=True)
class MoneyCommand(MT4Command):
    """One balance or credit operation. Amounts are positive, in the account's currency."""

    risk: ClassVar[Risk] = Risk.MONEY
    kind: ClassVar[Kind]

    login: int
    # Without a default the property of the base class would stand in the field's way.
    amount: Decimal = ZERO
    method: str = Method.BANK
    external_reference: str = ""
    comment: str = ""

    @property
    def signed(self) -> Decimal:
        """The amount as MT4 books it."""
        return self.kind.signed(self.amount)

    @property
    def purse(self) -> TradeCommand:
        """Balance or credit."""
        return TradeCommand.Credit if self.kind.is_credit else TradeCommand.Balance

    def _standing(self, reader: Reader | None) -> Standing:
        if reader is None:
            raise TypeError("Money is never decided on without a live reader.")
        return standing(reader, self.login)

    def _then(self, now: Standing) -> Standing:
        if self.kind.is_credit:
            return now.moved(credit=self.signed)
        return now.moved(balance=self.signed)

    def target(self, reader: Reader | None) -> Target:
        """The account."""
        now = self._standing(reader)
        return Target(
            "account", str(now.login), f"{now.login} {now.name}", now.login, now.group, now.currency
        )

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """The fields first, then the account as it stands now."""
        errors = {name: texts for name, texts in self._field_errors() if texts}
        if errors:
            raise Invalid(errors)
        self.check_account(self._standing(reader))

    def _field_errors(self) -> Iterator[tuple[str, list[str]]]:
        if not self.amount.is_finite() or self.amount <= 0:
            yield "amount", ["The amount must be more than zero."]
        elif self.amount > money.LARGEST:
            yield "amount", [f"The amount must not exceed {money.show(money.LARGEST)}."]
        elif money.has_part_cents(self.amount):
            yield "amount", ["Use at most two decimals."]
        if self.method not in Method.values:
            yield "method", [f"Choose one of {', '.join(Method.labels)}."]
        if len(self.external_reference) > 64:
            yield "external_reference", ["Use at most 64 characters."]
        comment = check_trade_comment(self.comment)
        if len(self.comment) > COMMENT:
            comment = [f"Use at most {COMMENT} characters: the reference goes before them."]
        yield "comment", comment

    def check_account(self, now: Standing) -> None:
        """Raise `Invalid` if the account, as it stands, does not allow it."""

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """What a decision stands on. Equity floats with every tick, so it is not part of it."""
        now = self._standing(reader)
        return {
            "name": now.name,
            "group": now.group,
            "currency": now.currency,
            "enabled": now.enabled,
            "balance": now.balance,
            "credit": now.credit,
        }

    def hold_limits(
        self, maker: User, target: Target, *, but: ChangeRequest | None, lock: bool
    ) -> None:
        """Beside the amount: the limit, what is used of it, what is left."""
        platform = self.get_platform().pk
        one = limits.Movement(platform, target.group, self.kind, target.currency, self.amount)
        limits.hold(maker, [one], but=but, lock=lock)

    def watched(self, before: dict[str, Any]) -> dict[str, Any]:
        """Balances move by trading, and are checked anew; these must be what was approved."""
        return {name: before[name] for name in ("currency", "enabled")}

    def preview(self, reader: Reader | None) -> Preview:
        """The sentence, what it does to the account, and what a decision should know."""
        now = self._standing(reader)
        then = self._then(now)
        platform = self.get_platform()
        rule = checks.rule_for(
            self.name, platform, now.group, now.currency, self.amount, at_least=self.default_needed
        )
        parts = [self._opening(now), self._effect(now, then), checks.rule_text(rule)]
        return Preview(
            sentence="; ".join(filter(None, parts)),
            button=f"{self.verb} {money_text(self.amount, now.currency)}",
            changes=[
                Change(label, before, after)
                for label, before, after in _lines(now, then)
                if before != after
            ],
            checks=[*self.account_checks(now, then), *self._panel_checks(now)],
            figures=_figures(now),
        )

    verb: ClassVar[str]

    def _opening(self, now: Standing) -> str:
        raise NotImplementedError

    def _effect(self, now: Standing, then: Standing) -> str:
        falls = "falls" if self.signed < 0 else "rises"
        text = f"free margin {falls} from {money_text(now.free)} to {money_text(then.free)}"
        if now.margin:
            text += f", level {percent_text(now.level)} to {percent_text(then.level)}"
        return text

    def account_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """What the account's own figures say."""
        if not now.enabled:
            yield Check("warn", "The account is disabled.")

    def _panel_checks(self, now: Standing) -> Iterator[Check]:
        platform = self.get_platform()
        yield from checks.unsettled(platform, self.login)
        yield from checks.duplicates(
            platform,
            self.login,
            self.kind,
            self.amount,
            self.external_reference,
            but=self.request_reference,
        )

    def expires(self) -> datetime | None:
        """The expiration MT4 is given, on the server's clock."""
        return None

    def execute(self, call: Call) -> None:
        """One operation, found again by its reference in the account's history."""

        def evidence() -> Any:
            found = records_of(
                call.reader,
                self.get_platform(),
                self.login,
                call.reference,
                since=call.request.created,
            )
            return judge(found, kind=self.purse, amount=self.signed)

        def send(parcel: Any) -> dict[str, Any]:
            answer = call.writer.balance(
                self.login,
                self.signed,
                f"{call.reference} {self.comment}".strip(),
                kind=self.purse,
                expiration=self.expires(),
                **parcel.options(),
            )
            return {"order": answer.order, "amount": answer.price, "comment": answer.comment}

        call.step("balance", send=send, evidence=evidence, seconds=DEADLINE)

    def after(self, reader: Reader, request: ChangeRequest) -> dict[str, Any]:
        """The account again, with the tickets of the records that carry our reference.

        They are kept at once, so that the payment's page need not wait for the mirror.
        """
        platform = self.get_platform()
        found = records_of(reader, platform, self.login, request.reference, since=request.created)
        now = self.before(reader)
        keep(platform, [(trade, now["group"], now["currency"]) for trade in found])
        seen = judge(found, kind=self.purse, amount=self.signed)
        if seen.verdict == "found":
            Payment.objects.filter(request=request).update(ticket=found[0].order)
        return {**now, "records": seen.verdict, "records_text": seen.text}

    def disagreement(self, after: dict[str, Any], request: ChangeRequest) -> str:
        """MT4 said yes: its history must say so too, once, and with this amount."""
        return "" if after["records"] == "found" else str(after["records_text"])

    @classmethod
    def opened(cls, request: ChangeRequest) -> None:
        """Every request of this kind is a payment."""
        if request.platform_id is None or request.login is None or request.amount is None:
            raise TypeError(f"{request.reference} is no payment.")
        payload = request.payload
        Payment.objects.create(
            request=request,
            reference=request.reference,
            kind=cls.kind,
            method=payload["method"],
            external_reference=payload["external_reference"],
            amount=request.amount,
            currency=request.currency,
            platform_id=request.platform_id,
            login=request.login,
            account_name=request.before["name"],
            mt4_group=request.mt4_group,
            status=request.status,
            comment=payload["comment"],
            created=request.created,
        )

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """The payment stands where its request stands; once done, the mirrored account follows."""
        Payment.objects.filter(request=request).update(
            status=request.status, finished=request.finished
        )
        if request.status == Status.DONE:
            place = (request.platform_id, request.login)
            transaction.on_commit(lambda: refresh_account(*place), robust=True)


def refresh_account(platform_id: int | None, login: int | None) -> None:
    """Have the mirror of accounts read one account now; if the broker is away, its turn comes."""
    current_app.send_task(
        "accounts.tasks.refresh_account", (platform_id, login), retry=False, expires=20
    )


def _lines(now: Standing, then: Standing) -> Iterator[tuple[str, str, str]]:
    yield "Balance", money_text(now.balance), money_text(then.balance)
    yield "Credit", money_text(now.credit), money_text(then.credit)
    yield "Equity", money_text(now.equity), money_text(then.equity)
    yield "Free margin", money_text(now.free), money_text(then.free)
    if now.margin:
        yield "Margin level", percent_text(now.level), percent_text(then.level)
        yield (
            "Level without credit",
            percent_text(now.level_without_credit),
            percent_text(then.level_without_credit),
        )


def _figures(now: Standing) -> dict[str, str]:
    none = "no open positions"
    return {
        "Balance": money_text(now.balance, now.currency),
        "Credit": money_text(now.credit, now.currency),
        "Equity": money_text(now.equity, now.currency),
        "Margin": money_text(now.margin, now.currency),
        "Free margin": money_text(now.free, now.currency),
        "Margin level": percent_text(now.level) if now.margin else none,
        "Level without credit": percent_text(now.level_without_credit) if now.margin else none,
        "Can be withdrawn": money_text(now.withdrawable, now.currency),
    }
