"""Every operation for a manager without any right, and with each one alone: the whole table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest
import requests

from panel.mt4.protocol.catalogue import OPERATIONS
from panel.mt4.protocol.operation import Operation
from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api, transaction
from tests.sandbox.test_rights import FLAGS, Desk

SEES_TRADES = {"seeTrades", "broker", "trades"}
MONEY = transaction(999_999, 5, "DP right")

OPEN_TO_ALL = {
    "CfgRequestCommon", "CfgRequestManager", "CfgRequestSymbol",
    "ChartRequest", "EnsureGroupNameExist", "ExternalCommandBinary", "ExternalCommandJSON",
    "GroupRecordGet", "GroupSecGroupsGet", "GroupSecMarginsGet", "GroupsGet", "GroupsRequest",
    "LicenseCheck", "MailLast", "ManagerCommon", "NewsBodyGet", "NewsBodyRequest", "NewsGet",
    "NewsTopicGet", "NewsTotal", "ServerTime", "SymbolInfoGet", "SymbolInfoUpdated",
    "SymbolSessionsGet", "SymbolsGroupsGet", "SymbolsRefresh", "TickInfoLast", "TicksRequest",
    "UserRecordGet", "UserRecordRequest", "UserRecordsRequest", "UsersRequest", "UsersSnapshot",
    "UsersSyncRead", "UsersSyncStart",
}  # fmt: skip
"""Reading what is no secret of a trader's; the group masks alone bound it."""

NEEDED: Mapping[str, set[str]] = {
    "AdmBalanceCheck": {"money", "admin"},
    "AdmTradeRecordModify": {"trades"},
    "AdmTradesDelete": {"trades"},
    "AdmTradesRequest": SEES_TRADES,
    "AdmUsersRequestSafe": {"manager", "admin"},
    "CfgRequestPlugin": {"plugins"},
    "CfgShiftPlugin": {"plugins"},
    "CfgUpdatePlugin": {"plugins"},
    "DailySyncRead": {"reports"},
    "DailySyncStart": {"reports"},
    "JournalRequest": {"logs"},
    "MailSend": {"email"},
    "MailsRequest": {"email"},
    "MarginLevelGet": SEES_TRADES | {"riskMan", "money"},
    "MarginLevelRequest": SEES_TRADES | {"riskMan", "money"},
    "MarginsGet": SEES_TRADES | {"riskMan", "money"},
    "NewsSend": {"news"},
    "NotificationsSend": {"notifications"},
    "OnlineGet": {"online"},
    "OnlineRequest": {"online"},
    "PluginParamGet": {"plugins"},
    "PluginUpdate": {"plugins"},
    "PluginsGet": {"plugins"},
    "SymbolAdd": {"marketWatch"},
    "SymbolChange": {"marketWatch"},
    "SymbolHide": {"marketWatch"},
    "TradeCheckStops": SEES_TRADES,
    "TradeClearRollback": {"broker", "trades"},
    "TradeRecordGet": SEES_TRADES,
    "TradeRecordRequest": SEES_TRADES,
    "TradeRecordsRequest": SEES_TRADES,
    "TradeTransaction": {"money"},
    "TradesGet": SEES_TRADES,
    "TradesGetByLogin": SEES_TRADES,
    "TradesGetByMarket": SEES_TRADES,
    "TradesGetBySymbol": SEES_TRADES,
    "TradesRequest": SEES_TRADES,
    "TradesSnapshot": SEES_TRADES,
    "TradesSyncRead": SEES_TRADES,
    "TradesSyncStart": SEES_TRADES,
    "TradesUserHistory": SEES_TRADES | {"reports", "money"},
    "UserPasswordCheck": {"manager"},
    "UserPasswordSet": {"manager"},
    "UserRecord": {"manager"},
    "UserRecordNew": {"manager"},
    "UserRecordUpdate": {"manager"},
    "UsersGroupOp": {"manager"},
}
"""Of these flags each one is enough; whatever is not here takes the administrator's."""

HANGS_UP = {
    "DailyReportsRequest": {"reports", "serverReports"},
    "DailyReportsRequestEx": {"reports", "serverReports"},
    "ReportsRequest": {"reports"},
    "SymbolSendTick": {"marketWatch"},
}
"""Without all of these flags MT4 cuts the connection."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, accounts=3, client="desk:secret:12") as sandbox:
        yield Desk(Api(sandbox), "desk", "secret", 12)


def _code(api: Api, operation: Operation) -> str:
    """What becomes of a call that names nothing there is, so that nothing is changed by it."""
    path = re.sub(r"{pos}|{mode}", "999", operation.path)
    path = re.sub(r"{(login|order|ticket|key)}", "999999", path)
    body = MONEY if operation.name == "TradeTransaction" else None
    try:
        return api.call(operation.method, re.sub(r"{\w+}", "nothing", path), body).code
    except requests.ConnectionError:
        return "HangUp"


def _enough(operation: Operation) -> list[set[str]]:
    """The sets of flags of which each is enough."""
    name = operation.name
    if name in OPEN_TO_ALL:
        return [set()]
    if name in HANGS_UP:
        return [HANGS_UP[name]]
    return [{flag} for flag in NEEDED.get(name, {"admin"})]


def test_the_table_names_operations_that_exist() -> None:
    names = {operation.name for operation in OPERATIONS.values()}
    assert OPEN_TO_ALL | set(NEEDED) | set(HANGS_UP) <= names


def test_without_any_right_only_what_is_open_to_all_is_answered(desk: Desk) -> None:
    api = desk.may()
    for operation in OPERATIONS.values():
        code = _code(api, operation)
        if operation.name in HANGS_UP:
            assert code == "HangUp", operation.path
        else:
            is_open = operation.name in OPEN_TO_ALL
            assert (code != "NotEnoughRights") == is_open, (operation.path, code)


def test_all_other_rights_do_not_make_up_for_the_right_one(desk: Desk) -> None:
    by_flags: dict[frozenset[str], list[Operation]] = {}
    for operation in OPERATIONS.values():
        wanted = frozenset[str]().union(*_enough(operation))
        by_flags.setdefault(wanted, []).append(operation)
    for wanted, operations in by_flags.items():
        api = desk.may(*(set(FLAGS) - wanted))
        for operation in operations:
            refused = _code(api, operation) in ("NotEnoughRights", "HangUp")
            assert refused == bool(wanted), operation.path


def test_the_right_one_alone_is_enough(desk: Desk) -> None:
    by_flags: dict[frozenset[str], list[Operation]] = {}
    for operation in OPERATIONS.values():
        for flags in _enough(operation):
            by_flags.setdefault(frozenset(flags), []).append(operation)
    for enough, operations in by_flags.items():
        api = desk.may(*enough)
        for operation in operations:
            code = _code(api, operation)
            assert code not in ("NotEnoughRights", "HangUp"), (operation.path, enough)
