"""What a manager may do: the flags of `ManagerRights`, operation by operation.

The flags mean what MetaQuotes' header says of `ConManager`. Reading accounts, groups, symbols,
prices and news takes no flag, only the group masks (`view`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address, ip_address
from typing import Any

from panel.mt4.protocol.enums import ResultCode, TransactionType, WebApiErrorCode
from panel.mt4.protocol.records import ManagerRights, User
from panel.mt4.protocol.wire import Records
from panel.mt4.sandbox.answers import Page, RefusalError, rejected
from panel.mt4.sandbox.call import Call

ANYBODY: tuple[str, ...] = ()
ADMIN = ("admin",)
SEES_TRADES = ("see_trades", "broker", "trades")

_BY_AREA: Mapping[str, tuple[str, ...]] = {
    "Authentication": ("manager",),
    "Backup": ADMIN,
    "Config": ADMIN,
    "History": (*SEES_TRADES, "money", "reports"),
    "Margins": (*SEES_TRADES, "risk_man", "money"),
    "Online": ("online",),
    "Server Admin": ADMIN,
    "Trades": SEES_TRADES,
}
"""The flags of which one is enough, by the area of the catalogue."""

_BY_NAME: Mapping[str, tuple[str, ...]] = {
    "AdmBalanceCheck": ("money", "admin"),
    "AdmBalanceFix": ADMIN,
    "AdmTradeRecordModify": ("trades",),
    "AdmTradesDelete": ("trades",),
    "AdmUsersRequestSafe": ("manager", "admin"),
    "CfgDeleteSymbol": ADMIN,
    "CfgRequestCommon": ANYBODY,
    # Without the administrator's flag a manager sees one entry, their own.
    "CfgRequestManager": ANYBODY,
    "CfgRequestPlugin": ("plugins",),
    "CfgShiftPlugin": ("plugins",),
    "CfgUpdatePlugin": ("plugins",),
    "CfgUpdateSymbol": ADMIN,
    "ChartAdd": ADMIN,
    "ChartDelete": ADMIN,
    "ChartUpdate": ADMIN,
    "DailyReportsRequest": ("reports",),
    "DailyReportsRequestEx": ("reports",),
    "DailySyncRead": ("reports",),
    "DailySyncStart": ("reports",),
    "GroupRecord": ADMIN,
    "GroupRecordUpdate": ADMIN,
    "HistoryCorrect": ADMIN,
    "JournalRequest": ("logs",),
    # MT4 says "no" to those who may not ask, so everybody may.
    "LicenseCheck": ANYBODY,
    "MailSend": ("email",),
    "MailsRequest": ("email",),
    "NewsSend": ("news",),
    "NotificationsSend": ("notifications",),
    "PerformanceRequest": ADMIN,
    "PluginParamGet": ("plugins",),
    "PluginUpdate": ("plugins",),
    "PluginsGet": ("plugins",),
    "ReportsRequest": ("reports",),
    "SymbolAdd": ("market_watch",),
    "SymbolChange": ("market_watch",),
    "SymbolConfig": ADMIN,
    "SymbolHide": ("market_watch",),
    "SymbolSendTick": ("market_watch",),
    "TradeClearRollback": ("broker", "trades"),
    "TradesSnapshot": SEES_TRADES,
    "TradesSyncRead": SEES_TRADES,
    "UserRecord": ("manager",),
    "UserRecordNew": ("manager",),
    "UserRecordUpdate": ("manager",),
    "UsersGroupOp": ("manager",),
}
"""Operations that differ from their area."""

HANG_UP = frozenset({"DailyReportsRequest", "DailyReportsRequestEx", "ReportsRequest"})
"""Asked without the flag, MT4 drops the connection instead of saying no."""
NEEDS_SERVER_REPORTS = frozenset({"DailyReportsRequest", "DailyReportsRequestEx"})
HANG_UP_TICKS = "SymbolSendTick"


class HangUpError(Exception):
    """MT4 drops the manager's connection; nothing is answered."""


def check(call: Call) -> None:
    """Raises NotEnoughRights, or HangUpError where MT4 answers in no other way."""
    name, manager = call.operation.name, call.manager
    wanted = _wanted(call)
    allowed = not wanted or any(getattr(manager, flag) for flag in wanted)
    if allowed and (name not in NEEDS_SERVER_REPORTS or manager.server_reports):
        return
    if name in HANG_UP or name == HANG_UP_TICKS:
        raise HangUpError(name)
    raise not_enough(f"Manager {manager.login} needs the right {' or '.join(wanted)} for {name}.")


def not_enough(message: str) -> RefusalError:
    """MT4's no to a manager without the right."""
    return rejected(ResultCode.NotEnoughRights, message)


def _wanted(call: Call) -> tuple[str, ...]:
    operation = call.operation
    if operation.name == "TradeTransaction":
        return ("money",) if _is_money(call) else ("broker",)
    found = _BY_NAME.get(operation.name)
    return _BY_AREA.get(operation.area, ANYBODY) if found is None else found


def _is_money(call: Call) -> bool:
    kind = call.body.get("tradeTransactionType") if isinstance(call.body, dict) else None
    try:
        return TransactionType.parse(kind) is TransactionType.BrBalance  # type: ignore[arg-type]
    except ValueError:
        return False


def check_address(manager: ManagerRights, address: str | None) -> None:
    """Raises NoConnect for a manager whose address filter does not let this peer in."""
    if not manager.ip_filter:
        return
    peer = ip_address(address or "0.0.0.0")  # noqa: S104 - no address is not a bound one
    number = int(peer) if isinstance(peer, IPv4Address) else int(peer.ipv4_mapped or 0)
    if not manager.ip_from <= number <= manager.ip_to:
        raise RefusalError(
            WebApiErrorCode.NoConnect, f"Manager {manager.login} may not connect from {peer}."
        )


_PERSONAL = (
    "name", "country", "city", "state", "zip_code", "address", "phone", "email", "comment",
    "external_id",
)  # fmt: skip
_HIDDEN: Mapping[str, Any] = dict.fromkeys(_PERSONAL, "")


def shown(manager: ManagerRights, data: Any) -> Any:
    """An answer without what a manager may not see of the people behind accounts."""
    if manager.user_details:
        return data
    if isinstance(data, User):
        return replace(data, **_HIDDEN)
    if isinstance(data, list) and data and isinstance(data[0], User):
        return Records(data, {name: [""] * len(data) for name in _PERSONAL})
    if isinstance(data, Page):
        return Page(shown(manager, data.items), data.next_cursor)
    return data
