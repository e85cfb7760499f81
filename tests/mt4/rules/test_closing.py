"""Partial closes, closes by each other, stop-outs: the records they leave."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from panel.mt4 import rules
from panel.mt4.protocol.enums import MarginControllingType, MarginLevelType, TradeRecordState
from tests.mt4.rules.cast import BUY, GROUP, MONDAY, POSITIONS, SELL, TERMS, account, position

LATER = MONDAY.replace(hour=15)
BOUGHT = position(
    11,
    "EURUSD",
    BUY,
    100,
    "1.10000",
    commission=Decimal("-7.00"),
    storage=Decimal("-6.10"),
    magic=77,
    comment="mine",
)
SOLD = position(
    12,
    "EURUSD",
    SELL,
    30,
    "1.10500",
    commission=Decimal("-2.10"),
    storage=Decimal("0.69"),
    comment="hers",
)


def test_partial_close_keeps_the_ticket_and_leaves_a_new_one() -> None:
    split = rules.split_off(
        BOUGHT,
        33,
        price=Decimal("1.1025"),
        profit=Decimal("82.50"),
        currency="USD",
        now=LATER,
        ticket=20,
    )
    closed, rest = split.closed, split.rest
    assert (closed.order, closed.volume, closed.volume_lots) == (11, 33, Decimal("0.33"))
    assert closed.trade_record_state is TradeRecordState.ClosedPart
    assert (closed.comment, closed.close_time, closed.profit) == (
        "to #20",
        LATER,
        Decimal("82.50"),
    )
    assert (closed.commission, closed.storage) == (Decimal("-2.31"), Decimal("-2.01"))
    assert (rest.order, rest.volume, rest.comment) == (20, 67, "from #11")
    assert (rest.commission, rest.storage) == (Decimal("-4.69"), Decimal("-4.09"))
    assert rest.trade_record_state is TradeRecordState.OpenNormal
    same = ("open_time", "open_price", "magic", "margin_rate", "login", "symbol")
    assert all(getattr(rest, name) == getattr(BOUGHT, name) for name in same)


@pytest.mark.parametrize("volume", [0, 100, 101, -1])
def test_partial_close_is_of_a_part(volume: int) -> None:
    with pytest.raises(ValueError, match="not a part"):
        rules.split_off(
            BOUGHT,
            volume,
            price=Decimal(1),
            profit=Decimal(0),
            currency="USD",
            now=LATER,
            ticket=20,
        )


def test_larger_first_is_closed_by_the_second_and_leaves_the_difference() -> None:
    pair = rules.close_by(
        BOUGHT, SOLD, profit=Decimal("150.00"), currency="USD", now=LATER, ticket=20
    )
    first, second, rest = pair.first, pair.second, pair.rest
    assert rest is not None
    assert (first.order, first.volume, first.close_price) == (11, 30, Decimal("1.10500"))
    assert (first.profit, first.storage) == (Decimal("150.00"), Decimal("-1.83") + Decimal("0.69"))
    assert first.commission == Decimal("-2.10")
    assert (second.order, second.volume, second.close_price) == (12, 0, Decimal("1.10500"))
    assert rules.net(second) == 0
    assert second.comment == "close hedge by #11"
    assert first.trade_record_state is second.trade_record_state is TradeRecordState.ClosedBy
    assert (rest.order, rest.volume, rest.comment) == (20, 70, "from #11")
    assert (rest.commission, rest.storage) == (Decimal("-4.90"), Decimal("-4.27"))


def test_larger_second_leaves_the_difference_of_its_own() -> None:
    pair = rules.close_by(
        SOLD, BOUGHT, profit=Decimal("150.00"), currency="USD", now=LATER, ticket=20
    )
    assert pair.rest is not None
    assert (pair.rest.order, pair.rest.volume, pair.rest.comment) == (20, 70, "from #11")
    assert pair.rest.open_price == BOUGHT.open_price
    assert pair.first.close_price == BOUGHT.open_price
    assert pair.second.volume == 0


def test_equals_leave_nothing_and_one_commission_is_given_back() -> None:
    other = replace(SOLD, volume=100, volume_lots=Decimal(1), commission=Decimal("-7.00"))
    pair = rules.close_by(
        BOUGHT, other, profit=Decimal("500.00"), currency="USD", now=LATER, ticket=20
    )
    assert pair.rest is None
    assert pair.first.commission == Decimal("-7.00")
    keeps = rules.Choices(close_by_refunds=False)
    pair = rules.close_by(
        BOUGHT, other, profit=Decimal("500.00"), currency="USD", now=LATER, ticket=20, choices=keeps
    )
    assert pair.first.commission == Decimal("-14.00")


def test_tag_goes_behind_the_comment_and_always_fits() -> None:
    assert rules.comment_with("mine", "[sl]") == "mine[sl]"
    assert rules.comment_with("x" * 31, "[tp]") == "x" * 27 + "[tp]"


def test_stopout_signs_with_level_equity_and_margin() -> None:
    comment = rules.stopout_comment(Decimal("169.20"), Decimal("354.40"), "USD")
    assert comment == "so: 47.7%/169.20/354.40"
    assert rules.stopout_comment(Decimal("-5.00"), Decimal("0.00"), "USD") == "so: 0.0%/-5.00/0.00"
    assert len(rules.stopout_comment(Decimal("12345678.90"), Decimal("34567890.12"), "USD")) == 31


def test_stopout_takes_the_most_losing_first_and_of_equals_the_oldest() -> None:
    held = account(*POSITIONS).held
    worst = rules.most_losing(held)
    assert worst is not None
    assert worst.trade.symbol == "XAUUSD"
    twin = replace(worst, trade=replace(worst.trade, order=2))
    assert rules.most_losing([*held, twin]) == twin
    assert rules.most_losing([]) is None


@pytest.mark.parametrize(
    ("only_below", "state"),
    [(False, MarginLevelType.StopOut), (True, MarginLevelType.MarginCall)],
)
@pytest.mark.parametrize(
    ("kind", "equity"),
    [(MarginControllingType.Percent, "4.50"), (MarginControllingType.Currency, "59.00")],
)
def test_reaching_a_threshold_counts_or_not(
    kind: MarginControllingType, equity: str, only_below: bool, state: MarginLevelType
) -> None:
    found = rules.margin_state(
        kind,
        equity=Decimal(equity),
        margin=Decimal("9.00"),
        call=Decimal(100),
        stopout=Decimal(50),
        choices=rules.Choices(stopout_only_below=only_below),
    )
    assert found is state


def test_full_lock_is_spared_where_the_group_says_so() -> None:
    lock = [replace(BOUGHT, volume=30), SOLD]
    thin = account(*lock, balance="-5", credit="0")
    assert thin.state is MarginLevelType.StopOut
    terms = replace(TERMS, group=replace(GROUP, stopout_skip_hedged=1))
    assert account(*lock, balance="-5", credit="0", terms=terms).state is MarginLevelType.MarginCall
    assert account(BOUGHT, balance="-5", credit="0", terms=terms).state is MarginLevelType.StopOut
