"""What MT4's refusals mean in plain words, and what a person can do about each."""

from __future__ import annotations

from decimal import Decimal

from panel.lib.money import show
from panel.mt4.protocol.enums import ResultCode, WebApiErrorCode
from panel.mt4.protocol.records import TradeTransaction

_MT4: dict[ResultCode, tuple[str, str]] = {
    ResultCode.OkNone: ("There was nothing to change.", ""),
    ResultCode.Error: (
        "MT4 refused the request without a reason.",
        "Give the reference below to the platform's support.",
    ),
    ResultCode.InvalidData: (
        "MT4 found a value it does not accept.",
        "Check the group, the amounts and the dates of the request.",
    ),
    ResultCode.TechProblem: ("MT4 has a technical problem.", "Try again later."),
    ResultCode.OldVersion: (
        "The connection speaks a version that MT4 no longer accepts.",
        "Ask the platform's support to update the bridge.",
    ),
    ResultCode.NoConnect: ("The MT4 server cannot be reached.", "Try again when it is back."),
    ResultCode.NotEnoughRights: (
        "The panel's manager account may not do this.",
        "Ask an administrator for the missing manager right or group mask.",
    ),
    ResultCode.TooFrequent: ("MT4 received too many requests.", "Wait a minute and try again."),
    ResultCode.Malfunction: (
        "MT4 could not complete the operation.",
        "Check the account before you try again.",
    ),
    ResultCode.GenerateKey: ("MT4 asks for a new key.", "Sign in to the terminal once."),
    ResultCode.SecuritySession: (
        "MT4 asks for a secure session.",
        "Check the platform's settings.",
    ),
    ResultCode.InvalidCompany: (
        "The company is not in the licence of this MT4 server.",
        "Correct the platform's settings.",
    ),
    ResultCode.AccountDisabled: ("The account is disabled.", "Enable it first."),
    ResultCode.BadAccountInfo: ("The login or the password is wrong.", "Check both."),
    ResultCode.PublicKeyMissing: ("The account has no public key.", "Reset its key."),
    ResultCode.TradeTimeout: (
        "No dealer or gateway answered in time.",
        "Look at the account before anything is repeated.",
    ),
    ResultCode.TradeBadPrices: (
        "The price is not a multiple of the tick size, or too far from the market.",
        "Take a current price.",
    ),
    ResultCode.TradeBadStops: (
        "The stop loss, take profit or pending price is too close, or on the wrong side.",
        "Keep the symbol's minimum distance.",
    ),
    ResultCode.TradeBadVolume: (
        "The volume is not allowed for this symbol and group.",
        "Keep to the smallest, the largest and the step of the volume.",
    ),
    ResultCode.TradeMarketClosed: ("The market is closed.", "Wait for the next trading session."),
    ResultCode.TradeDisable: (
        "Trading is disabled for this symbol, group or account.",
        "Check the account's flags and the group's settings.",
    ),
    ResultCode.TradeNoMoney: (
        "The account does not have enough free money.",
        "Lower the amount, or close positions first.",
    ),
    ResultCode.TradePriceChanged: ("The price has changed.", "Take the new price."),
    ResultCode.TradeOffquotes: ("There is no fresh price.", "Wait for the next quote."),
    ResultCode.TradeBrokerBusy: ("The dealer is busy.", "Try again in a moment."),
    ResultCode.TradeRequote: ("MT4 offers another price.", "Take the new price."),
    ResultCode.TradeOrderLocked: (
        "The order is being processed by somebody else.",
        "Try again in a moment.",
    ),
    ResultCode.TradeLongOnly: ("This symbol can only be bought.", ""),
    ResultCode.TradeTooManyReq: (
        "The account sent too many requests.",
        "Wait a minute and try again.",
    ),
    ResultCode.TradeAccepted: ("MT4 has accepted the request and not finished it.", "Wait."),
    ResultCode.TradeProcess: ("MT4 is still working on the request.", "Wait."),
    ResultCode.TradeUserCancel: ("The client cancelled the request.", ""),
    ResultCode.TradeModifyDenied: (
        "The order is too close to the market to be changed.",
        "Wait until the price has moved away.",
    ),
    ResultCode.TradeContextBusy: ("MT4 is busy with another trade.", "Try again in a moment."),
    ResultCode.TradeExpirationDenied: (
        "The expiration is not allowed.",
        "Set it at least 10 minutes ahead, if the group may use expirations at all.",
    ),
    ResultCode.TradeTooManyOrders: (
        "The account has as many orders as its group allows.",
        "Close or delete some first.",
    ),
    ResultCode.TradeHedgeProhibited: ("The group does not allow hedging.", ""),
    ResultCode.TradeProhibitedByFIFO: (
        "The group closes positions in the order of their opening.",
        "Close the older one first.",
    ),
    ResultCode.UnhandledException: (
        "The bridge to MT4 failed.",
        "Look at the account before anything is repeated.",
    ),
}

_API: dict[str, tuple[str, str]] = {
    WebApiErrorCode.NoConnect: _MT4[ResultCode.NoConnect],
    WebApiErrorCode.Validation: ("The request was refused before it reached MT4.", ""),
    WebApiErrorCode.Forbidden: (
        "The panel may not do this on the platform.",
        "Ask an administrator to check the rights of the panel's client.",
    ),
    WebApiErrorCode.NotFound: (
        "MT4 does not know this object.",
        "It may have been deleted or archived: refresh the list.",
    ),
    WebApiErrorCode.Timeout: ("MT4 did not answer in time.", "Try again."),
    WebApiErrorCode.Busy: ("The platform is busy.", "Try again in a moment."),
    WebApiErrorCode.Internal: (
        "The bridge to MT4 failed.",
        "Give the reference below to the platform's support.",
    ),
}


def explain(code: str, manager_code: str, message: str, activity_id: str, field: str | None) -> str:
    """A refusal as sentences for a person: what happened, MT4's words, what to do, where to ask."""
    meaning, advice = _find(code, manager_code)
    if field:
        meaning = f"The {field.replace('_', ' ')} was refused. {meaning}"
    parts = [meaning]
    if message and message.rstrip(".") != meaning.rstrip("."):
        parts.append(f"MT4 says: {message.rstrip('.')}.")
    if advice:
        parts.append(advice)
    if activity_id:
        parts.append(f"Reference: {activity_id}.")
    return " ".join(parts)


def _find(code: str, manager_code: str) -> tuple[str, str]:
    if manager_code:
        try:
            return _MT4[ResultCode.parse(manager_code)]
        except (ValueError, KeyError):
            return (f"MT4 refused the request ({manager_code}).", "")
    return _API.get(code, (f"The request was refused ({code}).", ""))


def applied_differently(answer: TradeTransaction, amount: Decimal, comment: str) -> str:
    """What MT4 says of a money operation that it did otherwise than it was asked, with both values;
    empty if nothing."""
    told = []
    if answer.price not in (0, amount):
        told.append(f"the amount is {show(answer.price)}, asked for was {show(amount)}")
    if answer.comment not in ("", comment):
        told.append(f"the comment is “{answer.comment}”, asked for was “{comment}”")
    return f"Applied differently: {'; '.join(told)}." if told else ""
