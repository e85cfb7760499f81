"""A call of every operation on records and reports, for the test of the whole contract."""

from __future__ import annotations

from tests.sandbox.api import FIRST_LOGIN, USD, Api
from tests.sandbox.orders import bid_ask, funded, place
from tests.sandbox.samples_admin import Made, Sample


def _modify(api: Api) -> Sample:
    return f"AdmTradeRecordModify/{place(api, funded(api))}", {"comment": "corrected"}


def _delete(api: Api) -> Sample:
    return f"AdmTradesDelete?orders={place(api, funded(api))}", None


def _check_stops(api: Api) -> Sample:
    bid, _ = bid_ask(api)
    return "TradeCheckStops", {
        "tradeTransactionType": "BrOpen",
        "tradeCommand": "Buy",
        "symbol": "EURUSD",
        "sl": round(bid - 0.01, 5),
    }


def _reports(name: str) -> Made:
    def made(api: Api) -> Sample:
        login = funded(api)
        api.sandbox.advance(24 * 3600, step=12 * 3600)
        return f"{name}?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&logins={login}", None

    return made


def _wrong_balance(api: Api) -> Sample:
    """An account whose balance is not what its records say."""
    login = api.new_account()
    api.post(f"UserRecordUpdate/{login}", {"group": USD, "name": "Ann", "balance": 5})
    return f"AdmBalanceCheck?logins={login}", None


SAMPLES: dict[str, Sample | Made] = {
    "AdmBalanceCheck": _wrong_balance,
    "AdmBalanceFix": (f"AdmBalanceFix?logins={FIRST_LOGIN}", None),
    "AdmTradeRecordModify/{ticket}": _modify,
    "AdmTradesDelete": _delete,
    "AdmTradesRequest/{group}": (f"AdmTradesRequest/{USD}?openOnly=false", None),
    "DailyReportsRequest": _reports("DailyReportsRequest"),
    "DailyReportsRequestEx": _reports("DailyReportsRequestEx"),
    "TradeCheckStops": _check_stops,
    "TradeClearRollback/{order}": ("TradeClearRollback/1", None),
    "TradesGetByMarket": ("TradesGetByMarket", None),
    "TradesGetBySymbol": ("TradesGetBySymbol?symbol=EURUSD", None),
}
