"""The records that a close leaves behind. What is split adds up again exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from panel.lib.money import ZERO, quantize
from panel.mt4.limits import TRADE_COMMENT
from panel.mt4.protocol.enums import TradeRecordState
from panel.mt4.protocol.records import Trade
from panel.mt4.rules.choices import DEFAULTS, Choices
from panel.mt4.rules.volumes import lots


def pro_rata(amount: Decimal, part: int, whole: int, currency: str) -> tuple[Decimal, Decimal]:
    """An amount split by volume: the part's share, rounded, and all that is left. [S]"""
    share = quantize(amount * part / whole, currency)
    return share, amount - share


def comment_with(comment: str, tag: str) -> str:
    """A comment with ``[sl]`` or the like behind it; the comment is cut for the tag to fit. [S]"""
    return comment[: TRADE_COMMENT - len(tag)] + tag


@dataclass(frozen=True, slots=True)
class Split:
    """A partial close: what is closed under the old ticket, what stays open under a new one."""

    closed: Trade
    rest: Trade


@dataclass(frozen=True, slots=True)
class ClosedPair:
    """Two opposite positions closed by each other; ``rest`` is what the larger one leaves."""

    first: Trade
    second: Trade
    rest: Trade | None


def _share(trade: Trade, volume: int, currency: str) -> tuple[Trade, Trade]:
    """The record cut in two by volume, with nothing but amounts changed."""
    storage = pro_rata(trade.storage, volume, trade.volume, currency)
    commission = pro_rata(trade.commission, volume, trade.volume, currency)
    agent = pro_rata(trade.commission_agent, volume, trade.volume, currency)
    taxes = pro_rata(trade.taxes, volume, trade.volume, currency)
    volumes = volume, trade.volume - volume
    part, rest = (
        replace(
            trade,
            volume=volumes[side],
            volume_lots=lots(volumes[side]),
            storage=storage[side],
            commission=commission[side],
            commission_agent=agent[side],
            taxes=taxes[side],
        )
        for side in (0, 1)
    )
    return part, rest


def _remainder(trade: Trade, ticket: int, now: datetime) -> Trade:
    return replace(
        trade,
        order=ticket,
        trade_record_state=TradeRecordState.OpenNormal,
        comment=f"from #{trade.order}",
        time_stamp=now,
    )


def split_off(
    trade: Trade,
    volume: int,
    *,
    price: Decimal,
    profit: Decimal,
    currency: str,
    now: datetime,
    ticket: int,
) -> Split:
    """Close ``volume`` hundredths of a lot of a position; the rest gets ``ticket``. [S]

    The closed part keeps the number and says ``to #``, the rest keeps open time, price and magic
    and says ``from #``. ``profit`` is the closed part's. Raises ValueError unless something is
    closed and something stays.
    """
    if not 0 < volume < trade.volume:
        raise ValueError(f"{volume} is not a part of {trade.volume}")
    part, rest = _share(trade, volume, currency)
    closed = replace(
        part,
        trade_record_state=TradeRecordState.ClosedPart,
        close_price=price,
        close_time=now,
        time_stamp=now,
        profit=profit,
        comment=f"to #{ticket}",
    )
    return Split(closed, _remainder(rest, ticket, now))


def close_by(
    first: Trade,
    second: Trade,
    *,
    profit: Decimal,
    currency: str,
    now: datetime,
    ticket: int,
    choices: Choices = DEFAULTS,
) -> ClosedPair:
    """Close two positions of one symbol and opposite sides by each other. [S]

    The first closes at the second's open price with the swap of both; the second is left with
    volume, swap and commission of 0. ``profit`` is the first's over the smaller of the two
    volumes. One commission covers both sides of the round trip, so the other is given back, or
    is not [U]. ``ticket`` is for what the larger one leaves, and not used for equals.
    """
    volume = min(first.volume, second.volume)
    rest = None
    if first.volume > volume:
        first, rest = _share(first, volume, currency)
    elif second.volume > volume:
        second, rest = _share(second, volume, currency)
    kept = first if choices.close_by_refunds else _with_commission_of(first, second)
    return ClosedPair(
        first=replace(
            kept,
            trade_record_state=TradeRecordState.ClosedBy,
            close_time=now,
            time_stamp=now,
            close_price=second.open_price,
            profit=profit,
            storage=first.storage + second.storage,
            taxes=first.taxes + second.taxes,
        ),
        second=replace(
            second,
            trade_record_state=TradeRecordState.ClosedBy,
            close_time=now,
            time_stamp=now,
            volume=0,
            volume_lots=lots(0),
            close_price=second.open_price,
            profit=ZERO,
            storage=ZERO,
            commission=ZERO,
            commission_agent=ZERO,
            taxes=ZERO,
            comment=f"close hedge by #{first.order}",
        ),
        rest=_remainder(rest, ticket, now) if rest else None,
    )


def _with_commission_of(first: Trade, second: Trade) -> Trade:
    return replace(
        first,
        commission=first.commission + second.commission,
        commission_agent=first.commission_agent + second.commission_agent,
    )
