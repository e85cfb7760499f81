"""The end of a day on a server so large that the next day has begun before it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from panel.mt4.protocol.enums import TradeCommand, TradeRecordState
from panel.mt4.protocol.records import DailyReport, Trade, User
from panel.mt4.sandbox import boot
from panel.mt4.sandbox.exchange.rollover import ACCOUNTS_AT_ONCE, Rollover
from panel.mt4.sandbox.options import Options
from panel.mt4.sandbox.records import Account
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import Store
from panel.mt4.sandbox.unit import Unit

THURSDAY = date(2026, 3, 5)
NIGHT = datetime(2026, 3, 6)  # noqa: DTZ001 - the server's clock has no zone
NOON = NIGHT - timedelta(hours=12)
SOON = NIGHT + timedelta(seconds=20)
LOGIN = 500_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def state(store: Store, tmp_path: Path) -> State:
    return boot.load(Options(data=tmp_path, accounts=ACCOUNTS_AT_ONCE, clock=SOON), store)


def _money(ticket: int, amount: str, time: datetime) -> Trade:
    return Trade(
        order=ticket,
        login=LOGIN,
        trade_command=TradeCommand.Balance,
        trade_record_state=TradeRecordState.ClosedNormal,
        profit=Decimal(amount),
        open_time=time,
        close_time=time,
    )


def _bought(ticket: int, time: datetime) -> Trade:
    return Trade(
        order=ticket,
        login=LOGIN,
        symbol="EURUSD",
        digits=5,
        volume=100,
        open_price=Decimal("1.08"),
        open_time=time,
        margin_rate=Decimal("1.08"),
    )


def _put(state: State, store: Store, balance: str, *trades: Trade) -> None:
    unit = Unit(state)
    user = User(login=LOGIN, group="real-std-usd", leverage=100, balance=Decimal(balance))
    unit.put_account(Account(user))
    for trade in trades:
        unit.put_trade(trade)
    unit.commit(store, None)


def _report(state: State) -> DailyReport:
    (report,) = state.dailies.between([LOGIN], NOON, SOON)
    return report


def _end(state: State, store: Store, after: int = 0) -> list[int]:
    done = []
    for unit, login in Rollover(state).end(THURSDAY, after):
        unit.commit(store, None)
        done.append(login)
    return done


def test_money_of_the_next_day_is_not_in_the_report_of_this_one(state: State, store: Store) -> None:
    first, then = _money(900_001, "1000", NOON), _money(900_002, "55.50", SOON)
    _put(state, store, "1055.50", first, then)
    _end(state, store)
    report = _report(state)
    assert report.balance_prev == 0
    assert report.deposit == report.balance == 1000
    assert report.equity == report.margin_free == 1000
    assert state.accounts[LOGIN].user.balance == Decimal("1055.50")


def test_only_what_was_open_over_midnight_pays_a_swap(state: State, store: Store) -> None:
    deposit = _money(900_001, "9000", NOON)
    _put(state, store, "9000", deposit, _bought(900_002, NOON), _bought(900_003, SOON))
    _end(state, store)
    assert state.trades[900_002].storage == Decimal("-6.10")
    assert state.trades[900_003].storage == 0
    assert _report(state).margin > 0


def test_a_day_that_was_ended_in_part_goes_on_where_it_stopped(state: State, store: Store) -> None:
    _put(state, store, "0.00", _bought(900_002, NOON))
    whole = _end(state, store)
    assert whole[-1] == LOGIN
    assert len(whole) > 1
    charged = state.trades[900_002].storage
    assert _end(state, store, after=whole[-1]) == []
    assert state.trades[900_002].storage == charged
