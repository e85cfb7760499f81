"""Every record of the protocol, named as its MT4 structure."""

from __future__ import annotations

from panel.mt4.protocol.records.backup import Backup, BackupInfo
from panel.mt4.protocol.records.common import Common, CommonUpdate, ServerTime
from panel.mt4.protocol.records.config import Access, DataServer, Feeder, Holiday, LiveUpdate, Sync
from panel.mt4.protocol.records.gateways import GatewayAccount, GatewayMarkup, GatewayRule
from panel.mt4.protocol.records.groups import Group, GroupMargin, GroupSec, GroupUpdate
from panel.mt4.protocol.records.managers import ManagerRights
from panel.mt4.protocol.records.margins import MarginLevel
from panel.mt4.protocol.records.messages import (
    MailBox,
    MailSendRequest,
    NewsSendRequest,
    NewsTopic,
    NotificationsSendRequest,
)
from panel.mt4.protocol.records.platforms import TradePlatform
from panel.mt4.protocol.records.plugins import (
    ExternalCommandBinaryRequest,
    ExternalCommandBinaryResponse,
    Plugin,
    PluginConfig,
    PluginParam,
)
from panel.mt4.protocol.records.prices import ChartBar, ChartWriteRequest, TickInfo, TickRecord
from panel.mt4.protocol.records.reports import DailyReport, Performance, ServerLog
from panel.mt4.protocol.records.symbols import (
    SymbolChangeRequest,
    SymbolConfig,
    SymbolConfigUpdate,
    SymbolDaySessions,
    SymbolGroup,
    SymbolInfo,
    SymbolSession,
)
from panel.mt4.protocol.records.trades import (
    Trade,
    TradeRestoreInput,
    TradeRestoreResult,
    TradeTransaction,
    TradeUpdate,
)
from panel.mt4.protocol.records.users import (
    BalanceDiff,
    Online,
    User,
    UserCreate,
    UserRestoreInput,
    UsersGroupOp,
    UserUpdate,
)

__all__ = [
    "Access",
    "Backup",
    "BackupInfo",
    "BalanceDiff",
    "ChartBar",
    "ChartWriteRequest",
    "Common",
    "CommonUpdate",
    "DailyReport",
    "DataServer",
    "ExternalCommandBinaryRequest",
    "ExternalCommandBinaryResponse",
    "Feeder",
    "GatewayAccount",
    "GatewayMarkup",
    "GatewayRule",
    "Group",
    "GroupMargin",
    "GroupSec",
    "GroupUpdate",
    "Holiday",
    "LiveUpdate",
    "MailBox",
    "MailSendRequest",
    "ManagerRights",
    "MarginLevel",
    "NewsSendRequest",
    "NewsTopic",
    "NotificationsSendRequest",
    "Online",
    "Performance",
    "Plugin",
    "PluginConfig",
    "PluginParam",
    "ServerLog",
    "ServerTime",
    "SymbolChangeRequest",
    "SymbolConfig",
    "SymbolConfigUpdate",
    "SymbolDaySessions",
    "SymbolGroup",
    "SymbolInfo",
    "SymbolSession",
    "Sync",
    "TickInfo",
    "TickRecord",
    "Trade",
    "TradePlatform",
    "TradeRestoreInput",
    "TradeRestoreResult",
    "TradeTransaction",
    "TradeUpdate",
    "User",
    "UserCreate",
    "UserRestoreInput",
    "UserUpdate",
    "UsersGroupOp",
]
