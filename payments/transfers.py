"""Transfers: what is checked and shown before money goes from one account to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from panel import audit
from panel.access.policy import Needed
from panel.commands.base import Change, Check, Invalid, Preview, Target
from panel.commands.registry import register
from panel.lib.money import LARGEST, ZERO, decimals_problem
from panel.ui.figures import money_text
from payments import checks, stops
from payments.commands import account_room, enough_there
from payments.conversion import LARGEST_RATE, RATE_DIGITS, plain_number, rate_checks
from payments.effects import figures, lines
from payments.models import Kind
from payments.saga import TwoLegged
from payments.standing import Standing, standing

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest, User
    from panel.mt4.read import Reader


@register
@dataclass(frozen=True, kw_only=True)
class Transfer(TwoLegged):
    """From one account to another, each of them within the scopes of whoever asks or decides."""

    name: ClassVar[str] = "payments.transfer"
    label: ClassVar[str] = "Transfer"
    prefix: ClassVar[str] = "TR"
    permission: ClassVar[str] = "payments.transfer"
    approve_permission: ClassVar[str] = "payments.approve_transfer"
    form_url: ClassVar[str | None] = "payment_transfer"
    default_needed: ClassVar[Needed] = Needed(1, (), "Every transfer needs an approval.")
    kind: ClassVar[Kind] = Kind.TRANSFER_OUT
    verb: ClassVar[str] = "Transfer"

    def _there(self, reader: Reader | None) -> Standing:
        """The receiving account, live; its absence is told beside its own field."""
        if reader is None:
            raise TypeError("Money is never decided on without a live reader.")
        try:
            return standing(reader, self.to_login)
        except Invalid as invalid:
            raise Invalid.of(_no_account(self.to_login), "to_login") from invalid

    def target(self, reader: Reader | None) -> Target:
        """The source; whoever sees the request has to see the receiving account too."""
        target = super().target(reader)
        try:
            there = self._there(reader)
        except Invalid:
            # There is none: `validate` says so beside the field, with whatever else is wrong.
            return target
        return replace(target, further_groups=(there.group,))

    def _field_errors(self) -> Iterator[tuple[str, list[str]]]:
        yield from super()._field_errors()
        if self.to_login == self.login:
            yield "to_login", ["Choose another account than the one the money leaves."]
        if self.rate is not None and not 0 < self.rate <= LARGEST_RATE:
            yield "rate", ["The rate must be more than zero."]
        elif self.rate is not None and self.rate != round(self.rate, RATE_DIGITS):
            yield "rate", [f"Use at most {RATE_DIGITS} decimals."]
        elif self.amount > 0 and not ZERO < self.arrives <= LARGEST:
            yield "rate", ["At this rate the amount that arrives is out of all bounds."]

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """The source like a withdrawal; then the receiving account, its scope and the rate."""
        super().validate(reader, actor)
        there = self._there(reader)
        if actor is not None:
            self._check_scope(there, actor)
        here = self._standing(reader)
        if here.currency == there.currency and self.rate not in (None, 1):
            raise Invalid.of(f"Both accounts are in {here.currency}: there is no rate.", "rate")
        if here.currency != there.currency and self.rate is None:
            raise Invalid.of(
                f"Enter how many {there.currency} one {here.currency} is: the accounts have "
                "different currencies.",
                "rate",
            )
        if self.rate is not None and self.to_currency not in ("", there.currency):
            raise Invalid.of(f"The receiving account is in {there.currency} by now.", "to_login")
        if problem := decimals_problem(self.arrives, there.currency):
            arrives = money_text(self.arrives, there.currency)
            raise Invalid.of(f"{arrives} would arrive. {problem}", "amount")

    def _check_scope(self, there: Standing, actor: Actor) -> None:
        platform, person = self.get_platform(), actor.person_or_fail()
        if person.sees(platform.pk, there.group):
            return
        audit.record(
            actor,
            f"request {self.name}",
            source="web",
            obj=("account", there.login, f"{there.login} {there.name}"),
            platform=platform,
            group=there.group,
            outcome="denied",
            code="scope",
            detail=f"Group {there.group} is outside the scopes of {actor.label}.",
        )
        raise Invalid.of(_no_account(self.to_login), "to_login")

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Whoever decides must see both accounts."""
        platform = request.platform_id
        if platform is not None and person.sees(platform, request.before["to_group"]):
            return ""
        return "The receiving account lies outside your scopes."

    def check_account(self, now: Standing) -> None:
        """Never more than is free on the source without its credit."""
        stops.refuse(self.get_platform(), self.login)
        account_room(now, self.amount)

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Both accounts."""
        there = self._there(reader)
        return {
            **super().before(reader),
            "to_name": there.name,
            "to_group": there.group,
            "to_currency": there.currency,
            "to_enabled": there.enabled,
            "to_balance": there.balance,
        }

    def watched(self, before: dict[str, Any]) -> dict[str, Any]:
        """What must be as it was approved; balances move by trading, and are checked anew."""
        names = ("currency", "enabled", "to_currency", "to_enabled", "to_group")
        return {name: before[name] for name in names}

    def preview(self, reader: Reader | None) -> Preview:
        """Both legs, what they do to each account, and what a decision should know."""
        now, there = self._standing(reader), self._there(reader)
        then, there_then = now.moved(balance=-self.amount), there.moved(balance=self.arrives)
        rule = checks.rule_for(
            self.name,
            self.get_platform(),
            now.group,
            now.currency,
            self.amount,
            at_least=self.least_needed,
            reference=self.request_reference,
        )
        gets = money_text(self.arrives, there.currency)
        opening = (
            f"Transfer {money_text(self.amount, now.currency)} from {now.login} {now.name} to "
            f"{there.login} {there.name}"
        )
        if now.currency != there.currency:
            rate = plain_number(self.rate or Decimal(1))
            opening += f", which gets {gets} at {rate} {there.currency} for 1 {now.currency}"
        parts = [opening, f"on {now.login} {self._effect(now, then)}", checks.rule_text(rule)]
        return Preview(
            sentence="; ".join(parts),
            button=f"Transfer {money_text(self.amount, now.currency)}",
            changes=[
                *_changes(now, then),
                *_changes(there, there_then, named=True),
            ],
            checks=[*self._both_checks(reader, now, then, there)],
            figures=dict(_told(now, figures(now))),
        )

    def _both_checks(
        self, reader: Reader | None, now: Standing, then: Standing, there: Standing
    ) -> Iterator[Check]:
        yield from stops.check(self.get_platform(), self.login)
        yield from enough_there(now, then, self.amount)
        for account in (now, there):
            if not account.enabled:
                yield Check("warn", f"{account.login} is disabled.")
        if now.name.split() and now.name.casefold().split() != there.name.casefold().split():
            yield Check("warn", f"The accounts have different owners: {now.name} and {there.name}.")
        if reader is not None and self.rate is not None and now.currency != there.currency:
            yield from rate_checks(reader, now.currency, there.currency, self.rate)
        yield from self.already_on_mt4()
        facts = self._facts(self.to_login)
        yield from self.panel_checks(now, facts)
        yield from checks.unsettled(facts.of(self.to_login))
        yield from checks.asked_already(facts.of(self.login), now.currency, now.withdrawable)


def _no_account(login: int) -> str:
    return f"There is no account {login} on this platform, or it is not yours to see."


def _changes(now: Standing, then: Standing, *, named: bool = False) -> Iterator[Change]:
    for label, before, after in lines(now, then, named=named):
        if before != after:
            yield Change(_of(now, label), before, after)


def _told(now: Standing, told: dict[str, str]) -> Iterator[tuple[str, str]]:
    for label, text in told.items():
        yield _of(now, label), text


def _of(account: Standing, label: str) -> str:
    """`100234 free margin`: there are two accounts, each with its own."""
    return f"{account.login} {label[:1].lower()}{label[1:]}"
