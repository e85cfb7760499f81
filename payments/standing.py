"""Where an account stands, read live: the figures that every decision about money is made on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from panel.commands.base import Invalid
from panel.lib.money import ZERO, quantize
from panel.mt4 import rules
from panel.mt4.errors import Rejected
from panel.mt4.protocol.enums import ResultCode, WebApiErrorCode
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.read import Reader

# Margin level in percent, without credit, under which a withdrawal is worth a warning.
CAUTIOUS_LEVEL = Decimal(150)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account's money in its own currency; levels in percent, 0 without open positions."""

    login: int
    name: str
    group: str
    currency: str
    enabled: bool
    balance: Decimal
    credit: Decimal
    equity: Decimal
    margin: Decimal
    free: Decimal

    @property
    def level(self) -> Decimal:
        """Margin level."""
        return rules.level(self.equity, self.margin)

    @property
    def level_without_credit(self) -> Decimal:
        """Margin level as if the credit were taken away."""
        return rules.level_without_credit(self.equity, self.credit, self.margin)

    @property
    def withdrawable(self) -> Decimal:
        """The most that can be withdrawn now: never out of credit, never below the margin.

        A group may leave floating profit out of its free margin; then it does not count here.
        """
        return rules.withdrawable(
            balance=self.balance,
            credit=self.credit,
            equity=self.equity,
            margin=self.margin,
            currency=self.currency,
            free=self.free,
        )

    def moved(self, *, balance: Decimal = ZERO, credit: Decimal = ZERO) -> Standing:
        """The same account after a movement; both figures signed."""
        both = balance + credit
        return Standing(
            login=self.login,
            name=self.name,
            group=self.group,
            currency=self.currency,
            enabled=self.enabled,
            balance=quantize(self.balance + balance, self.currency),
            credit=quantize(self.credit + credit, self.currency),
            equity=quantize(self.equity + both, self.currency),
            margin=self.margin,
            free=quantize(self.free + both, self.currency),
        )


def standing(reader: Reader, login: int) -> Standing:
    """Read an account live. Balance and credit come from the account's own record: the margin
    state's balance holds both. Raises `Invalid` if there is no such account, and the errors of
    `panel.mt4.errors`.
    """
    try:
        account = reader.account(login)
        margin = reader.margin_level(login)
    except Rejected as refused:
        if WebApiErrorCode.NotFound == refused.code or refused.manager_code in (
            ResultCode.BadAccountInfo.wire,
            ResultCode.InvalidData.wire,
        ):
            raise Invalid.of(f"There is no account {login} on this platform.", "login") from refused
        raise
    return Standing(
        login=account.login,
        name=account.name,
        group=account.group,
        currency=reader.group(account.group).currency,
        enabled=bool(account.enable_flags & EnableFlags.Enabled),
        balance=account.balance,
        credit=account.credit,
        equity=margin.equity,
        margin=margin.margin,
        free=margin.free,
    )
