"""Where no source settles what MT4 does: every doubt is a switch, set once for a server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class MoneySwap(Enum):
    """What a swap of type 1 is counted in: the header says dollars, MQL4 the base currency."""

    DOLLARS = "dollars"
    BASE_CURRENCY = "base currency"


class ConversionSide(Enum):
    """Which side of a pair turns a result into the deposit currency."""

    CLOSING = "closing"
    """Bid for buys, Ask for sells, as the two tick values of a symbol suggest."""
    BID = "bid"


class CommissionFor(Enum):
    """What a group's commission is set for; both sides of the round trip are booked at open."""

    BY_KIND = "by kind"
    """A percentage for one side, money and pips for the round trip."""
    SIDE = "side"
    ROUND_TRIP = "round trip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Unverified behaviour of a trade server; the defaults are the likelier reading. [U]

    ``commission_for`` and ``pendings_look_at_hedging`` differ from group to group.
    """

    stopout_only_below: bool = False
    """Whether a threshold must be undercut; otherwise reaching it is enough."""

    pendings_before_stopout: bool = False
    """Whether a stop-out deletes pending orders before it closes positions."""

    pendings_take_margin: bool = False

    margin_at_open_price: bool = True
    """Whether a CFD's margin stays at its open price; otherwise it follows the market."""

    zero_leverage_is_groups: bool = True
    """Whether an account's leverage of 0 means its group's; otherwise it counts as 1:1."""

    divider_one_is_default: bool = True
    """Whether a group's margin divider of 1 leaves the symbol's percentage as it is."""

    zero_swap_is_default: bool = True
    """Whether a group's swap of 0 leaves the symbol's as it is."""

    triple_day_shift: int = 0
    """What to take from swap_rollover3_days to count from Monday as 0: the header does so
    itself; client files count from Sunday as 0, hence 1; Sunday as 1 would be 2."""

    money_swap: MoneySwap = MoneySwap.DOLLARS

    conversion_side: ConversionSide = ConversionSide.CLOSING

    commission_for: CommissionFor = CommissionFor.BY_KIND

    pendings_look_at_hedging: bool = False
    """Whether a pending order that fires against an opposite position is deleted where the group
    forbids hedging; otherwise it opens, since the rule was asked when it was placed."""

    close_by_refunds: bool = True
    """Whether closing by an opposite order gives one of the two commissions back."""


DEFAULTS = Choices()
