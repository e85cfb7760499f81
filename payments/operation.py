"""What every movement of money on an MT4 account has in common: checks, sending, evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from celery import current_app
from django.db import transaction
from django.utils import timezone

from panel.commands.base import (
    Change,
    Check,
    Invalid,
    Leftover,
    MT4Command,
    Preview,
    Records,
    Risk,
    Target,
)
from panel.commands.registry import load
from panel.commands.states import FINAL
from panel.lib import money
from panel.lib.money import ZERO
from panel.mt4.limits import TRADE_COMMENT, check_trade_comment
from panel.ui.figures import money_text, percent_text
from payments import checks, limits, owed
from payments.effects import figures, lines, rises
from payments.evidence import records_beside
from payments.facts import Facts, facts_of
from payments.legs import Leg, status_of
from payments.models import Kind, Method, Payment, Topic
from payments.standing import Standing, standing
from payments.watermark import newest_known

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call
    from panel.models import ChangeRequest, User
    from panel.mt4.read import Reader

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

    def legs(self, reference: str) -> Sequence[Leg]:
        """The records it makes, in their order, for a request of this reference."""
        return [
            Leg(
                step="balance",
                reference=reference,
                login=self.login,
                kind=self.kind,
                amount=self.amount,
                comment=self.comment,
                expires=self.expires(),
            )
        ]

    def _standing(self, reader: Reader | None) -> Standing:
        if reader is None:
            raise TypeError("Money is never decided on without a live reader.")
        return standing(reader, self.login)

    def then_of(self, now: Standing) -> Standing:
        """The account once it is done."""
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
        """The fields first, then what the account's currency has of decimals, then the account."""
        _refuse(self._field_errors())
        if already := [check.text for check in self.already_on_mt4()]:
            raise Invalid({"": already})
        now = self._standing(reader)
        _refuse(self._currency_errors(now.currency))
        self.check_account(now)

    def already_on_mt4(self) -> Iterator[Check]:
        """Records that can only be there if this database was put back from a backup."""
        for leg in self.legs(self.request_reference) if self.request_reference else ():
            yield from checks.on_mt4_already(self.get_platform(), leg.reference)

    def _field_errors(self) -> Iterator[tuple[str, list[str]]]:
        if not self.amount.is_finite() or self.amount <= 0:
            yield "amount", ["The amount must be more than zero."]
        elif self.amount > money.LARGEST:
            yield "amount", [f"The amount must not exceed {money.show(money.LARGEST)}."]
        elif problem := money.decimals_problem(self.amount, money.ANY):
            yield "amount", [problem]
        if self.method not in Method.values:
            yield "method", [f"Choose one of {', '.join(Method.labels)}."]
        if len(self.external_reference) > 64:
            yield "external_reference", ["Use at most 64 characters."]
        comment = check_trade_comment(self.comment)
        if len(self.comment) > COMMENT:
            comment = [f"Use at most {COMMENT} characters: the reference goes before them."]
        yield "comment", comment

    def _currency_errors(self, currency: str) -> Iterator[tuple[str, list[str]]]:
        """What is wrong with the fields in the account's currency: 100.55 JPY."""
        if problem := money.decimals_problem(self.amount, currency):
            yield "amount", [problem]

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
        then = self.then_of(now)
        platform = self.get_platform()
        rule = checks.rule_for(
            self.name,
            platform,
            now.group,
            now.currency,
            self.amount,
            at_least=self.least_needed,
            reference=self.request_reference,
        )
        parts = [self._opening(now), self._effect(now, then), checks.rule_text(rule)]
        return Preview(
            sentence="; ".join(filter(None, parts)),
            button=f"{self.verb} {money_text(self.amount, now.currency)}",
            changes=[
                Change(label, before, after)
                for label, before, after in lines(now, then)
                if before != after
            ],
            checks=[
                *self.account_checks(now, then),
                *(self._market_checks(reader, now) if reader else ()),
                *self.already_on_mt4(),
                *self.panel_checks(now, self._facts()),
            ],
            figures=figures(now),
        )

    verb: ClassVar[str]

    def _opening(self, now: Standing) -> str:
        raise NotImplementedError

    def _effect(self, now: Standing, then: Standing) -> str:
        text = rises("free margin", now.free, then.free, now.currency)
        if now.margin:
            text += f", level {percent_text(now.level)} to {percent_text(then.level)}"
        return text

    def account_checks(self, now: Standing, then: Standing) -> Iterator[Check]:
        """What the account's own figures say."""
        if not now.enabled:
            yield Check("warn", "The account is disabled.", Topic.DISABLED)

    def _market_checks(self, reader: Reader, now: Standing) -> Iterator[Check]:
        """What the prices of this moment say."""
        yield from ()

    def panel_checks(self, now: Standing, facts: Facts) -> Iterator[Check]:
        """What the panel's own rows say; pure, so that files tell the same of each line."""
        yield from checks.unsettled(facts.of(self.login))
        yield from checks.duplicates(
            facts, self.login, self.kind, self.amount, self.external_reference
        )

    def _facts(self, *others: int) -> Facts:
        """The facts of its account, and of others that it touches."""
        return facts_of(
            self.get_platform(),
            [self.login, *others],
            [self.external_reference],
            exclude=self.request_reference,
        )

    def expires(self) -> datetime | None:
        """The expiration MT4 is given, on the server's clock."""
        return None

    def execute(self, call: Call) -> None:
        """One leg after the other, each found again by its reference in its account's history."""
        platform, legs = self.get_platform(), self.legs(call.reference)
        for leg in legs:
            check = None if leg is legs[0] else partial(self.check_leg, call, leg)
            leg.take(call, platform, precheck=check)
            if leg is not legs[-1]:
                stand(call.request, type(self))

    def check_leg(self, call: Call, leg: Leg) -> None:
        """Raise `Invalid` unless the account of a further leg is in the currency that was approved;
        before each sending of it."""
        is_now, was = standing(call.reader, leg.login).currency, call.request.before["currency"]
        if is_now != was:
            raise Invalid.of(f"{leg.login} is in {is_now} now, was in {was}.")

    def after(self, reader: Reader, request: ChangeRequest) -> dict[str, Any]:
        """The account again, with what MT4 has of each leg."""
        platform, now = self.get_platform(), self.before(reader)
        seen = [
            leg.see(reader, platform, request, *self.place_of(leg, now))
            for leg in self.legs(request.reference)
        ]
        doubts = [each for each in seen if each.verdict != "found"]
        return {
            **now,
            "records": doubts[0].verdict if doubts else "found",
            "records_text": " ".join(each.text for each in doubts or seen),
        }

    def place_of(self, leg: Leg, before: dict[str, Any]) -> tuple[str, str]:
        """Group and currency of a leg's account, from what `before` read."""
        return before["group"], before["currency"]

    def disagreement(self, after: dict[str, Any], request: ChangeRequest) -> str:
        """MT4 said yes: its history must say so too, once, and with this amount."""
        return "" if after["records"] == "found" else str(after["records_text"])

    @classmethod
    def opened(cls, request: ChangeRequest) -> None:
        """Every leg of the request is a payment."""
        command = cls._of(request)
        origin = None
        for leg in command.legs(request.reference):
            made = Payment.objects.create(**command.row(leg, request, origin))
            origin = origin or made

    @classmethod
    def _of(cls, request: ChangeRequest) -> MoneyCommand:
        command = load(request)
        if not isinstance(command, MoneyCommand):
            raise TypeError(f"{request.reference} is no payment.")
        return command

    def row(self, leg: Leg, request: ChangeRequest, origin: Payment | None) -> dict[str, Any]:
        """A leg as a payment. `origin` is the first leg's payment, None for that one itself."""
        group, currency = self.place_of(leg, request.before)
        return {
            "request": request,
            "reference": leg.reference,
            "kind": leg.kind,
            "method": self.method,
            "external_reference": self.external_reference,
            "amount": leg.amount,
            "currency": currency,
            "platform_id": request.platform_id,
            "login": leg.login,
            "account_name": request.before["name"],
            "mt4_group": group,
            "status": request.status,
            "comment": leg.comment,
            "created": request.created,
            "asked_after": newest_known(self.get_platform())[0],
            "origin": origin,
        }

    @classmethod
    def step_of(cls, kind: Kind) -> str:
        """The step of the request that books a payment of this kind."""
        return "balance"

    @classmethod
    def moved(cls, request: ChangeRequest) -> None:
        """Each payment stands where its leg stands; then the mirrored accounts follow."""
        stand(request, cls)
        if any("done" in step for step in request.progress.values()):
            for login in cls.accounts(request):
                place = (request.platform_id, login)
                transaction.on_commit(partial(refresh_account, *place), robust=True)

    @classmethod
    def all_legs(cls, request: ChangeRequest) -> Sequence[Leg]:
        """Every leg that may stand in MT4."""
        return cls._of(request).legs(request.reference)

    @classmethod
    def records(cls, request: ChangeRequest) -> Records:
        """Of all its accounts, with the evidence's own eyes."""
        platform = request.platform
        if platform is None:
            raise TypeError(f"{request.reference} is no payment.")
        return records_beside(
            (leg.wanted(platform), request.progress.get(leg.step, {}).get("mark", {}))
            for leg in cls.all_legs(request)
        )

    @classmethod
    def in_doubt(cls, request: ChangeRequest) -> str:
        """The leg that was announced and not answered, where there are several."""
        name, payments = step_in_doubt(request), list(request.payments.all())
        for payment in payments if len(payments) > 1 else ():
            if cls.step_of(Kind(payment.kind)) == name:
                amount = money_text(payment.amount, payment.currency)
                return (
                    f"{payment.get_kind_display()} of {amount} on {payment.login} "
                    f"({payment.reference})"
                )
        return ""

    @classmethod
    def left_open(cls, request: ChangeRequest) -> Leftover | None:
        """What is owed because a request of several legs ended between them."""
        return owed.left_open(request)

    @classmethod
    def goes_on(
        cls, request: ChangeRequest, happened: bool, words: dict[str, str]
    ) -> dict[str, Any] | None:
        """Once a leg before the last one is known to have happened, the next is taken."""
        open_step = step_in_doubt(request)
        last = cls._of(request).legs(request.reference)[-1].step
        if not happened or open_step in ("", last):
            return None
        return {**request.progress, open_step: {"done": words}}


def _refuse(problems: Iterable[tuple[str, list[str]]]) -> None:
    errors = {name: texts for name, texts in problems if texts}
    if errors:
        raise Invalid(errors)


def step_in_doubt(request: ChangeRequest) -> str:
    """The step that was announced and neither done nor refused; empty if there is none."""
    for name, step in request.progress.items():
        if "done" not in step and "refused" not in step:
            return str(name)
    return ""


def stand(request: ChangeRequest, command: type[MoneyCommand]) -> None:
    """Write on each payment of a request where its leg stands."""
    for kind in request.payments.values_list("kind", flat=True).distinct().order_by():
        status = status_of(request, command.step_of(Kind(kind)))
        rows = Payment.objects.filter(request=request, kind=kind)
        if status in FINAL:
            rows.exclude(status=status).update(
                status=status, finished=request.finished or timezone.now()
            )
        else:
            rows.update(status=status)


def refresh_account(platform_id: int | None, login: int | None) -> None:
    """Have the mirror of accounts read one account now; if the broker is away, its turn comes."""
    current_app.send_task(
        "accounts.tasks.refresh_account", (platform_id, login), retry=False, expires=20
    )
