from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from panel.mt4 import limits
from panel.mt4.protocol.enums import MarginLevelType, TradeCommand
from panel.mt4.sandbox import seed
from panel.mt4.sandbox.figures import margin_level
from panel.mt4.sandbox.records import is_open, is_position
from panel.mt4.sandbox.state import State

NOW = datetime(2026, 11, 23, 12, 0, 0)  # noqa: DTZ001 - the server's own clock


def _made(accounts: int, number: int = 1, now: datetime = NOW) -> State:
    state = State()
    seed.fill(state, accounts=accounts, seed=number, now=now)
    return state


@pytest.fixture(scope="module")
def state() -> State:
    return _made(400)


def test_the_same_seed_makes_the_same_data(state: State) -> None:
    random.seed(99)
    again = _made(400)
    assert again.accounts == state.accounts
    assert again.trades == state.trades
    assert _made(40, number=2).accounts != _made(40, number=1).accounts


def test_every_balance_is_the_sum_of_its_records(state: State) -> None:
    for login, account in state.accounts.items():
        assert account.user.balance == state.recomputed_balance(login)
        credits_ = (t for t in state.closed_trades(login) if t.trade_command is TradeCommand.Credit)
        assert account.user.credit == sum(trade.profit for trade in credits_)


def test_there_is_something_of_everything(state: State) -> None:
    groups = Counter(account.user.group for account in state.accounts.values())
    assert len(groups) == 9
    trades = state.trades.values()
    assert {trade.trade_command for trade in trades} == set(TradeCommand)
    assert sum(is_position(trade) for trade in trades) > 300
    assert any(trade.trade_command > TradeCommand.Sell and is_open(trade) for trade in trades)
    withdrawals = [t for t in trades if t.trade_command is TradeCommand.Balance and t.profit < 0]
    assert withdrawals
    oldest = min(trade.open_time for trade in trades)
    assert NOW - oldest > timedelta(days=700)


def test_some_accounts_are_near_margin_call_and_few_beyond(state: State) -> None:
    rows = [margin_level(state, state.accounts[n]) for n in state.logins_with_open_trades()]
    rows = [row for row in rows if row.margin]
    kinds = Counter(row.level_type for row in rows)
    assert 1 <= kinds[MarginLevelType.MarginCall] <= len(rows) // 8
    assert sum(100 < row.level < 140 for row in rows) >= 5
    assert kinds[MarginLevelType.Ok] > len(rows) * 0.8


def test_nothing_happens_in_the_future_or_before_its_account(state: State) -> None:
    for trade in state.trades.values():
        registered = state.accounts[trade.login].user.registration_date
        assert registered <= trade.open_time <= NOW
        assert trade.close_time <= NOW


def test_every_text_fits_its_field(state: State) -> None:
    for account in state.accounts.values():
        for field in limits.FIELD_LIMITS:
            assert limits.check_field(field, getattr(account.user, field)) == []
    for trade in state.trades.values():
        assert limits.check_trade_comment(trade.comment) == []


def test_tickets_follow_the_opening_times(state: State) -> None:
    times = [trade.open_time for trade in state.trades.values()]
    assert times == sorted(times)
