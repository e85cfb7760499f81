"""Whether an account has the money for one more position."""

from __future__ import annotations

from decimal import Decimal

from panel.lib.money import show
from panel.mt4.protocol.enums import ResultCode
from panel.mt4.protocol.records import Trade
from panel.mt4.rules.base import Refusal
from panel.mt4.rules.valuation import Figures, Market, Terms, after_opening


def admits(
    *,
    free_after: Decimal,
    virtual_credit: Decimal,
    margin_before: Decimal,
    margin_after: Decimal,
    strong: bool,
) -> bool:
    """Whether an order may be opened, by the account's figures with it. [S]

    Free margin and the group's virtual credit must not be below 0 together, except for a hedge
    that makes the account's margin smaller, if the symbol is not ``strong`` about hedges.
    """
    if free_after + virtual_credit >= 0:
        return True
    return not strong and margin_after < margin_before


def check_admission(
    terms: Terms, before: Figures, trade: Trade, market: Market
) -> tuple[Figures, Refusal | None]:
    """The account's figures with ``trade`` opened, and why it is refused if it is.

    ``trade`` carries its commission and margin rate already; its floating result counts as the
    group's mode says. [I] Raises UnknownMarketError.
    """
    after = after_opening(terms, before, trade, market)
    if admits(
        free_after=after.free,
        virtual_credit=terms.group.credit,
        margin_before=before.margin,
        margin_after=after.margin,
        strong=bool(market.symbol(trade.symbol).margin_hedged_strong),
    ):
        return after, None
    currency = terms.group.currency
    text = (
        f"Not enough money: the free margin is {show(before.free, currency)} and would be "
        f"{show(after.free, currency)}."
    )
    return after, Refusal(ResultCode.TradeNoMoney, text)
