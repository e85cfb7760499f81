"""Where an account stands: amounts in its currency and in its decimals; levels in percent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from panel.lib.money import ZERO, quantize
from panel.mt4.protocol.enums import MarginControllingType, MarginLevelType, MarginMode
from panel.mt4.rules.base import HUNDRED
from panel.mt4.rules.choices import DEFAULTS, Choices

LEVEL_STEP = Decimal("0.01")


def leverage_of(account: int, group: int, choices: Choices = DEFAULTS) -> int:
    """The leverage an account trades at: its own; for 0 its group's [U], and at least 1:1."""
    return max(account or (group if choices.zero_leverage_is_groups else 0), 1)


def equity(
    balance: Decimal, credit: Decimal, floating: Iterable[Decimal], currency: str
) -> Decimal:
    """Balance, credit and the net result of every open position. [S]"""
    return quantize(balance + credit + sum(floating, ZERO), currency)


def free_margin(
    mode: MarginMode,
    *,
    balance: Decimal,
    credit: Decimal,
    floating: Iterable[Decimal],
    margin: Decimal,
    currency: str,
) -> Decimal:
    """What is left for new positions; the group's mode says which results count. [S]"""
    results = list(floating)
    if mode is MarginMode.DontUse:
        results = []
    elif mode is MarginMode.UseProfit:
        results = [result for result in results if result > 0]
    elif mode is MarginMode.UseLoss:
        results = [result for result in results if result < 0]
    return quantize(balance + credit + sum(results, ZERO) - margin, currency)


def level(equity: Decimal, margin: Decimal) -> Decimal:
    """Margin level in percent, two decimals; 0 when there is no margin. [S]"""
    if not margin:
        return ZERO
    return (equity * HUNDRED / margin).quantize(LEVEL_STEP, ROUND_HALF_UP)


def margin_state(
    controlling: MarginControllingType,
    *,
    equity: Decimal,
    margin: Decimal,
    call: Decimal,
    stopout: Decimal,
    choices: Choices = DEFAULTS,
) -> MarginLevelType:
    """Whether an account is at margin call or stop-out.

    Thresholds are a level in percent, or free margin in currency [S]; reaching one counts [I],
    or only falling below it [U]. An account without margin is always fine.
    """
    if not margin:
        return MarginLevelType.Ok
    if controlling is MarginControllingType.Percent:
        # Multiplied out, since a quotient that is rounded could reach a threshold it does not.
        figure, call, stopout = equity * HUNDRED, call * margin, stopout * margin
    else:
        figure = equity - margin
    if figure < stopout or (figure == stopout and not choices.stopout_only_below):
        return MarginLevelType.StopOut
    if figure < call or (figure == call and not choices.stopout_only_below):
        return MarginLevelType.MarginCall
    return MarginLevelType.Ok


def level_without_credit(equity: Decimal, credit: Decimal, margin: Decimal) -> Decimal:
    """Margin level in percent as if the credit were taken away; 0 when there is no margin."""
    return level(equity - credit, margin)
