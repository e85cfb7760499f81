"""A call of every operation that administers the server, for the test of the whole contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from tests.sandbox.api import USD, Api

Sample = tuple[str, Any]
Made = Callable[[Api], Sample]

_LISTS = (
    "Access", "DataServer", "Feeder", "GatewayAccount", "GatewayMarkup", "GatewayRule", "Holiday",
    "LiveUpdate", "Manager", "Sync",
)  # fmt: skip
_BY_POSITION = ("Access", "DataServer", "Holiday")


def _same(read: str, write: str, *, first: bool = False) -> Made:
    """What stands there, written once more."""

    def made(api: Api) -> Sample:
        data = api.get(read).data
        return write, data[0] if first else data

    return made


SAMPLES: dict[str, Sample | Made] = {
    "CfgUpdateCommon": _same("CfgRequestCommon", "CfgUpdateCommon"),
    "CfgRequestBackup": ("CfgRequestBackup", None),
    "CfgUpdateBackup": _same("CfgRequestBackup", "CfgUpdateBackup"),
    "CfgRequestTime": ("CfgRequestTime", None),
    "CfgUpdateTime": _same("CfgRequestTime", "CfgUpdateTime"),
    "CfgShiftGroup/{pos}": ("CfgShiftGroup/1?shift=1", None),
    "CfgShiftSymbol/{pos}": ("CfgShiftSymbol/1?shift=1", None),
    "CfgUpdateSymbolGroup/{pos}": ("CfgUpdateSymbolGroup/0", {"name": "Forex"}),
    "CfgUpdateSymbol/{symbol}": _same("CfgRequestSymbol/EURUSD", "CfgUpdateSymbol/EURUSD"),
    "GroupRecord/{group}": (f"GroupRecord/{USD}", {"marginCall": 100}),
    "GroupRecordUpdate/{group}": _same(f"GroupRecordGet/{USD}", f"GroupRecordUpdate/{USD}"),
    "SymbolAdd/{symbol}": ("SymbolAdd/EURUSD", None),
    "SymbolChange": ("SymbolChange", {"symbol": "EURUSD", "stopsLevel": 10, "exeMode": "Market"}),
    "SymbolConfig/{symbol}": ("SymbolConfig/EURUSD", {"stopsLevel": 10}),
    "SymbolHide/{symbol}": ("SymbolHide/JP225", None),
    "SymbolSendTick": ("SymbolSendTick?symbol=EURUSD&bid=1.08342&ask=1.0835", None),
    "SymbolSessionsGet/{symbol}": ("SymbolSessionsGet/EURUSD", None),
    "SymbolsRefresh": ("SymbolsRefresh", None),
}


def _unused_symbol(api: Api) -> Sample:
    symbols = [each["symbol"] for each in api.get("CfgRequestSymbol").data]
    used = {trade["symbol"] for trade in api.get("TradesRequest").data}
    idle = next(name for name in reversed(symbols) if name not in used)
    return f"CfgDeleteSymbol/{symbols.index(idle)}", None


def _spare_manager(api: Api) -> Sample:
    """The second manager: without the first, this client could do nothing any more."""
    spare = {"login": 98, "groups": "*", "rights": ["reports"]}
    assert requests.post(f"{api.sandbox.url}/control/managers", json=spare, timeout=5).ok
    return "CfgDeleteManager/1", None


for kind in _LISTS:
    place, slot = ("/0", "/{pos}") if kind in _BY_POSITION else ("", "")
    SAMPLES[f"CfgRequest{kind}"] = (f"CfgRequest{kind}?limit=5", None)
    SAMPLES[f"CfgUpdate{kind}{slot}"] = _same(
        f"CfgRequest{kind}", f"CfgUpdate{kind}{place}", first=True
    )
    SAMPLES[f"CfgShift{kind}/{{pos}}"] = (f"CfgShift{kind}/0?shift=0", None)
    SAMPLES[f"CfgDelete{kind}/{{pos}}"] = (f"CfgDelete{kind}/0", None)
SAMPLES["CfgDeleteSymbol/{pos}"] = _unused_symbol
SAMPLES["CfgDeleteManager/{pos}"] = _spare_manager
