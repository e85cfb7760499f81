"""All operations of the JSON WebAPI v2 for MT4.

``OPERATIONS`` is keyed by the path below the platform, as ``UserRecordRequest/{login}``: the
same name may stand with and without a parameter (``AdmBalanceCheck`` for many accounts,
``AdmBalanceCheck/{login}`` for one), the path is unique.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from panel.mt4.protocol.operation import Kind, Operation
from panel.mt4.protocol.records import (
    Access,
    Backup,
    BackupInfo,
    BalanceDiff,
    ChartBar,
    ChartWriteRequest,
    Common,
    CommonUpdate,
    DailyReport,
    DataServer,
    ExternalCommandBinaryRequest,
    ExternalCommandBinaryResponse,
    Feeder,
    GatewayAccount,
    GatewayMarkup,
    GatewayRule,
    Group,
    GroupMargin,
    GroupSec,
    GroupUpdate,
    Holiday,
    LiveUpdate,
    MailBox,
    MailSendRequest,
    ManagerRights,
    MarginLevel,
    NewsSendRequest,
    NewsTopic,
    NotificationsSendRequest,
    Online,
    Performance,
    Plugin,
    PluginParam,
    ServerLog,
    ServerTime,
    SymbolChangeRequest,
    SymbolConfig,
    SymbolConfigUpdate,
    SymbolDaySessions,
    SymbolGroup,
    SymbolInfo,
    Sync,
    TickInfo,
    TickRecord,
    Trade,
    TradeRestoreInput,
    TradeRestoreResult,
    TradeTransaction,
    TradeUpdate,
    User,
    UserCreate,
    UserRestoreInput,
    UsersGroupOp,
    UserUpdate,
)

ANY: Any = Any
PATCH: Any = dict
"""Body of a JSON Merge Patch: only the fields to change."""


def _operation(
    kind: Kind, path: str, *, query: str = "", method: str | None = None, **rest: Any
) -> Operation:
    default = "GET" if kind in (Kind.READ, Kind.HISTORY) else "POST"
    return Operation(
        path=path, kind=kind, method=method or default, query=tuple(query.split()), **rest
    )


def _area(name: str, *operations: Operation) -> tuple[Operation, ...]:
    return tuple(replace(operation, area=name) for operation in operations)


_read: Callable[..., Operation] = partial(_operation, Kind.READ)
_history: Callable[..., Operation] = partial(_operation, Kind.HISTORY)
_change: Callable[..., Operation] = partial(_operation, Kind.CHANGE)
_trade: Callable[..., Operation] = partial(_operation, Kind.TRADE)
_maintenance: Callable[..., Operation] = partial(_operation, Kind.MAINTENANCE)

_AUTHENTICATION = _area(
    "Authentication",
    _change("UserPasswordCheck/{login}", body=str),
    _change("UserPasswordSet/{login}", query="changeInvestor cleanPubkey", body=str),
)

_BACKUP = _area(
    "Backup",
    _history("BackupInfoOrders/{mode}", result=list[BackupInfo]),
    _history("BackupInfoUsers/{mode}", result=list[BackupInfo]),
    _history("BackupRequestOrders/{file}", query="request limit", result=list[Trade]),
    _history("BackupRequestUsers/{file}", query="request limit", result=list[User]),
    _maintenance(
        "BackupRestoreOrders",
        query="confirm",
        body=list[TradeRestoreInput],
        result=list[TradeRestoreResult],
        destructive=True,
    ),
    _maintenance(
        "BackupRestoreUsers", query="confirm", body=list[UserRestoreInput], destructive=True
    ),
)

_COMMON = _area(
    "Common",
    _history("JournalRequest", query="from to mode filter", result=list[ServerLog]),
    _read("ManagerCommon", result=Common),
    _read("ServerTime", result=datetime),
)

_CONFIG = _area(
    "Config",
    _change("CfgDeleteAccess/{pos}"),
    _change("CfgDeleteDataServer/{pos}"),
    _change("CfgDeleteFeeder/{pos}"),
    _change("CfgDeleteGatewayAccount/{pos}"),
    _change("CfgDeleteGatewayMarkup/{pos}"),
    _change("CfgDeleteGatewayRule/{pos}"),
    _change("CfgDeleteHoliday/{pos}"),
    _change("CfgDeleteLiveUpdate/{pos}"),
    _change("CfgDeleteManager/{pos}"),
    _change("CfgDeleteSymbol/{pos}"),
    _change("CfgDeleteSync/{pos}"),
    _read("CfgRequestAccess", query="limit cursor", result=list[Access]),
    _read("CfgRequestBackup", result=Backup),
    _read("CfgRequestCommon", result=Common),
    _read("CfgRequestDataServer", query="limit cursor", result=list[DataServer]),
    _read("CfgRequestFeeder", query="limit cursor", result=list[Feeder]),
    _read("CfgRequestGatewayAccount", query="limit cursor", result=list[GatewayAccount]),
    _read("CfgRequestGatewayMarkup", query="limit cursor", result=list[GatewayMarkup]),
    _read("CfgRequestGatewayRule", query="limit cursor", result=list[GatewayRule]),
    _read("CfgRequestHoliday", query="limit cursor", result=list[Holiday]),
    _read("CfgRequestLiveUpdate", query="limit cursor", result=list[LiveUpdate]),
    _read("CfgRequestManager", query="limit cursor", result=list[ManagerRights]),
    _read("CfgRequestSync", query="limit cursor", result=list[Sync]),
    _read("CfgRequestTime", result=ServerTime),
    _change("CfgShiftAccess/{pos}", query="shift"),
    _change("CfgShiftDataServer/{pos}", query="shift"),
    _change("CfgShiftFeeder/{pos}", query="shift"),
    _change("CfgShiftGatewayAccount/{pos}", query="shift"),
    _change("CfgShiftGatewayMarkup/{pos}", query="shift"),
    _change("CfgShiftGatewayRule/{pos}", query="shift"),
    _change("CfgShiftGroup/{pos}", query="shift"),
    _change("CfgShiftHoliday/{pos}", query="shift"),
    _change("CfgShiftLiveUpdate/{pos}", query="shift"),
    _change("CfgShiftManager/{pos}", query="shift"),
    _change("CfgShiftPlugin/{pos}", query="shift"),
    _change("CfgShiftSymbol/{pos}", query="shift"),
    _change("CfgShiftSync/{pos}", query="shift"),
    _change("CfgUpdateAccess/{pos}", body=Access, result=Access),
    _change("CfgUpdateBackup", body=Backup, result=Backup),
    _change("CfgUpdateCommon", body=CommonUpdate, result=Common),
    _change("CfgUpdateDataServer/{pos}", body=DataServer, result=DataServer),
    _change("CfgUpdateFeeder", body=Feeder, result=Feeder),
    _change("CfgUpdateGatewayAccount", body=GatewayAccount, result=GatewayAccount),
    _change("CfgUpdateGatewayMarkup", body=GatewayMarkup, result=GatewayMarkup),
    _change("CfgUpdateGatewayRule", body=GatewayRule, result=GatewayRule),
    _change("CfgUpdateHoliday/{pos}", body=Holiday, result=Holiday),
    _change("CfgUpdateLiveUpdate", body=LiveUpdate, result=LiveUpdate),
    _change("CfgUpdateManager", body=ManagerRights, result=ManagerRights),
    _change("CfgUpdateSymbolGroup/{pos}", body=SymbolGroup, result=SymbolGroup),
    _change("CfgUpdateSync", body=Sync, result=Sync),
    _change("CfgUpdateTime", body=ServerTime, result=ServerTime),
)

_GROUPS = _area(
    "Groups",
    _read("EnsureGroupNameExist/{group}"),
    _change("GroupRecord/{group}", method="PATCH", body=PATCH, result=Group),
    _read("GroupRecordGet/{group}", result=Group),
    _change("GroupRecordUpdate/{group}", body=GroupUpdate, result=Group),
    _read("GroupSecGroupsGet/{group}", result=list[GroupSec]),
    _read("GroupSecMarginsGet/{group}", result=list[GroupMargin]),
    _read("GroupsGet", result=list[Group]),
    _read("GroupsRequest", query="limit cursor", result=list[Group]),
)

_HISTORY = _area(
    "History",
    _history("TradesUserHistory/{login}", query="fromTime toTime", result=list[Trade]),
)

_MAIL = _area(
    "Mail",
    _read("MailLast", result=str),
)

_MARGINS = _area(
    "Margins",
    _read("MarginLevelGet/{login}", result=MarginLevel),
    _read("MarginLevelRequest/{login}", result=MarginLevel),
    _read("MarginsGet", result=list[MarginLevel]),
)

_NEWS = _area(
    "News",
    _read("NewsBodyGet/{key}", result=str),
    _change("NewsBodyRequest/{key}"),
    _read("NewsGet", result=list[NewsTopic]),
    _read("NewsTopicGet/{pos}", result=NewsTopic),
    _read("NewsTotal", result=int),
)

_ONLINE = _area(
    "Online",
    _read("OnlineGet", query="limit cursor", result=list[Online]),
    _read("OnlineRequest", query="limit cursor", result=list[Online]),
)

_PLUGINS = _area(
    "Plugins",
    _maintenance("ExternalCommandJSON", body=ANY, result=ANY),
    _maintenance(
        "ExternalCommandBinary",
        body=ExternalCommandBinaryRequest,
        result=ExternalCommandBinaryResponse,
    ),
    _read("CfgRequestPlugin", result=list[PluginParam]),
    _change("CfgUpdatePlugin", body=PluginParam),
    _read("PluginParamGet/{pos}", result=PluginParam),
    _change("PluginUpdate", body=PluginParam),
    _read("PluginsGet", result=list[Plugin]),
)

_PRICES = _area(
    "Prices",
    _change("ChartAdd/{symbol}", query="period", body=ChartWriteRequest),
    _change("ChartDelete/{symbol}", query="period", body=ChartWriteRequest),
    _history("ChartRequest/{symbol}", query="period start end mode", result=list[ChartBar]),
    _change("ChartUpdate/{symbol}", query="period", body=ChartWriteRequest),
    _maintenance("HistoryCorrect/{symbol}", result=int),
    _read("TickInfoLast", result=list[TickInfo]),
    _read("TickInfoLast/{symbol}", result=TickInfo),
    _history("TicksRequest/{symbol}", query="start end flags", result=list[TickRecord]),
)

_REPORTS = _area(
    "Reports",
    _history("DailyReportsRequest", query="from to logins name", result=list[DailyReport]),
    _history(
        "DailyReportsRequestEx", query="from to logins name", result=dict[int, list[DailyReport]]
    ),
    _history("DailySyncRead", method="POST", result=list[DailyReport]),
    _maintenance("DailySyncStart", query="timestamp"),
    _history("PerformanceRequest", query="from", result=list[Performance]),
    _history("ReportsRequest", query="from to logins name", result=list[Trade]),
)

_SERVER_ADMIN = _area(
    "Server Admin",
    _read("LicenseCheck/{licenseName}"),
    _change("NotificationsSend", body=NotificationsSendRequest),
    _history("SrvFeederLog/{name}", result=str),
    _read("SrvFeeders", query="limit cursor", result=list[Feeder]),
    _maintenance("SrvChartsSync", query="confirm", destructive=True),
    _maintenance("SrvFeedsRestart", query="confirm", destructive=True),
    _maintenance("SrvLiveUpdateStart", query="confirm", destructive=True),
    _maintenance("SrvRestart", query="confirm", destructive=True),
)

_BATCH = _area(
    "Batch",
    _history("TradesSnapshot", query="limit", result=list[Trade]),
    _history("TradesSyncRead", query="limit", result=list[Trade]),
    _history("UsersSnapshot", query="limit", result=list[User]),
    _history("UsersSyncRead", query="limit", result=list[User]),
)

_MESSAGING = _area(
    "Messaging",
    _change("MailSend", body=MailSendRequest),
    _history("MailsRequest", result=list[MailBox]),
    _change("NewsSend", body=NewsSendRequest),
)

_SYMBOLS = _area(
    "Symbols",
    _read("CfgRequestSymbol", result=list[SymbolConfig]),
    _read("CfgRequestSymbol/{symbol}", result=SymbolConfig),
    _change("CfgUpdateSymbol/{symbol}", body=SymbolConfigUpdate, result=SymbolConfig),
    _change("SymbolAdd/{symbol}"),
    _change("SymbolChange", body=SymbolChangeRequest),
    _change("SymbolConfig/{symbol}", method="PATCH", body=PATCH, result=SymbolConfig),
    _change("SymbolHide/{symbol}"),
    _read("SymbolInfoGet", query="symbol", result=SymbolInfo),
    _read("SymbolInfoUpdated", query="limit cursor", result=list[SymbolInfo]),
    _change("SymbolSendTick", query="symbol bid ask"),
    _read("SymbolSessionsGet/{symbol}", result=list[SymbolDaySessions]),
    _read("SymbolsGroupsGet", result=list[SymbolGroup]),
    _maintenance("SymbolsRefresh"),
)

_TRADES = _area(
    "Trades",
    _trade("AdmTradeRecordModify/{ticket}", body=TradeUpdate, result=Trade),
    _trade("AdmTradesDelete", query="orders"),
    _history("AdmTradesRequest/{group}", query="openOnly", result=list[Trade]),
    _trade("TradeCheckStops", query="price", body=TradeTransaction),
    _trade("TradeClearRollback/{order}"),
    _read("TradeRecordGet/{order}", result=Trade),
    _read("TradeRecordRequest/{order}", result=Trade),
    _read("TradeRecordsRequest", query="orders", result=list[Trade]),
    _trade("TradeTransaction", body=TradeTransaction, result=TradeTransaction),
    _read("TradesGet", query="limit cursor", result=list[Trade]),
    _read("TradesGet/{ticket}", result=Trade),
    _read("TradesGetByLogin/{login}/{group}", result=list[Trade]),
    _read("TradesGetByMarket", result=list[Trade]),
    _read("TradesGetBySymbol", query="symbol", result=list[Trade]),
    _read("TradesRequest", query="limit cursor group", result=list[Trade]),
    _maintenance("TradesSyncStart", query="timestamp"),
)

_USERS = _area(
    "Users",
    _read("AdmBalanceCheck", query="logins", result=list[BalanceDiff]),
    _read("AdmBalanceCheck/{login}", result=BalanceDiff),
    _trade("AdmBalanceFix", query="logins"),
    _history("AdmUsersRequestSafe/{group}", result=list[User]),
    _change("UserRecord/{login}", method="PATCH", body=PATCH, result=User),
    _read("UserRecordGet/{login}", result=User),
    _change("UserRecordNew", body=UserCreate, result=User),
    _read("UserRecordRequest/{login}", result=User),
    _change("UserRecordUpdate/{login}", body=UserUpdate, result=User),
    _read("UserRecordsRequest", query="logins", result=list[User]),
    _maintenance("UsersGroupOp", body=UsersGroupOp),
    _read("UsersRequest", query="limit cursor", result=list[User]),
    _maintenance("UsersSyncStart", query="timestamp"),
)

OPERATIONS: dict[str, Operation] = {
    operation.path: operation
    for area in (
        _AUTHENTICATION,
        _BACKUP,
        _COMMON,
        _CONFIG,
        _GROUPS,
        _HISTORY,
        _MAIL,
        _MARGINS,
        _NEWS,
        _ONLINE,
        _PLUGINS,
        _PRICES,
        _REPORTS,
        _SERVER_ADMIN,
        _BATCH,
        _MESSAGING,
        _SYMBOLS,
        _TRADES,
        _USERS,
    )
    for operation in area
}
