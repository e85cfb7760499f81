"""Enums of the protocol: MT4's numbers, with members named as they travel.

``None`` is a keyword, so it is spelt ``None_`` here and "None" on the wire.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from functools import cache
from typing import Self


@cache
def _names(kind: type[WireEnum]) -> dict[str, WireEnum]:
    return {member.wire.lower(): member for member in kind}


class WireEnum(IntEnum):
    """An enum that travels by name."""

    @property
    def wire(self) -> str:
        """The name on the wire."""
        return self._name_.rstrip("_")

    @classmethod
    def parse(cls, value: str | int) -> Self:
        """From a name in any case, or a number (also as text).

        Raises ValueError that lists the valid names.
        """
        if isinstance(value, str):
            found = _names(cls).get(value.strip().lower())
            if isinstance(found, cls):
                return found
            number = value.strip()
            if number.removeprefix("-").isdecimal() and int(number) in cls._value2member_map_:
                return cls(int(number))
        elif not isinstance(value, bool) and value in cls._value2member_map_:
            return cls(value)
        raise ValueError(f"{value!r} is not one of {', '.join(m.wire for m in cls)}")


class WebApiErrorCode(StrEnum):
    """How a call ended, whatever MT4 said."""

    Ok = "Ok"
    NoConnect = "NoConnect"
    Validation = "Validation"
    MT4Error = "MT4Error"
    Forbidden = "Forbidden"
    NotFound = "NotFound"
    MT5Error = "MT5Error"
    Timeout = "Timeout"
    OutcomeUnknown = "OutcomeUnknown"
    Busy = "Busy"
    Internal = "Internal"


class TradeCommand(WireEnum):
    """What an order is; Balance and Credit are money operations."""

    Buy = 0
    Sell = 1
    BuyLimit = 2
    SellLimit = 3
    BuyStop = 4
    SellStop = 5
    Balance = 6
    Credit = 7


class TradeRecordState(WireEnum):
    """Life of a trade record."""

    OpenNormal = 0
    OpenRemand = 1
    OpenRestored = 2
    ClosedNormal = 3
    ClosedPart = 4
    ClosedBy = 5
    Deleted = 6


class TradeRecordReason(WireEnum):
    """Who made a trade record; all Br transactions are Dealer."""

    Client = 0
    Expert = 1
    Dealer = 2
    Signal = 3
    Gateway = 4
    Mobile = 5
    Web = 6
    API = 7


class TransactionType(WireEnum):
    """Kinds of trade transaction; through the manager interface only Br ones work."""

    PricesGet = 0
    PricesRequote = 1
    OpenInstant = 64
    OpenRequest = 65
    OpenMarket = 66
    PendingOpen = 67
    CloseInstant = 68
    CloseRequest = 69
    CloseMarket = 70
    Modify = 71
    Delete = 72
    CloseBy = 73
    CloseAll = 74
    BrOpen = 75
    BrClose = 76
    BrDelete = 77
    BrCloseBy = 78
    BrCloseAll = 79
    BrModify = 80
    BrActivate = 81
    BrComment = 82
    BrBalance = 83


class ActivationType(WireEnum):
    """What activated an order; negative values undo one."""

    None_ = 0
    SL = 1
    TP = 2
    Pending = 3
    Stopout = 4
    SLRollback = -1
    TPRollback = -2
    PendingRollback = -3
    StopOutRollback = -4


class ResultCode(WireEnum):
    """MT4's answers, with its numbers. UnhandledException is the bridge's own."""

    Ok = 0
    OkNone = 1
    Error = 2
    InvalidData = 3
    TechProblem = 4
    OldVersion = 5
    NoConnect = 6
    NotEnoughRights = 7
    TooFrequent = 8
    Malfunction = 9
    GenerateKey = 10
    SecuritySession = 11
    InvalidCompany = 15
    AccountDisabled = 64
    BadAccountInfo = 65
    PublicKeyMissing = 66
    TradeTimeout = 128
    TradeBadPrices = 129
    TradeBadStops = 130
    TradeBadVolume = 131
    TradeMarketClosed = 132
    TradeDisable = 133
    TradeNoMoney = 134
    TradePriceChanged = 135
    TradeOffquotes = 136
    TradeBrokerBusy = 137
    TradeRequote = 138
    TradeOrderLocked = 139
    TradeLongOnly = 140
    TradeTooManyReq = 141
    TradeAccepted = 142
    TradeProcess = 143
    TradeUserCancel = 144
    TradeModifyDenied = 145
    TradeContextBusy = 146
    TradeExpirationDenied = 147
    TradeTooManyOrders = 148
    TradeHedgeProhibited = 149
    TradeProhibitedByFIFO = 150
    UnhandledException = -1


class MarginMode(WireEnum):
    """Which floating result counts into a group's free margin."""

    DontUse = 0
    UseAll = 1
    UseProfit = 2
    UseLoss = 3


class MarginControllingType(WireEnum):
    """Whether margin call and stop-out are percent of level or free margin in currency."""

    Percent = 0
    Currency = 1


class MarginLevelType(WireEnum):
    """Where an account stands."""

    Ok = 0
    MarginCall = 1
    StopOut = 2


class ProfitCalculationMode(WireEnum):
    """How profit is computed."""

    Forex = 0
    CFD = 1
    Futures = 2


class MarginCalculationMode(WireEnum):
    """How margin is computed."""

    Forex = 0
    CFD = 1
    Futures = 2
    CFDIndex = 3
    CFDLeverage = 4


class SwapType(WireEnum):
    """Unit of a symbol's swap."""

    Points = 0
    Dollars = 1
    Interest = 2
    MarginCurrency = 3


class TradeMode(WireEnum):
    """Whether a symbol can be traded."""

    No = 0
    Close = 1
    Full = 2


class SymbolExecMode(WireEnum):
    """How orders are executed."""

    Request = 0
    Instant = 1
    Market = 2


class GTCMode(WireEnum):
    """How long pending orders live."""

    Daily = 0
    GTC = 1
    DailyNoStops = 2


class UsersGroupCommand(WireEnum):
    """What UsersGroupOp does to its accounts."""

    Delete = 0
    Enable = 1
    Disable = 2
    Leverage = 3
    SetGroup = 4


class ChartPeriod(WireEnum):
    """Length of a bar, in minutes."""

    M1 = 1
    M5 = 5
    M15 = 15
    M30 = 30
    H1 = 60
    H4 = 240
    D1 = 1440
    W1 = 10080
    Mn1 = 43200


class LogType(WireEnum):
    """Kind of journal lines."""

    Standard = 0
    Logins = 1
    Trades = 2
    Errors = 3
    Full = 4
    Updater = 5
    SendMail = 6
    Failover = 7


class RequestMode(WireEnum):
    """Which part of a range to return."""

    RangeIn = 0
    RangeOut = 1
    RangeLast = 2
    RangeInExcludeOutOfRage = 3


class SymbolPriceDirection(WireEnum):
    """Where the last tick went."""

    Up = 0
    Down = 1
    None_ = 2
