"""Commission: charged on the open record, at once for opening and closing."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from panel.lib.money import ZERO, quantize
from panel.mt4.protocol.records import GroupSec, SymbolConfig
from panel.mt4.rules.base import HUNDRED, ONE, UNCHANGED, Quotes, Ratio
from panel.mt4.rules.choices import DEFAULTS, Choices, CommissionFor
from panel.mt4.rules.conversion import profit_rate
from panel.mt4.rules.volumes import lots as lots_of


class CommissionKind(StrEnum):
    """What a group's commission counts, as it travels."""

    MONEY = "Money"
    PIPS = "Pips"
    PERCENT = "Percent"


class CommissionPer(StrEnum):
    """Whether it is multiplied by lots, as it travels."""

    LOT = "PerLot"
    DEAL = "PerDeal"


def commission(
    kind: CommissionKind,
    *,
    base: Decimal,
    lots: Decimal,
    contract_size: Decimal,
    point: Decimal,
    price: Decimal,
    currency: str,
    per: CommissionPer = CommissionPer.LOT,
    rate: Ratio = UNCHANGED,
    sides: int = 1,
) -> Decimal:
    """What an order's commission is set to at open: negative, in ``currency``, in its decimals.

    Money: lots x base; pips: lots x contract x point x base; percent: lots x contract x price x
    base / 100; per deal: as for one lot, except that percent is of the deal's value either way.
    [I] ``rate`` converts from profit to deposit currency, and is left out for money. ``sides``
    is how often base is charged: see `sides_of`.
    """
    count = ONE if per is CommissionPer.DEAL else lots
    if kind is CommissionKind.MONEY:
        exact = count * base * sides
    elif kind is CommissionKind.PIPS:
        exact = rate.of(count * contract_size * point * base * sides)
    else:
        percent = Ratio(over=HUNDRED)
        exact = (rate * percent).of(lots * contract_size * price * base * sides)
    return -quantize(exact, currency)


def sides_of(kind: CommissionKind, choices: Choices = DEFAULTS) -> int:
    """How often a group's commission is charged at open, for the round trip.

    A percentage is set for one side, and both are booked: 0.005 % of the value for 0.0025 % [S].
    Money and pips are set for the round trip [S]. A group may have it otherwise. [U]
    """
    if choices.commission_for is CommissionFor.BY_KIND:
        return 2 if kind is CommissionKind.PERCENT else 1
    return 2 if choices.commission_for is CommissionFor.SIDE else 1


def trade_commission(
    security: GroupSec,
    symbol: SymbolConfig,
    *,
    is_buy: bool,
    volume: int,
    open_price: Decimal,
    currency: str,
    quotes: Quotes,
    choices: Choices = DEFAULTS,
) -> Decimal:
    """The commission of an order opened now in a group: negative, in ``currency``, its decimals.

    A kind that is not named counts as money per lot. Raises UnknownMarketError when the amount
    cannot be converted.
    """
    if not security.standard_commission:
        return ZERO
    kind = CommissionKind(security.commission_type or CommissionKind.MONEY)
    rate = UNCHANGED
    if kind is not CommissionKind.MONEY:
        rate = profit_rate(
            symbol, currency, quotes, is_buy=is_buy, price=open_price, choices=choices
        )
    return commission(
        kind,
        base=security.standard_commission,
        lots=lots_of(volume),
        contract_size=symbol.contract_size,
        point=symbol.point,
        price=open_price,
        currency=currency,
        per=CommissionPer(security.commission_lots_mode or CommissionPer.LOT),
        rate=rate,
        sides=sides_of(kind, choices),
    )
