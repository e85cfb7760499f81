"""What the server refuses: volumes, prices, stops, frozen orders, expirations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from panel.mt4 import rules
from panel.mt4.protocol.enums import ActivationType, ResultCode, TradeCommand
from panel.mt4.protocol.records import Trade
from panel.mt4.protocol.wire import NO_TIME
from tests.mt4.rules.cast import BUY, ECN, EURUSD, FUTURE, MONDAY, SELL, position, tick

QUOTE = tick("1.10000", "1.10020")
BUY_LIMIT, SELL_LIMIT = TradeCommand.BuyLimit, TradeCommand.SellLimit
BUY_STOP, SELL_STOP = TradeCommand.BuyStop, TradeCommand.SellStop


def code(refusal: rules.Refusal | None) -> ResultCode | None:
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    ("volume", "held", "words"),
    [
        (0, None, "smallest volume is 0.10"),
        (5, None, "smallest"),
        (1010, None, "largest volume is 10.00"),
        (15, None, "steps of 0.10"),
        (20, None, None),
        (20, 15, "position has 0.15"),
        (15, 15, None),
        (5, 15, "smallest"),
        (0, 0, "smallest"),
    ],
)
def test_volume(volume: int, held: int | None, words: str | None) -> None:
    security = replace(ECN, lot_min=10, lot_max=1000, lot_step=10)
    refusal = rules.check_volume(security, volume, held=held)
    if words is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.code is ResultCode.TradeBadVolume
        assert words in refusal.text


def test_volume_without_limits_is_still_something() -> None:
    assert rules.lot_problem(0, 0, 0, 0) == "The smallest volume is 0.01 lots."
    assert rules.lot_problem(1, 0, 0, 0) is None


@pytest.mark.parametrize(
    ("price", "fine"), [("5252.25", True), ("5252.30", False), ("0", False), ("-1", False)]
)
def test_price_goes_by_ticks(price: str, fine: bool) -> None:
    expected = None if fine else ResultCode.TradeBadPrices
    assert code(rules.check_price(FUTURE, Decimal(price))) is expected


def test_price_goes_by_points_where_there_are_no_ticks() -> None:
    assert rules.check_price(EURUSD, Decimal("1.10001")) is None
    refusal = rules.check_price(EURUSD, Decimal("1.100001"))
    assert refusal is not None
    assert refusal.text == "The price goes in steps of 0.00001."


def test_price_is_rounded_to_the_nearest_tick() -> None:
    assert rules.round_price(FUTURE, Decimal("5252.30")) == Decimal("5252.25")
    assert str(rules.round_price(EURUSD, Decimal("1.1"))) == "1.10000"


@pytest.mark.parametrize(
    ("command", "field", "fine", "bad"),
    [
        (BUY, "sl", "1.09990", "1.09991"),
        (BUY, "tp", "1.10010", "1.10009"),
        (SELL, "sl", "1.10030", "1.10029"),
        (SELL, "tp", "1.10010", "1.10011"),
        (BUY_LIMIT, "open_price", "1.10010", "1.10011"),
        (SELL_LIMIT, "open_price", "1.10010", "1.10009"),
        (BUY_STOP, "open_price", "1.10030", "1.10029"),
        (SELL_STOP, "open_price", "1.09990", "1.09991"),
    ],
)
def test_stops_level(command: TradeCommand, field: str, fine: str, bad: str) -> None:
    def check(price: str, level: int) -> ResultCode | None:
        symbol = replace(EURUSD, stops_level=level)
        return code(rules.check_stops(symbol, command, QUOTE, **{field: Decimal(price)}))

    assert check(fine, 10) is None
    assert check(bad, 10) is ResultCode.TradeBadStops
    assert check(bad, 9) is None


@pytest.mark.parametrize(
    ("command", "price", "sl", "tp", "fine"),
    [
        (BUY_LIMIT, "1.09000", "1.08990", "1.09010", True),
        (BUY_LIMIT, "1.09000", "1.08991", "0", False),
        (BUY_LIMIT, "1.09000", "0", "1.09009", False),
        (BUY_STOP, "1.11000", "1.10990", "1.11010", True),
        (BUY_STOP, "1.11000", "1.10991", "0", False),
        (SELL_LIMIT, "1.11000", "1.11010", "1.10990", True),
        (SELL_LIMIT, "1.11000", "1.11009", "0", False),
        (SELL_STOP, "1.09000", "1.09010", "1.08990", True),
        (SELL_STOP, "1.09000", "0", "1.08991", False),
    ],
)
def test_stops_of_a_pending_order_count_from_its_own_price(
    command: TradeCommand, price: str, sl: str, tp: str, fine: bool
) -> None:
    refusal = rules.check_stops(
        EURUSD, command, QUOTE, open_price=Decimal(price), sl=Decimal(sl), tp=Decimal(tp)
    )
    assert code(refusal) is (None if fine else ResultCode.TradeBadStops)


@pytest.mark.parametrize(
    ("command", "at_market"),
    [
        (BUY_LIMIT, "1.10020"),
        (BUY_STOP, "1.10020"),
        (SELL_LIMIT, "1.10000"),
        (SELL_STOP, "1.10000"),
    ],
)
def test_pending_order_on_the_wrong_side_is_refused_without_any_level(
    command: TradeCommand, at_market: str
) -> None:
    symbol = replace(EURUSD, stops_level=0)
    refusal = rules.check_stops(symbol, command, QUOTE, open_price=Decimal(at_market))
    assert code(refusal) is ResultCode.TradeBadStops


def test_refused_stop_says_how_near_it_may_be() -> None:
    refusal = rules.check_stops(EURUSD, BUY, QUOTE, sl=Decimal("1.10000"))
    assert refusal is not None
    assert refusal.text == "The stop loss must be at least 10 points below the bid, 1.10000."
    wrong_side = rules.check_stops(replace(EURUSD, stops_level=0), SELL, QUOTE, tp=Decimal("1.2"))
    assert wrong_side is not None
    assert wrong_side.text == "The take profit must be below the ask, 1.10020."


def order(command: TradeCommand, price: str = "1.10000", sl: str = "0", tp: str = "0") -> Trade:
    return position(1, "EURUSD", command, 100, price, sl=Decimal(sl), tp=Decimal(tp))


@pytest.mark.parametrize(
    ("trade", "frozen"),
    [
        (order(BUY, sl="1.09995"), True),
        (order(BUY, sl="1.09994"), False),
        (order(BUY, tp="1.10005"), True),
        (order(BUY, tp="1.10006"), False),
        (order(BUY), False),
        (order(SELL, sl="1.10025"), True),
        (order(SELL, tp="1.10014"), False),
        (order(BUY_LIMIT, "1.10015"), True),
        (order(BUY_LIMIT, "1.10014"), False),
        (order(BUY_STOP, "1.10025"), True),
        (order(SELL_LIMIT, "1.10005"), True),
        (order(SELL_STOP, "1.09994", sl="1.09995"), False),
    ],
)
def test_freeze_level(trade: Trade, frozen: bool) -> None:
    refusal = rules.check_freeze(replace(EURUSD, freeze_level=5), trade, QUOTE)
    assert code(refusal) is (ResultCode.TradeModifyDenied if frozen else None)
    assert rules.check_freeze(EURUSD, trade, QUOTE) is None


def test_expiration_is_ten_minutes_ahead_and_allowed() -> None:
    soon, late = (MONDAY + timedelta(minutes=minutes) for minutes in (9, 10))
    assert rules.check_expiration(late, MONDAY, allowed=True) is None
    assert rules.check_expiration(NO_TIME, MONDAY, allowed=False) is None
    for time, allowed in ((soon, True), (late, False)):
        refusal = rules.check_expiration(time, MONDAY, allowed=allowed)
        assert code(refusal) is ResultCode.TradeExpirationDenied


@pytest.mark.parametrize(
    ("command", "triggers", "waits"),
    [
        (BUY_LIMIT, "1.10020", "1.10019"),
        (BUY_STOP, "1.10020", "1.10021"),
        (SELL_LIMIT, "1.10000", "1.10001"),
        (SELL_STOP, "1.10000", "1.09999"),
    ],
)
def test_pending_order_triggers(command: TradeCommand, triggers: str, waits: str) -> None:
    assert rules.is_triggered(order(command, triggers), QUOTE)
    assert not rules.is_triggered(order(command, waits), QUOTE)


@pytest.mark.parametrize(
    ("trade", "hit"),
    [
        (order(BUY, sl="1.10000"), ActivationType.SL),
        (order(BUY, sl="1.09999"), ActivationType.None_),
        (order(BUY, tp="1.10000"), ActivationType.TP),
        (order(SELL, sl="1.10020"), ActivationType.SL),
        (order(SELL, tp="1.10020"), ActivationType.TP),
        (order(SELL, tp="1.10019"), ActivationType.None_),
        (order(BUY, sl="1.2", tp="1.0"), ActivationType.SL),
        (order(BUY), ActivationType.None_),
    ],
)
def test_stops_of_a_position_trigger(trade: Trade, hit: ActivationType) -> None:
    assert rules.stop_hit(trade, QUOTE) is hit
