"""The one place where orders change and money moves with them, inside one unit of work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4 import rules
from panel.mt4.protocol.enums import ActivationType, TradeRecordState
from panel.mt4.protocol.records import GroupSec, SymbolConfig, Trade
from panel.mt4.sandbox.figures import figures_of, market_of, terms_of
from panel.mt4.sandbox.records import Account, GroupEntry, Quote
from panel.mt4.sandbox.unit import Unit

NO_SECURITY = GroupSec()


@dataclass(frozen=True, slots=True)
class Deal:
    """An account and a symbol, with the settings that hold between the two."""

    account: Account
    entry: GroupEntry
    symbol: SymbolConfig
    quote: Quote | None

    @property
    def security(self) -> GroupSec:
        """What the group sets for the symbol's kind; nothing allowed where it has no such slot."""
        slots = self.entry.securities
        return slots[self.symbol.type] if self.symbol.type < len(slots) else NO_SECURITY


class Desk:
    """Changes to orders at one moment. Closed results go to the balance exactly."""

    def __init__(self, unit: Unit, now: datetime) -> None:
        self.unit = unit
        self.state = unit.state
        self.now = now

    def account_of(self, trade: Trade) -> Account:
        """The account of a record; accounts with open records cannot be deleted."""
        account = self.unit.account(trade.login)
        if account is None:
            raise LookupError(f"Order {trade.order} has no account.")
        return account

    def figures(self, account: Account) -> rules.Figures:
        """An account's figures as this unit leaves it. Raises UnknownMarketError."""
        return figures_of(self.state, account.user, self.unit.open_trades(account.login))

    def profit(
        self,
        trade: Trade,
        price: Decimal,
        *,
        volume: int | None = None,
    ) -> Decimal:
        """What a position, or some of it, brings at a price. Raises UnknownMarketError."""
        symbol = market_of(self.state).symbol(trade.symbol)
        quotes, currency = self.state.quotes.get, self.currency_of(trade)
        return rules.trade_profit(symbol, trade, price, currency, quotes, volume=volume)

    def currency_of(self, trade: Trade) -> str:
        """The currency of a record's account."""
        return self.state.groups[self.account_of(trade).user.group].group.currency

    def priced(self, deal: Deal, trade: Trade) -> Trade:
        """A position about to open, with its margin rate and its commission."""
        currency, quotes = deal.entry.group.currency, self.state.quotes.get
        is_buy = rules.is_long(trade.trade_command)
        return replace(
            trade,
            margin_rate=rules.margin_rate(
                deal.symbol, currency, quotes, is_buy=is_buy, open_price=trade.open_price
            ),
            commission=rules.trade_commission(
                deal.security,
                deal.symbol,
                is_buy=is_buy,
                volume=trade.volume,
                open_price=trade.open_price,
                currency=currency,
                quotes=quotes,
                choices=terms_of(self.state, deal.account.user).choices,
            ),
        )

    def admission(self, account: Account, trade: Trade) -> rules.Refusal | None:
        """Why an account has not the money for one more position."""
        terms, market = terms_of(self.state, account.user), market_of(self.state)
        others = [
            each for each in self.unit.open_trades(account.login) if each.order != trade.order
        ]
        before = figures_of(self.state, account.user, others)
        _, refusal = rules.check_admission(terms, before, trade, market)
        return refusal

    def put(self, trade: Trade) -> None:
        """A record that moves no money: an open one, or a pending order that is gone."""
        self.unit.put_trade(replace(trade, time_stamp=self.now))

    def close(
        self,
        trade: Trade,
        price: Decimal,
        *,
        comment: str | None = None,
        activation: ActivationType = ActivationType.None_,
    ) -> None:
        """Close a whole position. Raises UnknownMarketError, and nothing happened then."""
        closed = replace(
            trade,
            trade_record_state=TradeRecordState.ClosedNormal,
            close_price=price,
            close_time=self.now,
            profit=self.profit(trade, price),
            activation_type=activation or trade.activation_type,
            comment=trade.comment if comment is None else comment,
        )
        self.settle([closed])

    def settle(self, closed: Iterable[Trade]) -> None:
        """Put closed records of one account, and their results on its balance."""
        records = list(closed)
        account = self.account_of(records[0])
        balance = account.user.balance + sum(map(rules.net, records), ZERO)
        self.unit.put_account(replace(account, user=replace(account.user, balance=balance)))
        for record in records:
            self.put(record)

    def delete(self, trade: Trade, comment: str | None = None) -> None:
        """End an order without a result, whatever was booked on it while it was open."""
        self.put(
            replace(
                trade,
                trade_record_state=TradeRecordState.Deleted,
                close_time=self.now,
                close_price=self._market_price(trade),
                comment=trade.comment if comment is None else comment,
                profit=ZERO,
                storage=ZERO,
                commission=ZERO,
                commission_agent=ZERO,
                taxes=ZERO,
            )
        )

    def _market_price(self, trade: Trade) -> Decimal:
        quote = self.state.quotes.get(trade.symbol)
        if quote is None:
            return trade.open_price
        if rules.is_pending(trade.trade_command):
            return rules.opening_price(trade.trade_command, quote)
        return rules.closing_price(trade.trade_command, quote)
