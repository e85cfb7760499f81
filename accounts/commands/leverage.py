"""The leverage of an account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from accounts.commands.base import LEVERAGE_MOST, AccountCommand, asked
from accounts.figures import level_of, margin_under, state_with, terms_of, threshold
from panel.commands.base import Change, Check, Invalid, Preview
from panel.commands.registry import register
from panel.lib.money import show
from panel.mt4 import rules
from panel.mt4.protocol.enums import MarginLevelType
from panel.ui.figures import money_text, percent_text

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call
    from panel.mt4.protocol.records import Group, MarginLevel, User
    from panel.mt4.read import Reader


@register
@dataclass(frozen=True, kw_only=True)
class ChangeLeverage(AccountCommand):
    """Set the leverage; margin of open positions follows at once."""

    name: ClassVar[str] = "accounts.change_leverage"
    label: ClassVar[str] = "Change of leverage"
    prefix: ClassVar[str] = "LV"
    permission: ClassVar[str] = "accounts.change_leverage"
    form_url: ClassVar[str | None] = "account_change_leverage"

    leverage: int

    def aims(self) -> dict[str, Any]:
        """The leverage."""
        return {"leverage": self.leverage}

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """A sensible leverage, another one than now, and no stop-out by it."""
        if not 1 <= self.leverage <= LEVERAGE_MOST:
            raise Invalid.of(f"Choose a leverage from 1:1 to 1:{LEVERAGE_MOST}.", "leverage")
        user = self.user(reader)
        self.refuse_empty(user)
        group, level, margin = self._look(asked(reader), user)
        if margin is None:
            return
        if state_with(margin, level.equity, group) is MarginLevelType.StopOut:
            raise Invalid.of(
                f"The margin would rise to {show(margin, group.currency)} and close positions "
                f"at once: the stop-out level is {threshold(group, group.margin_stopout)}.",
                "leverage",
            )

    def preview(self, reader: Reader | None) -> Preview:
        """Leverage, margin and level before and after."""
        user = self.user(reader)
        group, level, margin = self._look(asked(reader), user)
        now, then = f"1:{user.leverage}", f"1:{self.leverage}"
        sentence = f"Change the leverage of {self.login} {user.name} from {now} to {then}"
        changes = [Change("Leverage", now, then)]
        if margin is not None:
            sentence += _in_words(level, margin, group)
            changes += _figures(level, margin, group.currency)
        return Preview(
            sentence=f"{sentence}.",
            button=f"Change leverage to {then}",
            changes=changes,
            checks=[_check(group, level, margin)],
        )

    def execute(self, call: Call) -> None:
        """One patch."""
        self.patch(call, self.aims)

    def _look(self, reader: Reader, user: User) -> tuple[Group, MarginLevel, Decimal | None]:
        """The group, the figures now, and the margin at the new leverage if it can be computed."""
        group, level = reader.group(user.group), reader.margin_level(self.login)
        if not level.margin:
            return group, level, None
        now = terms_of(reader, group, user.leverage)
        then = replace(now, leverage=self.leverage)
        return group, level, margin_under(reader, level, now, then)


def _level_then(level: MarginLevel, margin: Decimal) -> Decimal | None:
    return rules.level(level.equity, margin) if margin else None


def _in_words(level: MarginLevel, margin: Decimal, group: Group) -> str:
    if margin == level.margin:
        return "; the margin of its positions stays the same"
    way = "rises" if margin > level.margin else "falls"
    levels = percent_text(level_of(level)), percent_text(_level_then(level, margin))
    return (
        f"; margin {way} from {money_text(level.margin, group.currency, named=False)} to "
        f"{money_text(margin, group.currency)}, "
        f"level {levels[0]} to {levels[1]}"
    )


def _figures(level: MarginLevel, margin: Decimal, currency: str) -> list[Change]:
    def text(amount: Decimal) -> str:
        return money_text(amount, currency, named=False)

    free = level.free + level.margin - margin
    levels = percent_text(level_of(level), 2), percent_text(_level_then(level, margin), 2)
    return [
        Change("Margin", text(level.margin), text(margin)),
        Change("Free margin", text(level.free), text(free)),
        Change("Margin level", *levels),
    ]


def _check(group: Group, level: MarginLevel, margin: Decimal | None) -> Check:
    if not level.margin:
        return Check("ok", "No open positions: the margin does not change.")
    if margin is None:
        return Check("warn", "The margin of its positions will change; by how much is not known.")
    call = threshold(group, group.margin_call)
    if state_with(margin, level.equity, group) is not MarginLevelType.Ok:
        return Check("warn", f"The account comes to margin call, at {call}.")
    if level.free + level.margin - margin < 0:
        return Check("warn", "The free margin becomes negative.")
    return Check("ok", f"The account stays above margin call, at {call}.")
