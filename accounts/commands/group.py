"""Moving an account to another MT4 group."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from accounts.commands.base import AccountCommand, asked
from accounts.figures import margin_under, state_with, terms_of, threshold
from panel.commands.base import Change, Check, Invalid, Preview
from panel.commands.registry import register
from panel.mt4.errors import Rejected
from panel.mt4.protocol.enums import MarginLevelType
from panel.ui.figures import money_text

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call
    from panel.mt4.protocol.records import Group, MarginLevel, User
    from panel.mt4.read import Reader


def find_group(reader: Reader | None, name: str) -> Group:
    """The group, among all live ones; raises `Invalid` beside the field `group`."""
    try:
        found = asked(reader).group(name)
    except Rejected as rejected:
        raise Invalid.of("There is no such group on the trade server.", "group") from rejected
    if not found.enable:
        raise Invalid.of(f"The group {name} is switched off.", "group")
    return found


def refuse_outside(platform_id: int, name: str, actor: Actor | None) -> None:
    """Raise `Invalid` when a group lies outside the actor's scopes."""
    if actor and not actor.person_or_fail().sees(platform_id, name):
        raise Invalid.of(f"The group {name} is outside your scopes.", "group")


@register
@dataclass(frozen=True, kw_only=True)
class ChangeGroup(AccountCommand):
    """Move an account; its conditions become those of the new group."""

    name: ClassVar[str] = "accounts.change_group"
    label: ClassVar[str] = "Change of group"
    prefix: ClassVar[str] = "GR"
    permission: ClassVar[str] = "accounts.change_group"
    form_url: ClassVar[str | None] = "account_change_group"

    group: str

    def aims(self) -> dict[str, Any]:
        """The group."""
        return {"group": self.group}

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """A group that exists, in the same currency unless the account holds nothing."""
        user = self.user(reader)
        self.refuse_empty(user)
        refuse_outside(self.get_platform().pk, self.group, actor)
        old, new = asked(reader).group(user.group), find_group(reader, self.group)
        if old.currency != new.currency and self._holds_something(asked(reader), user):
            raise Invalid.of(
                f"{new.group} is kept in {new.currency}, {old.group} in {old.currency}: balance, "
                "credit and positions must be empty before the currency can change.",
                "group",
            )
        level, margin = self._look(asked(reader), user, old, new)
        if state_with(margin, level.equity, new) is MarginLevelType.StopOut:
            raise Invalid.of(
                "The account would be stopped out at once: "
                f"the stop-out level there is {threshold(new, new.margin_stopout)}.",
                "group",
            )

    def preview(self, reader: Reader | None) -> Preview:
        """What differs between the groups, and what it means for this account."""
        user = self.user(reader)
        old, new = asked(reader).group(user.group), asked(reader).group(self.group)
        level, margin = self._look(asked(reader), user, old, new)
        rows = (
            ("Group", old.group, new.group),
            ("Currency", old.currency, new.currency),
            (
                "Margin",
                money_text(level.margin, old.currency, named=False),
                money_text(margin, new.currency, named=False),
            ),
            ("Margin call", threshold(old, old.margin_call), threshold(new, new.margin_call)),
            ("Stop-out", threshold(old, old.margin_stopout), threshold(new, new.margin_stopout)),
            ("Free margin counts", _counted(old), _counted(new)),
            ("Positions at most", _most(old.max_positions), _most(new.max_positions)),
            ("Hedging", _allowed(old.hedge_prohibited), _allowed(new.hedge_prohibited)),
        )
        return Preview(
            sentence=f"Move {self.login} {user.name} from {old.group} to {new.group}.",
            button=f"Move to {new.group}",
            changes=[Change(*row) for row in rows if row[1] != row[2]],
            checks=[
                _currency_check(old, new),
                _margin_check(state_with(margin, level.equity, new), new),
                Check("ok", f"The leverage stays 1:{user.leverage}."),
            ],
        )

    def execute(self, call: Call) -> None:
        """One patch."""
        self.patch(call, self.aims)

    def _look(
        self, reader: Reader, user: User, old: Group, new: Group
    ) -> tuple[MarginLevel, Decimal]:
        """The figures now, and the margin there; as it is now where that cannot be told."""
        level = reader.margin_level(self.login)
        if not level.margin:
            return level, level.margin
        now, then = (terms_of(reader, group, user.leverage) for group in (old, new))
        margin = margin_under(reader, level, now, then)
        return level, level.margin if margin is None else margin

    def _holds_something(self, reader: Reader, user: User) -> bool:
        return bool(user.balance or user.credit or reader.trades_of(self.login, user.group))


def _counted(group: Group) -> str:
    return {
        "DontUse": "no floating result",
        "UseAll": "profit and loss",
        "UseProfit": "floating profit",
        "UseLoss": "floating loss",
    }[group.margin_mode.name]


def _most(positions: int) -> str:
    return str(positions) if positions else "no limit"


def _allowed(prohibited: int) -> str:
    return "prohibited" if prohibited else "allowed"


def _currency_check(old: Group, new: Group) -> Check:
    if old.currency == new.currency:
        return Check("ok", f"Both groups are kept in {new.currency}.")
    return Check("warn", f"The currency changes to {new.currency}; the account holds nothing.")


def _margin_check(state: MarginLevelType, new: Group) -> Check:
    if state is MarginLevelType.Ok:
        return Check("ok", "The account stays above margin call.")
    call = threshold(new, new.margin_call)
    return Check("warn", f"The account comes to margin call: the level there is {call}.")
