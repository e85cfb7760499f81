"""A week of the market on two thousand accounts, with dealers at work: no cent is lost or made."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import FIRST_LOGIN, Api
from tests.sandbox.orders import bid_ask, deal

ACCOUNTS = 2000
SUNDAY_NIGHT = "2026-03-01T20:00:00"
DAY = 86_400
LOGINS = range(FIRST_LOGIN, FIRST_LOGIN + ACCOUNTS)
AT_ONCE = 250

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("week")
    with SandboxProcess(
        folder, accounts=ACCOUNTS, market="live", clock=SUNDAY_NIGHT, seed=12
    ) as sandbox:
        api = Api(sandbox)
        chance = random.Random(12)
        for day in range(7):
            api.sandbox.advance(DAY, step=60)
            if day < 5:
                _deal_for_a_day(api, chance)
        yield api


def _batches() -> Iterator[str]:
    for start in range(0, ACCOUNTS, AT_ONCE):
        yield "&".join(f"logins={login}" for login in LOGINS[start : start + AT_ONCE])


def _deal_for_a_day(api: Api, chance: random.Random) -> None:
    """What people do to some accounts: money in and out, orders opened, closed and corrected."""
    held: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for trade in api.get("TradesGetByMarket").data:
        held[trade["login"]].append(trade)
    for login in chance.sample(LOGINS, 60):
        api.money(login, chance.choice((250.1, -33.33, 1000.01, -75.5)), "by hand")
        bid, ask = bid_ask(api)
        command, price = chance.choice((("Buy", ask), ("Sell", bid)))
        for volume in (3, 7):
            order = {"orderBy": login, "symbol": "EURUSD", "volume": volume, "price": price}
            deal(api, "BrOpen", tradeCommand=command, **order)
    for login in chance.sample(sorted(held), 60):
        trade = held[login][0]
        part = max(1, trade["volume"] // 3)
        price = bid_ask(api, trade["symbol"])[trade["tradeCommand"] == "Sell"]
        deal(api, "BrClose", order=trade["order"], price=price, volume=part)
        opposite = [t for t in held[login][1:] if t["tradeCommand"] != trade["tradeCommand"]]
        if opposite:
            deal(api, "BrCloseAll", orderBy=login, symbol=opposite[0]["symbol"])


def _cents(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(Decimal("0.01"))


def _records(api: Api) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {login: [] for login in LOGINS}
    for logins in _batches():
        span = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
        for record in api.get(f"ReportsRequest?{span}&{logins}").data:
            found[record["login"]].append(record)
    return found


def test_everything_happened_that_a_market_does(api: Api) -> None:
    week = Counter[str]()
    for records in _records(api).values():
        for record in records:
            if record["closeTime"] >= "2026-03-02":
                week[record["activationType"]] += 1
                week["swap"] += record["storage"] != 0
                week["part"] += record["tradeRecordState"] == "ClosedPart"
                week["by"] += record["tradeRecordState"] == "ClosedBy"
                week["expired"] += record["comment"].startswith("expiration")
    for kind in ("SL", "TP", "Stopout", "swap", "part", "by", "expired"):
        assert week[kind] >= 3, (kind, week)
    opened = [t for t in api.get("TradesGetByMarket").data if t["activationType"] == "Pending"]
    assert opened


def test_every_balance_is_the_sum_of_its_records_and_the_server_finds_no_difference(
    api: Api,
) -> None:
    records = _records(api)
    users = {user["login"]: user for page in api.pages("UsersRequest", 1000) for user in page}
    assert len(users.keys() & set(LOGINS)) == ACCOUNTS
    for login in LOGINS:
        total = credit = Decimal(0)
        for record in records[login]:
            if record["tradeCommand"] == "Credit":
                credit += _cents(record["profit"])
            elif record["tradeCommand"] in ("Buy", "Sell", "Balance"):
                parts = ("profit", "storage", "commission", "taxes")
                total += sum(_cents(record[part]) for part in parts)
        assert _cents(users[login]["balance"]) == total, login
        assert _cents(users[login]["credit"]) == credit, login
    for logins in _batches():
        assert api.get(f"AdmBalanceCheck?{logins}").data == []


def test_equity_is_balance_credit_and_the_results_of_what_is_open(api: Api) -> None:
    floating: dict[int, Decimal] = defaultdict(Decimal)
    for trade in api.get("TradesGetByMarket").data:
        for part in ("profit", "storage", "commission", "taxes"):
            floating[trade["login"]] += _cents(trade[part])
    for row in api.get("MarginsGet").data:
        assert _cents(row["equity"]) == _cents(row["balance"]) + floating[row["login"]]
        assert row["levelType"] != "StopOut", row


def test_the_daily_reports_of_the_week_follow_from_each_other(api: Api) -> None:
    days: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for logins in _batches():
        span = "from=2026-03-01T00:00:00Z&to=2026-03-09T00:00:00Z"
        for report in api.get(f"DailyReportsRequest?{span}&{logins}").data:
            days[report["login"]].append(report)
    assert len(days) == ACCOUNTS
    for reports in days.values():
        assert len(reports) == 7
        for report in reports:
            moved = _cents(report["deposit"]) + _cents(report["profitClosed"])
            assert _cents(report["balance"]) == _cents(report["balancePrev"]) + moved
        for before, after in pairwise(reports):
            assert after["balancePrev"] == before["balance"]
