"""Live figures of accounts and positions at the prices of now, by `panel.mt4.rules`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4 import rules
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import MarginLevel, SymbolConfig, Trade, User
from panel.mt4.sandbox.clock import server_time, unix_seconds
from panel.mt4.sandbox.records import Account, GroupEntry, is_open, is_position
from panel.mt4.sandbox.state import State

Price = Callable[[str], Decimal | None]


def _bid(state: State) -> Price:
    quotes = state.quotes
    return lambda pair: quotes[pair].bid if pair in quotes else None


def _ask(state: State) -> Price:
    quotes = state.quotes
    return lambda pair: quotes[pair].ask if pair in quotes else None


def close_price(state: State, trade: Trade) -> Decimal:
    """What a position would close at: a buy at Bid, a sell at Ask."""
    quote = state.quotes[trade.symbol]
    return quote.bid if trade.trade_command is TradeCommand.Buy else quote.ask


def profit_at(
    state: State, symbol: SymbolConfig, trade: Trade, price: Decimal, currency: str
) -> Decimal:
    """Profit of a position closed at this price, in the account's currency."""
    is_buy = trade.trade_command is TradeCommand.Buy
    rate = rules.conversion_rate(symbol.currency, currency, _bid(state) if is_buy else _ask(state))
    return rules.profit(
        symbol.profit_calculation_mode,
        is_buy=is_buy,
        lots=rules.lots(trade.volume),
        open_price=trade.open_price,
        close_price=price,
        contract_size=symbol.contract_size,
        tick_size=symbol.tick_size,
        tick_value=symbol.tick_value,
        rate=rate or rules.ONE,
    )


def margin_rate(state: State, symbol: SymbolConfig, currency: str) -> Decimal:
    """The rate from margin to deposit currency that an order opened now keeps, eight decimals."""
    rate = rules.conversion_rate(symbol.margin_currency, currency, _ask(state))
    return round(rate or rules.ONE, 8)


def shown(state: State, trade: Trade) -> Trade:
    """A record as the server gives it out: open ones with the price and the profit of now."""
    if not is_open(trade) or trade.symbol not in state.quotes:
        return trade
    if not is_position(trade):
        quote = state.quotes[trade.symbol]
        buys = (TradeCommand.BuyLimit, TradeCommand.BuyStop)
        return replace(trade, close_price=quote.ask if trade.trade_command in buys else quote.bid)
    price = close_price(state, trade)
    currency = _group_of(state, trade.login).group.currency
    profit = profit_at(state, state.symbols[trade.symbol], trade, price, currency)
    return replace(trade, close_price=price, profit=profit)


def _group_of(state: State, login: int) -> GroupEntry:
    return state.groups[state.accounts[login].user.group]


def _symbol_margin(
    symbol: SymbolConfig, trades: list[Trade], group: GroupEntry, leverage: int
) -> Decimal:
    divider = next(
        (entry.margin_divider for entry in group.margins if entry.symbol == symbol.symbol), ZERO
    )
    percentage = rules.HUNDRED / divider if divider else symbol.percentage
    legs = [
        rules.Leg(
            is_buy=trade.trade_command is TradeCommand.Buy,
            lots=rules.lots(trade.volume),
            unit=rules.unit_margin(
                symbol.margin_calculation_mode,
                price=trade.open_price,
                leverage=leverage,
                rate=trade.margin_rate,
                percentage=percentage,
                tick_size=symbol.tick_size,
                tick_value=symbol.tick_value,
            ),
        )
        for trade in trades
    ]
    return rules.margin(
        legs,
        units=rules.units_per_lot(
            symbol.margin_calculation_mode, symbol.contract_size, symbol.margin_initial
        ),
        hedged_units=symbol.margin_hedged,
        large_leg=bool(group.group.hedge_large_leg),
    )


def margin_level(state: State, account: Account) -> MarginLevel:
    """The margin state of an account now."""
    return margin_level_with(state, account.user, state.positions(account.login))


def margin_level_with(state: State, user: User, positions: Iterable[Trade]) -> MarginLevel:
    """The margin state that an account would have with these open positions."""
    entry = state.groups[user.group]
    group = entry.group
    leverage = user.leverage or group.default_leverage
    by_symbol: dict[str, list[Trade]] = defaultdict(list)
    floating = []
    volume = 0
    for trade in positions:
        by_symbol[trade.symbol].append(trade)
        symbol = state.symbols[trade.symbol]
        profit = profit_at(state, symbol, trade, close_price(state, trade), group.currency)
        floating.append(profit + trade.storage + trade.commission + trade.taxes)
        volume += trade.volume
    margin = sum(
        (
            _symbol_margin(state.symbols[name], trades, entry, leverage)
            for name, trades in by_symbol.items()
        ),
        ZERO,
    )
    equity = rules.equity(user.balance, user.credit, floating)
    return MarginLevel(
        login=user.login,
        group=user.group,
        leverage=leverage,
        updated=unix_seconds(server_time()),
        # MT4's own structure carries the credit in here, whatever the field's name says.
        balance=user.balance + user.credit,
        equity=equity,
        volume=volume,
        margin=margin,
        free=rules.free_margin(
            group.margin_mode,
            balance=user.balance,
            credit=user.credit,
            floating=floating,
            margin=margin,
        ),
        level=rules.level(equity, margin),
        controlling_type=group.margin_controlling_type,
        level_type=rules.margin_state(
            group.margin_controlling_type,
            equity=equity,
            margin=margin,
            call=Decimal(group.margin_call),
            stopout=Decimal(group.margin_stopout),
        ),
    )
