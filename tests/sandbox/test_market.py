"""What prices and the clock do to orders by themselves, on a clock that the tests move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api
from tests.sandbox.orders import bid_ask, deal, funded, order, place

WEDNESDAY_NOON = "2026-03-04T12:00:00"
HOUR, DAY = 3600, 86_400


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("market")
    with SandboxProcess(folder, accounts=2, clock=WEDNESDAY_NOON) as sandbox:
        yield Api(sandbox)


def _go_to(api: Api, bid: float, ask: float | None = None, symbol: str = "EURUSD") -> None:
    api.sandbox.price(symbol, bid, bid if ask is None else ask)


def _history(api: Api, login: int) -> list[dict[str, Any]]:
    """Closed records without the deposit."""
    records = api.get(f"TradesUserHistory/{login}").data
    return [record for record in records if record["tradeCommand"] != "Balance"]


@pytest.mark.parametrize(
    ("command", "price", "near", "there", "position", "opens_at"),
    [
        ("BuyLimit", 1.07, (1.07, 1.0701), (1.0698, 1.07), "Buy", 1.07),
        ("BuyStop", 1.1, (1.0998, 1.0999), (1.1001, 1.1002), "Buy", 1.1002),
        ("SellLimit", 1.1, (1.0999, 1.1001), (1.1, 1.1002), "Sell", 1.1),
        ("SellStop", 1.07, (1.0701, 1.0703), (1.0695, 1.0697), "Sell", 1.0695),
    ],
)
def test_a_pending_order_opens_under_its_own_ticket_when_the_price_is_there(
    api: Api,
    command: str,
    price: float,
    near: tuple[float, float],
    there: tuple[float, float],
    position: str,
    opens_at: float,
) -> None:
    login = funded(api)
    ticket = place(api, login, command, price=price)
    _go_to(api, *near)
    assert order(api, ticket)["tradeCommand"] == command
    _go_to(api, *there)
    opened = order(api, ticket)
    assert (opened["tradeCommand"], opened["openPrice"]) == (position, opens_at)
    assert opened["activationType"] == "Pending"
    assert api.get(f"MarginLevelRequest/{login}").data["margin"] > 0


def test_a_pending_order_without_money_is_deleted_when_the_price_is_there(api: Api) -> None:
    login = funded(api, 100)
    ticket = place(api, login, "BuyLimit", price=1.07)
    _go_to(api, 1.06)
    gone = order(api, ticket)
    assert (gone["tradeRecordState"], gone["comment"]) == ("Deleted", "deleted [no money]")
    assert api.user(login)["balance"] == 100


@pytest.mark.parametrize(
    ("command", "sl", "tp", "bid", "ask", "tag", "activation", "profit"),
    [
        ("Buy", 1.07, 1.1, 1.07, 1.08, "[sl]", "SL", -1350),
        ("Buy", 1.07, 1.1, 1.1, 1.1001, "[tp]", "TP", 1650),
        ("Sell", 1.1, 1.07, 1.0999, 1.1, "[sl]", "SL", -1658),
        ("Sell", 1.1, 1.07, 1.0698, 1.07, "[tp]", "TP", 1342),
    ],
)
def test_stop_loss_and_take_profit_close_and_say_so(
    api: Api,
    command: str,
    sl: float,
    tp: float,
    bid: float,
    ask: float,
    tag: str,
    activation: str,
    profit: float,
) -> None:
    login = funded(api)
    _go_to(api, 1.08342, 1.0835)
    ticket = place(api, login, command, sl=sl, tp=tp, comment="mine")
    _go_to(api, bid, ask)
    closed = order(api, ticket)
    assert (closed["tradeRecordState"], closed["comment"]) == ("ClosedNormal", f"mine{tag}")
    assert closed["activationType"] == activation
    assert closed["profit"] == pytest.approx(profit, abs=0.001)
    assert api.user(login)["balance"] == pytest.approx(10_000 + profit, abs=0.001)


def test_a_moved_stop_loss_counts_and_the_old_one_does_not(api: Api) -> None:
    ticket = place(api, funded(api), sl=1.07)
    assert deal(api, "BrModify", order=ticket, sl=1.05).code == "Ok"
    _go_to(api, 1.06)
    assert order(api, ticket)["tradeRecordState"] == "OpenNormal"
    _go_to(api, 1.05)
    assert order(api, ticket)["comment"] == "[sl]"


def test_a_pending_order_expires_at_its_time(api: Api) -> None:
    login = funded(api)
    ticket = place(api, login, "BuyLimit", price=1.05, expiration="2026-03-04T13:00:00Z")
    api.sandbox.advance(HOUR - 60)
    assert order(api, ticket)["tradeRecordState"] == "OpenNormal"
    api.sandbox.advance(60)
    gone = order(api, ticket)
    assert (gone["tradeRecordState"], gone["closeTime"]) == ("Deleted", "2026-03-04T13:00:00Z")
    assert gone["comment"] == "expiration [2026.03.04 13:00]"


def test_a_stop_out_closes_the_most_losing_first_and_no_more_than_it_must(api: Api) -> None:
    login = funded(api, 3000)
    small = place(api, login, "Buy", volume=50)
    large = place(api, login, "Buy", volume=150)
    gold = place(api, login, "Buy", symbol="XAUUSD", volume=10)
    before = api.get(f"MarginLevelRequest/{login}").data
    _go_to(api, 1.074, 1.0741)
    closed = order(api, large)
    assert closed["activationType"] == "Stopout"
    lost = (order(api, small)["openPrice"] - 1.074) * 200_000
    equity = 3000 - lost + order(api, gold)["profit"]
    level = f"{equity / before['margin'] * 100:.1f}"
    assert closed["comment"] == f"so: {level}%/{equity:.2f}/{before['margin']:.2f}"
    assert order(api, small)["tradeRecordState"] == "OpenNormal"
    assert order(api, gold)["tradeRecordState"] == "OpenNormal"
    after = api.get(f"MarginLevelRequest/{login}").data
    assert after["levelType"] != "StopOut"
    assert after["equity"] == pytest.approx(equity, abs=0.01)


def test_swaps_roll_over_at_midnight_three_times_on_the_triple_day(api: Api) -> None:
    login = funded(api, 50_000)
    buy, sell = place(api, login), place(api, login, "Sell", symbol="USDJPY")
    api.sandbox.advance(12 * HOUR, step=HOUR)
    assert order(api, buy)["storage"] == -18.3, "Wednesday's"
    ask = bid_ask(api, "USDJPY")[1]
    assert order(api, sell)["storage"] == pytest.approx(-15.3 * 100 * 3 / ask, abs=0.005)
    api.sandbox.advance(DAY, step=HOUR)
    assert order(api, buy)["storage"] == -24.4
    api.sandbox.advance(3 * DAY, step=HOUR)
    assert order(api, buy)["storage"] == -30.5, "Friday's, and none at the weekend"


def test_a_group_without_swaps_pays_none(api: Api) -> None:
    assert api.patch("GroupRecord/real-std-usd", {"useSwap": 0}).code == "Ok"
    ticket = place(api, funded(api))
    api.sandbox.advance(12 * HOUR, step=HOUR)
    assert order(api, ticket)["storage"] == 0


def test_orders_of_a_daily_symbol_end_with_the_day(api: Api) -> None:
    assert api.patch("SymbolConfig/EURUSD", {"gtcMode": "Daily"}).code == "Ok"
    login = funded(api)
    position, pending = place(api, login, sl=1.05), place(api, login, "BuyLimit", price=1.05)
    api.sandbox.advance(12 * HOUR, step=HOUR)
    assert order(api, pending)["tradeRecordState"] == "Deleted"
    left = order(api, position)
    assert (left["tradeRecordState"], left["sl"]) == ("OpenNormal", 0)


def _reports(api: Api, *logins: int) -> list[dict[str, Any]]:
    names = "".join(f"&logins={login}" for login in logins)
    span = "from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z"
    return list(api.get(f"DailyReportsRequest?{span}{names}").data)


def test_each_day_ends_with_a_report_that_adds_up(api: Api) -> None:
    login, idle = funded(api), api.new_account()
    ticket = place(api, login)
    place(api, login, volume=10)
    bid, _ = bid_ask(api)
    assert deal(api, "BrClose", order=ticket, price=bid, volume=100).code == "Ok"
    api.sandbox.advance(DAY, step=HOUR)
    api.money(login, -500)
    api.sandbox.advance(DAY, step=HOUR)
    first, second = _reports(api, login, idle)
    assert (first["ctm"], second["ctm"]) == ("2026-03-04T23:59:00Z", "2026-03-05T23:59:00Z")
    assert (first["balancePrev"], first["deposit"], first["profitClosed"]) == (0, 10_000, -8)
    assert first["balance"] == 9992 == second["balancePrev"]
    assert (second["deposit"], second["profitClosed"], second["balance"]) == (-500, 0, 9492)
    live = api.get(f"MarginLevelRequest/{login}").data
    for name, of_live in (("equity", "equity"), ("margin", "margin"), ("marginFree", "free")):
        assert second[name] == pytest.approx(live[of_live], abs=0.001)
    user = api.user(login)
    assert (user["prevBalance"], user["prevEquity"]) == (9492, second["equity"])
    grouped = api.get(
        f"DailyReportsRequestEx?from=2026-03-05T00:00:00Z&to=2026-03-06T00:00:00Z&logins={login}"
    ).data
    assert grouped == {str(login): [second]}


def test_an_administrators_tick_makes_orders_react_too(api: Api) -> None:
    ticket = place(api, funded(api), sl=1.07)
    assert api.post("SymbolSendTick?symbol=EURUSD&bid=1.069&ask=1.0692").data is True
    assert order(api, ticket)["comment"] == "[sl]"


def test_what_the_market_did_is_there_after_a_kill(api: Api) -> None:
    login = funded(api)
    ticket = place(api, login, sl=1.07)
    api.sandbox.advance(12 * HOUR, step=HOUR)
    _go_to(api, 1.069)
    before = order(api, ticket), api.user(login), _reports(api, login)
    assert before[0]["comment"] == "[sl]"
    api.sandbox.kill()
    api.sandbox.start()
    api.sign_in()
    assert (order(api, ticket), api.user(login), _reports(api, login)) == before
    assert api.get("ServerTime").data == "2026-03-05T00:00:00Z"
    assert bid_ask(api) == (1.069, 1.069)
