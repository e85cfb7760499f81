"""Long answers are put together from texts: each must be what one record alone would be."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.mt4 import rules
from panel.mt4.protocol.catalogue import OPERATIONS
from panel.mt4.protocol.enums import TradeCommand, TradeRecordReason, TradeRecordState
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import Trade, User
from panel.mt4.protocol.wire import NO_TIME, Records, encode, to_wire
from panel.mt4.sandbox import seed
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.faults import Faults
from panel.mt4.sandbox.figures import Closings, all_shown, shown
from panel.mt4.sandbox.operations import margins
from panel.mt4.sandbox.options import Options
from panel.mt4.sandbox.records import is_open, is_position
from panel.mt4.sandbox.seed.people import MANAGER_LOGIN
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.texts import CHUNK, TradeTexts, json_of, written
from panel.mt4.sandbox.unit import Unit
from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api

NOW = datetime.fromisoformat("2026-03-04T12:00:00")
MOMENTS = st.datetimes(NO_TIME, NOW + timedelta(days=9000))
AMOUNTS = st.decimals(-(10**9), 10**9, places=2)
PRICES = st.decimals(0, 10**6, places=5)
WORDS = st.text(max_size=12) | st.sampled_from(
    ('"closePrice":null', ',"profit":null,', "\\", "tea, milk", "}],[{")
)
TRADES = st.builds(
    Trade,
    order=st.integers(1, 50),
    login=st.integers(1, 2**31 - 1),
    symbol=WORDS,
    trade_command=st.sampled_from(TradeCommand),
    trade_record_state=st.sampled_from(TradeRecordState),
    trade_record_reason=st.sampled_from(TradeRecordReason),
    volume=st.integers(0, 10**6),
    volume_lots=PRICES,
    open_price=PRICES,
    close_price=PRICES,
    profit=AMOUNTS,
    commission=AMOUNTS,
    open_time=MOMENTS,
    time_stamp=MOMENTS,
    comment=WORDS,
)
USERS = st.builds(
    User,
    login=st.integers(1, 2**31 - 1),
    name=WORDS,
    balance=AMOUNTS,
    enable_flags=st.integers(0, 255).map(EnableFlags),
    registration_date=MOMENTS,
)


@pytest.fixture(scope="module")
def state() -> State:
    """A server with some life in it, whose prices and clock stand."""
    made = State()
    made.clock.standing = NOW
    seed.fill(made, accounts=250, seed=3, now=NOW)
    return made


def _opened(state: State) -> list[Trade]:
    return [state.trades[ticket] for ticket in state.open_tickets]


def _text(data: Any) -> bytes:
    return orjson.dumps(json_of(data))


def _slow_text(data: Any) -> bytes:
    return orjson.dumps(json_of(asyncio.run(written(data))))


def _one_by_one(records: Sequence[Any]) -> bytes:
    return orjson.dumps([to_wire(record) for record in records])


@given(st.lists(TRADES, max_size=20) | st.lists(USERS, max_size=20))
def test_a_list_reads_as_its_records_one_by_one(records: list[Any]) -> None:
    assert orjson.dumps(encode(records)) == _one_by_one(records)


def test_a_list_of_several_chunks_reads_as_its_records_one_by_one(state: State) -> None:
    for records in (list(state.trades.values()), [each.user for each in state.accounts.values()]):
        assert len(records) > CHUNK
        assert _text(records) == _slow_text(records) == _one_by_one(records)


def test_fields_may_be_left_blank_for_all_records(state: State) -> None:
    users = [each.user for each in state.accounts.values()]
    for shown_users in (users[:3], users):
        blank = Records(shown_users, {"name": [""] * len(shown_users)})
        expected = _one_by_one([replace(user, name="") for user in shown_users])
        assert _text(blank) == _slow_text(blank) == expected


@given(st.lists(TRADES, max_size=8, unique_by=lambda trade: trade.order), st.data())
def test_a_trade_in_pieces_is_the_trade_with_its_new_figures(
    trades: list[Trade], data: st.DataObject
) -> None:
    texts = TradeTexts()
    for _ in range(2):
        figures = [(data.draw(PRICES), data.draw(AMOUNTS)) for _ in trades]
        expected = [
            replace(trade, close_price=price, profit=profit)
            for trade, (price, profit) in zip(trades, figures, strict=True)
        ]
        assert orjson.dumps(texts.listed(trades, figures)) == _one_by_one(expected)


def test_open_trades_show_what_the_rules_say_of_each(state: State) -> None:
    closings, seen = Closings(state), set()
    for trade in _opened(state):
        group = state.groups[state.accounts[trade.login].user.group].group
        quote = state.quotes[trade.symbol]
        if is_position(trade):
            price = rules.closing_price(trade.trade_command, quote)
            symbol, quotes = state.symbols[trade.symbol], state.quotes.get
            profit = rules.trade_profit(symbol, trade, price, group.currency, quotes)
        else:
            price, profit = rules.opening_price(trade.trade_command, quote), trade.profit
        assert closings.of(trade) == (price, profit), trade
        seen.add((trade.trade_command, group.currency))
    assert len(seen) > 12


def test_all_at_once_is_each_alone_open_or_closed(state: State) -> None:
    trades = list(state.trades.values())
    random.Random(1).shuffle(trades)
    expected = _one_by_one([shown(state, trade) for trade in trades])
    assert orjson.dumps(all_shown(state, trades)) == expected
    assert orjson.dumps(all_shown(state, [])) == b"[]"


def test_without_a_price_a_record_shows_what_it_holds(state: State) -> None:
    trade = next(filter(is_position, _opened(state)))
    unknown = replace(trade, symbol="NOPRICE", close_price=Decimal(7), profit=Decimal(8))
    assert Closings(state).of(unknown) == (Decimal(7), Decimal(8))


def test_a_changed_or_closed_trade_is_written_anew(state: State) -> None:
    trade = _opened(state)[0]
    all_shown(state, [trade])
    for changed in (
        replace(trade, comment="changed"),
        replace(trade, trade_record_state=TradeRecordState.ClosedNormal, profit=Decimal(5)),
        trade,
    ):
        state.put_trade(changed)
        assert orjson.dumps(all_shown(state, [changed])) == _one_by_one([shown(state, changed)])
        assert is_open(changed) == (changed.order in set(state.open_tickets))


@pytest.fixture(scope="module")
def fuller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, accounts=300, clock=NOW.isoformat()) as sandbox:
        yield Api(sandbox)


def test_a_long_chart_is_its_pieces(fuller: Api) -> None:
    def bars(period: str, since: str, until: str) -> list[dict[str, Any]]:
        window = f"start={since}T00:00:00Z&end={until}T23:59:59Z"
        return list(fuller.get(f"ChartRequest/EURUSD?period={period}&{window}").data)

    for period, least in (("M1", 5000), ("H4", 20), ("W1", 1)):
        whole = bars(period, "2026-02-22", "2026-03-01")
        days = [bars(period, f"2026-02-{day}", f"2026-02-{day}") for day in range(22, 29)]
        days.append(bars(period, "2026-03-01", "2026-03-01"))
        assert whole == [bar for day in days for bar in day]
        assert len(whole) >= least


def test_all_margin_levels_are_those_of_each_account(fuller: Api) -> None:
    levels = fuller.get("MarginsGet").data
    assert len(levels) > margins.LEVELS_AT_ONCE
    for level in levels[::9]:
        assert fuller.get(f"MarginLevelGet/{level['login']}").data == level


def test_a_long_read_gives_others_their_turn(state: State) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def read() -> int:
        other = asyncio.create_task(others())
        levels = await margins.all_cached(_call(state, "MarginsGet"))
        other.cancel()
        return len(levels)

    count = asyncio.run(read())
    assert turns > count // margins.LEVELS_AT_ONCE > 0


def _call(state: State, path: str) -> Call:
    return Call(
        operation=OPERATIONS[path],
        params={},
        query={},
        body=None,
        deadline=30,
        activity="",
        options=Options(),
        faults=Faults(1),
        unit=Unit(state),
        manager=state.managers[MANAGER_LOGIN],
        client="",
    )
