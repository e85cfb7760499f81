"""What must hold for any account at all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from panel.lib.money import ZERO, decimals, has_too_many_decimals, quantize
from panel.mt4 import rules
from panel.mt4.limits import TRADE_COMMENT
from panel.mt4.protocol.enums import MarginLevelType, MarginMode, ProfitCalculationMode
from panel.mt4.protocol.records import Trade
from tests.mt4.rules.cast import (
    BUY,
    EURUSD,
    GROUP,
    MARKET,
    MONDAY,
    SELL,
    SYMBOLS,
    TERMS,
    TICKS,
    position,
)

brisk = settings(max_examples=40, deadline=None)
money = st.decimals(min_value=-(10**6), max_value=10**6, places=2)
charge = st.decimals(min_value=-500, max_value=500, places=2)
positive = st.decimals(min_value=0, max_value=10**6, places=2)
volume = st.integers(1, 1000)
sides = st.sampled_from((BUY, SELL))
currencies = st.sampled_from(("USD", "JPY"))


def unit_of(currency: str) -> Decimal:
    """The smallest amount of a currency."""
    return Decimal(1).scaleb(-decimals(currency))


def terms_in(currency: str) -> rules.Terms:
    """The terms of the cast in another currency."""
    return replace(TERMS, group=replace(GROUP, currency=currency))


@st.composite
def positions(draw: st.DrawFn, symbols: tuple[str, ...] = tuple(SYMBOLS)) -> Trade:
    """An open position not too far from the market."""
    name = draw(st.sampled_from(symbols))
    off = draw(st.decimals(min_value="0.9", max_value="1.1", places=3))
    return position(
        draw(st.integers(1, 10**6)),
        name,
        draw(sides),
        draw(volume),
        rules.round_price(SYMBOLS[name], TICKS[name].bid * off),
        storage=draw(charge),
        commission=-abs(draw(charge)),
        taxes=draw(charge),
    )


accounts = st.lists(positions(), max_size=6, unique_by=lambda trade: trade.order)


def figures(
    trades: list[Trade], balance: Decimal, credit: Decimal, terms: rules.Terms = TERMS
) -> rules.Figures:
    return rules.figures(terms, balance=balance, credit=credit, trades=trades, market=MARKET)


@brisk
@given(accounts, money, positive, st.sampled_from(MarginMode), currencies)
def test_equity_is_balance_credit_and_floating(
    trades: list[Trade], balance: Decimal, credit: Decimal, mode: MarginMode, currency: str
) -> None:
    terms = replace(TERMS, group=replace(GROUP, margin_mode=mode, currency=currency))
    now = figures(trades, balance, credit, terms)
    floating = sum((each.net for each in now.held), ZERO)
    assert now.equity == quantize(balance + credit + floating, currency)
    assert now.margin == sum(now.margins.values())
    assert now.margin >= 0
    for amount in (now.equity, now.margin, now.free, *now.margins.values()):
        assert not has_too_many_decimals(amount, currency)
    if mode is MarginMode.UseAll:
        # Rounded once each: they differ by one where a half goes away from zero on two sides.
        assert abs(now.free - (now.equity - now.margin)) <= unit_of(currency)


@brisk
@given(accounts, money, positive)
def test_closing_everything_leaves_balance_and_what_was_realized(
    trades: list[Trade], balance: Decimal, credit: Decimal
) -> None:
    now = figures(trades, balance, credit)
    realized = [
        rules.net(replace(each.trade, profit=each.profit, close_price=each.close_price))
        for each in now.held
    ]
    after = figures([], balance + sum(realized, ZERO), credit)
    assert after.equity == now.equity
    assert after.margin == 0
    assert after.free == after.equity
    assert after.state is MarginLevelType.Ok


@brisk
@given(positions(), st.lists(st.integers(1, 400), max_size=6), currencies)
def test_partial_closes_lose_nothing_of_swap_and_commission(
    trade: Trade, cuts: list[int], currency: str
) -> None:
    trade = replace(
        trade,
        storage=quantize(trade.storage, currency),
        commission=quantize(trade.commission, currency),
        taxes=quantize(trade.taxes, currency),
    )
    closed: list[Trade] = []
    rest = trade
    for ticket, cut in enumerate(cuts, start=10**7):
        if cut >= rest.volume:
            break
        profit = rules.trade_profit(
            SYMBOLS[trade.symbol],
            rest,
            MARKET.closing_price(rest),
            currency,
            TICKS.get,
            volume=cut,
        )
        split = rules.split_off(
            rest,
            cut,
            price=Decimal(1),
            profit=profit,
            currency=currency,
            now=MONDAY,
            ticket=ticket,
        )
        closed.append(split.closed)
        rest = split.rest
    records = [*closed, rest]
    assert sum(each.volume for each in records) == trade.volume
    for name in ("storage", "commission", "taxes"):
        parts = [getattr(each, name) for each in records]
        assert sum(parts, ZERO) == getattr(trade, name)
        assert not any(has_too_many_decimals(part, currency) for part in parts)
    final = rules.hold(terms_in(currency), rest, MARKET).profit
    whole = rules.hold(terms_in(currency), trade, MARKET).profit
    # Each record's profit is rounded once, so each may differ by half a unit and no more.
    parts_profit = sum((each.profit for each in closed), final)
    assert abs(parts_profit - whole) <= unit_of(currency) * (len(records) + 1) / 2


@brisk
@given(positions(("EURUSD",)), positions(("EURUSD",)), st.booleans())
def test_close_by_moves_every_cent_but_the_commission_it_gives_back(
    first: Trade, second: Trade, refunds: bool
) -> None:
    second = replace(second, trade_command=SELL if first.trade_command is BUY else BUY)
    matched = min(first.volume, second.volume)
    pair = rules.close_by(
        first,
        second,
        profit=ZERO,
        currency="USD",
        now=MONDAY,
        ticket=10**7,
        choices=rules.Choices(close_by_refunds=refunds),
    )
    records = [pair.first, pair.second, *([pair.rest] if pair.rest else [])]
    for name in ("storage", "taxes"):
        total = sum((getattr(each, name) for each in records), ZERO)
        assert total == getattr(first, name) + getattr(second, name)
    commission = sum((each.commission for each in records), ZERO)
    given_back = commission - first.commission - second.commission
    share, _ = rules.pro_rata(second.commission, matched, second.volume, "USD")
    assert given_back == (-share if refunds else 0)
    assert pair.first.volume == matched
    assert pair.second.volume == 0
    left = pair.rest.volume if pair.rest else 0
    assert left == abs(first.volume - second.volume)
    assert all(len(each.comment) <= TRADE_COMMENT for each in records)


@brisk
@given(volume, volume, st.integers(1, 1000), st.sampled_from((0, 25_000, 50_000, 100_000)))
def test_full_lock_costs_its_hedged_units_whatever_it_is_made_of(
    one: int, other: int, leverage: int, hedged_units: int
) -> None:
    unit, share = Decimal("1.1"), rules.Ratio(over=Decimal(leverage))
    legs = [
        rules.Leg(True, rules.lots(one), unit),
        rules.Leg(True, rules.lots(other), unit),
        rules.Leg(False, rules.lots(one + other), unit),
    ]

    def taken(some: list[rules.Leg]) -> Decimal:
        return rules.margin(
            some,
            units=Decimal(100_000),
            hedged_units=Decimal(hedged_units),
            currency="USD",
            share=share,
        )

    locked, one_side = taken(legs), taken(legs[:2])
    assert locked == quantize(2 * rules.lots(one + other) * hedged_units * unit / leverage, "USD")
    if hedged_units == 50_000:
        assert locked == one_side


@brisk
@given(accounts, positions(), money, positive)
def test_figures_after_an_order_are_those_of_an_account_that_has_it(
    trades: list[Trade], more: Trade, balance: Decimal, credit: Decimal
) -> None:
    before = figures(trades, balance, credit)
    after = rules.after_opening(TERMS, before, more, MARKET)
    assert after == figures([*trades, more], balance, credit)


@brisk
@given(positions(("EURUSD",)), money, st.booleans())
def test_hedge_that_lowers_the_margin_is_admitted_unless_the_symbol_is_strong(
    held: Trade, balance: Decimal, strong: bool
) -> None:
    symbol = replace(EURUSD, margin_hedged=ZERO, margin_hedged_strong=int(strong))
    market = replace(MARKET, symbols={**SYMBOLS, "EURUSD": symbol})
    opposite = SELL if held.trade_command is BUY else BUY
    hedge = replace(held, order=10**7, trade_command=opposite)
    before = rules.figures(TERMS, balance=balance, credit=ZERO, trades=[held], market=market)
    after, refusal = rules.check_admission(TERMS, before, hedge, market)
    assert after.margin == 0 < before.margin
    assert (refusal is None) == (not strong or after.free >= 0)


@brisk
@given(accounts, positions(), money, positive)
def test_admitted_order_that_raises_the_margin_leaves_free_margin(
    trades: list[Trade], more: Trade, balance: Decimal, virtual: Decimal
) -> None:
    terms = replace(TERMS, group=replace(GROUP, credit=virtual))
    before = figures(trades, balance, ZERO, terms)
    after, refusal = rules.check_admission(terms, before, more, MARKET)
    assume(after.margin >= before.margin)
    assert (refusal is None) == (after.free + virtual >= 0)


@brisk
@given(money, positive, money, positive, st.integers(0, 1000), money, currencies)
def test_most_that_can_be_withdrawn_is_safe_and_the_next_amount_is_not(
    balance: Decimal,
    credit: Decimal,
    floating: Decimal,
    margin: Decimal,
    minimum: int,
    free: Decimal,
    currency: str,
) -> None:
    equity = rules.equity(balance, credit, [floating], currency)

    def safe(amount: Decimal) -> bool:
        without_credit = equity - amount - credit
        return (
            amount <= balance
            and without_credit >= margin
            and without_credit * 100 >= margin * minimum
            and amount <= free - credit
        )

    most = rules.withdrawable(
        balance=balance,
        credit=credit,
        equity=equity,
        margin=margin,
        currency=currency,
        minimum_level=Decimal(minimum),
        free=free,
    )
    assert most >= 0
    assert not has_too_many_decimals(most, currency)
    assert most == 0 or safe(most)
    assert not safe(most + unit_of(currency))


@brisk
@given(
    st.sampled_from(ProfitCalculationMode),
    volume,
    st.decimals(min_value=1, max_value=200, places=3),
    st.decimals(min_value=1, max_value=200, places=3),
)
def test_what_one_side_wins_the_other_loses(
    mode: ProfitCalculationMode, size: int, open_price: Decimal, close_price: Decimal
) -> None:
    results = [
        rules.profit(
            mode,
            is_buy=is_buy,
            lots=rules.lots(size),
            open_price=open_price,
            close_price=close_price,
            contract_size=Decimal(100_000),
            currency="USD",
            tick_size=Decimal("0.25"),
            tick_value=Decimal("12.5"),
            rate=rules.Ratio(over=Decimal("149.4")),
        )
        for is_buy in (True, False)
    ]
    assert results[0] == -results[1]
    assert (results[0] == 0) or (results[0] > 0) == (close_price > open_price)


@brisk
@given(accounts, money, positive)
def test_stopout_ends_and_every_cent_is_in_the_balance(
    trades: list[Trade], balance: Decimal, credit: Decimal
) -> None:
    now = figures(trades, balance, credit)
    equity = now.equity
    for _ in range(len(trades)):
        if now.state is not MarginLevelType.StopOut:
            break
        worst = rules.most_losing(now.held)
        assert worst is not None
        assert all(worst.net <= each.net for each in now.held)
        assert len(rules.stopout_comment(now.equity, now.margin, "USD")) <= TRADE_COMMENT
        left = [each.trade for each in now.held if each is not worst]
        now = figures(left, now.balance + worst.net, credit)
        assert now.equity == equity
    assert now.state is not MarginLevelType.StopOut


@brisk
@given(st.sampled_from(sorted(SYMBOLS)), st.decimals(min_value=1, max_value=9999, places=7))
def test_rounded_price_is_a_price(name: str, price: Decimal) -> None:
    symbol = SYMBOLS[name]
    rounded = rules.round_price(symbol, price)
    assert rules.check_price(symbol, rounded) is None
    assert abs(rounded - price) <= (symbol.tick_size or symbol.point) / 2
