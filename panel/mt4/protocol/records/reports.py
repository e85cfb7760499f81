"""End-of-day reports, load figures, journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panel.lib.money import ZERO
from panel.mt4.protocol.wire import NO_TIME, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReport:
    """An account at the end of a server day."""

    login: int = 0
    ctm: datetime = NO_TIME
    group: str = ""
    bank: str = ""
    balance_prev: Money = ZERO
    balance: Money = ZERO
    deposit: Money = ZERO
    credit: Money = ZERO
    profit_closed: Money = ZERO
    profit: Money = ZERO
    equity: Money = ZERO
    margin: Money = ZERO
    margin_free: Money = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Load of the server at a moment."""

    ctm: datetime = NO_TIME
    users: int = 0
    cpu: int = 0
    free_mem: int = 0
    network: int = 0
    sockets: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLog:
    """A line of the server's journal."""

    code: str = ""
    time: str = ""
    ip: str = ""
    message: str = ""
