"""Margin state of an account."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4.protocol.enums import MarginControllingType, MarginLevelType
from panel.mt4.protocol.wire import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginLevel:
    """State of an account: balance includes credit here, level in percent, 0 without margin."""

    login: int = 0
    group: str = ""
    leverage: int = 0
    updated: int = 0
    balance: Money = ZERO
    equity: Money = ZERO
    volume: int = 0
    margin: Money = ZERO
    free: Money = ZERO
    level: Decimal = ZERO
    controlling_type: MarginControllingType = MarginControllingType.Percent
    level_type: MarginLevelType = MarginLevelType.Ok
