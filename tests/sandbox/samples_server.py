"""A call of every operation of the machine room, for the test of the whole contract."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.harness.waiting import wait_until
from tests.sandbox.api import FIRST_LOGIN, Api
from tests.sandbox.samples_admin import Made, Sample

EVER = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
BAR_TIME = "2024-03-04T10:00:00Z"
BAR = {"time": BAR_TIME, "open": 1.1, "high": 1.2, "low": 1.0, "close": 1.15, "volume": 7}
BARS = {"rates": [BAR]}
MAIL = {"subject": "Maintenance", "body": "Tonight.", "logins": [FIRST_LOGIN]}
NEWS = {"topic": "Rates stay", "category": "Markets", "body": "The bank keeps them."}
TICK = "SymbolSendTick?symbol=EURUSD&bid=1.08342&ask=1.0835"


def _after(method: str, path: str, body: Any, sample: str) -> Made:
    """A sample that finds something only after another call."""

    def made(api: Api) -> Sample:
        assert api.call(method, path, body).code == "Ok"
        return sample, None

    return made


def _once_there_is(path: str) -> Made:
    """A read of what the server writes by itself a moment after its start."""

    def made(api: Api) -> Sample:
        wait_until(lambda: api.get(path).data)
        return path, None

    return made


def file_of(api: Api, half: str) -> str:
    """The newest backup file of accounts (Users) or of Orders."""
    return str(wait_until(lambda: api.get(f"BackupInfo{half}/0").data)[-1]["file"])


def _backup_of(half: str) -> Made:
    return lambda api: (f"BackupRequest{half}/{file_of(api, half)}", None)


def restore_of(half: str, records: list[dict[str, Any]]) -> Sample:
    """The call that puts records of a backup back."""
    if half == "Users":
        records = [
            record
            | {
                "enable": record["enableFlags"] & 1,
                "enableReadOnly": record["enableFlags"] >> 2 & 1,
            }
            for record in records
        ]
    return f"BackupRestore{half}?confirm=true", records


def _restored(half: str) -> Made:
    def made(api: Api) -> Sample:
        asked = f"BackupRequest{half}/{file_of(api, half)}?request={FIRST_LOGIN}"
        return restore_of(half, api.get(asked).data)

    return made


def _push(api: Api) -> Sample:
    api.patch(f"UserRecord/{FIRST_LOGIN}", {"mqid": 123456})
    return "NotificationsSend", {"logins": [FIRST_LOGIN], "message": "Margin call"}


def _news_body(api: Api) -> Sample:
    api.post("NewsSend", NEWS)
    key = api.get("NewsGet").data[-1]["key"]
    api.post(f"NewsBodyRequest/{key}")
    return f"NewsBodyGet/{key}", None


def _same_plugin(write: str) -> Made:
    return lambda api: (write, api.get("PluginParamGet/0").data)


SAMPLES: dict[str, Sample | Made] = {
    "BackupInfoOrders/{mode}": _once_there_is("BackupInfoOrders/0"),
    "BackupInfoUsers/{mode}": _once_there_is("BackupInfoUsers/1"),
    "BackupRequestOrders/{file}": _backup_of("Orders"),
    "BackupRequestUsers/{file}": _backup_of("Users"),
    "BackupRestoreOrders": _restored("Orders"),
    "BackupRestoreUsers": _restored("Users"),
    "CfgRequestPlugin": ("CfgRequestPlugin", None),
    "CfgShiftPlugin/{pos}": ("CfgShiftPlugin/1?shift=0", None),
    "CfgUpdatePlugin": _same_plugin("CfgUpdatePlugin"),
    "ChartAdd/{symbol}": ("ChartAdd/EURUSD?period=H1", BARS),
    "ChartDelete/{symbol}": ("ChartDelete/EURUSD?period=H1", BARS),
    "ChartRequest/{symbol}": _after(
        "POST", "ChartAdd/EURUSD?period=H1", BARS, f"ChartRequest/EURUSD?period=H1&start={BAR_TIME}"
    ),
    "ChartUpdate/{symbol}": ("ChartUpdate/EURUSD?period=H1", BARS),
    "ExternalCommandBinary": (
        "ExternalCommandBinary",
        {"data": b64encode(b"echo of bytes").decode()},
    ),
    "ExternalCommandJSON": ("ExternalCommandJSON", {"echo": "of words"}),
    "HistoryCorrect/{symbol}": ("HistoryCorrect/EURUSD", None),
    "JournalRequest": (f"JournalRequest?{EVER}", None),
    "LicenseCheck/{licenseName}": ("LicenseCheck/nothing", None),
    "MailLast": _after("POST", "MailSend", MAIL, "MailLast"),
    "MailSend": ("MailSend", MAIL),
    "MailsRequest": _after("POST", "MailSend", MAIL, "MailsRequest"),
    "NewsBodyGet/{key}": _news_body,
    "NewsBodyRequest/{key}": ("NewsBodyRequest/1", None),
    "NewsGet": _after("POST", "NewsSend", NEWS, "NewsGet"),
    "NewsSend": ("NewsSend", NEWS),
    "NewsTopicGet/{pos}": _after("POST", "NewsSend", NEWS, "NewsTopicGet/0"),
    "NewsTotal": ("NewsTotal", None),
    "NotificationsSend": _push,
    "OnlineGet": ("OnlineGet?limit=5", None),
    "OnlineRequest": ("OnlineRequest?limit=5", None),
    "PerformanceRequest": _once_there_is("PerformanceRequest?from=2000-01-01T00:00:00Z"),
    "PluginParamGet/{pos}": ("PluginParamGet/0", None),
    "PluginUpdate": _same_plugin("PluginUpdate"),
    "PluginsGet": ("PluginsGet", None),
    "SrvChartsSync": ("SrvChartsSync?confirm=true", None),
    "SrvFeederLog/{name}": ("SrvFeederLog/Sandbox prices", None),
    "SrvFeeders": ("SrvFeeders?limit=5", None),
    "SrvFeedsRestart": ("SrvFeedsRestart?confirm=true", None),
    "SymbolInfoUpdated": _after("POST", TICK, None, "SymbolInfoUpdated?limit=2"),
    "SrvRestart": ("SrvRestart?confirm=true", None),
    "TicksRequest/{symbol}": _after("POST", TICK, None, "TicksRequest/EURUSD"),
    "TradesSyncRead": _after("POST", "TradesSyncStart?timestamp=0", None, "TradesSyncRead?limit=3"),
    "TradesSyncStart": ("TradesSyncStart?timestamp=0", None),
    "UsersSyncRead": _after("POST", "UsersSyncStart?timestamp=0", None, "UsersSyncRead?limit=3"),
    "UsersSyncStart": ("UsersSyncStart?timestamp=0", None),
    "DailySyncRead": _after("POST", "DailySyncStart?timestamp=0", None, "DailySyncRead"),
    "DailySyncStart": ("DailySyncStart?timestamp=0", None),
}
