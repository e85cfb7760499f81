"""The life of one account: deposits, trades, withdrawals, credits, and what is open now."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from panel.lib.money import ZERO, quantize
from panel.mt4 import rules
from panel.mt4.protocol.enums import TradeCommand, TradeRecordReason, TradeRecordState
from panel.mt4.protocol.records import SymbolConfig, Trade, User
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.sandbox.figures import margin_level_with, market_of, terms_of
from panel.mt4.sandbox.seed.groups import PLANS
from panel.mt4.sandbox.seed.past_market import PastMarket

FAVOURITES = 6  # traders keep to a handful of symbols
LARGEST_LOTS = 50.0

_DEPOSITS = {plan.name: plan.deposit for plan in PLANS}
_COMMISSIONS = {plan.name: Decimal(plan.commission) for plan in PLANS}
_CLIENTS = (TradeRecordReason.Client, TradeRecordReason.Mobile, TradeRecordReason.Expert)
_PENDING = (
    TradeCommand.BuyLimit,
    TradeCommand.SellLimit,
    TradeCommand.BuyStop,
    TradeCommand.SellStop,
)


def _off_weekend(time: datetime) -> datetime:
    """The same hour on the Friday before, when it was a weekend."""
    return time - timedelta(days=max(0, time.weekday() - 4))


class Life:
    """One account's records while they are being invented; they have no tickets yet."""

    def __init__(self, past: PastMarket, user: User) -> None:
        self._past = past
        self._state = past.state
        self._chance = past.chance
        self._careful = random.Random(user.login)
        self._now = past.now
        self._user = user
        self._group = self._state.groups[user.group].group
        self._balance = ZERO
        self._credit = ZERO
        names = self._chance.sample(past.names, FAVOURITES)
        self._symbols = [self._state.symbols[name] for name in ("EURUSD", *names)]
        self.records: list[Trade] = []

    def finished(self) -> User:
        day, month = (self._round(self._balance * self._share(0.97, 1.03)) for _ in range(2))
        return replace(
            self._user,
            balance=self._balance,
            credit=self._credit,
            prev_balance=day,
            prev_equity=day,
            prev_month_balance=month,
            prev_month_equity=month,
        )

    def _round(self, amount: Decimal) -> Decimal:
        return quantize(amount, self._group.currency)

    def _share(self, low: float, high: float) -> Decimal:
        return Decimal(f"{self._chance.uniform(low, high):.4f}")

    def _money(
        self,
        kind: TradeCommand,
        amount: Decimal,
        time: datetime,
        comment: str,
        expiration: datetime | None = None,
    ) -> None:
        record = Trade(
            login=self._user.login,
            digits=2,
            trade_command=kind,
            trade_record_state=TradeRecordState.ClosedNormal,
            open_time=time,
            close_time=time,
            profit=amount,
            comment=comment,
            trade_record_reason=TradeRecordReason.Dealer,
            time_stamp=time,
        )
        if expiration is not None:
            record = replace(record, expiration=expiration)
        self.records.append(record)
        if kind is TradeCommand.Credit:
            self._credit += amount
        else:
            self._balance += amount

    def deposit(self, time: datetime) -> None:
        """Money in: a round amount around the group's usual one."""
        usual = _DEPOSITS[self._user.group]
        step = max(usual // 20, 10)
        amount = round(usual * self._chance.lognormvariate(0, 0.6) / step) * step
        comment = f"DP {self._chance.randrange(16**8):08X} {self._chance.choice(('card', 'wire'))}"
        self._money(TradeCommand.Balance, self._round(Decimal(max(amount, step))), time, comment)

    def trade(self, most: int) -> None:
        """Closed trades through the account's life, up to about twice this many, with money moving
        in and out between them."""
        begun, chance = self._user.registration_date + timedelta(hours=3), self._chance
        span = self._now - timedelta(hours=6) - begun
        count = chance.randrange(most * 2 + 1)
        for moment in sorted(chance.random() for _ in range(count)):
            opened = _off_weekend(begun + span * moment).replace(microsecond=0)
            if opened < begun:
                continue
            if chance.random() < 0.04 or self._balance < _DEPOSITS[self._user.group] // 10:
                self.deposit(opened - timedelta(minutes=30))
            elif chance.random() < 0.04:
                amount = self._round(self._balance * self._share(0.05, 0.3))
                comment = f"WD {chance.randrange(16**8):08X} bank"
                self._money(TradeCommand.Balance, -amount, opened, comment)
            self._closed_trade(chance.choice(self._symbols), opened)

    def _closed_trade(self, symbol: SymbolConfig, opened: datetime) -> None:
        chance = self._chance
        price = self._past.price_at(symbol, opened)
        is_buy = chance.random() < 0.5
        rate, margin = self._past.rates(symbol, self._group.currency, is_buy)
        value = price * float(symbol.contract_size * rate.value)
        if symbol.tick_size:
            value *= float(symbol.tick_value / symbol.tick_size)
        lots = min(LARGEST_LOTS, float(self._balance) * chance.uniform(0.5, 6) / value)
        volume = max(1, int(lots * 100))
        wanted = float(self._balance) * max(-0.12, min(0.12, chance.gauss(0.002, 0.02)))
        move = max(-0.03, min(0.03, wanted / (value * volume / 100))) * price
        open_price = Decimal(f"{price:.{symbol.digits}f}")
        close = Decimal(f"{price + (move if is_buy else -move):.{symbol.digits}f}")
        hours = chance.expovariate(1 / 20)
        closed = min(opened + timedelta(hours=hours), self._now - timedelta(hours=1))
        closed = max(_off_weekend(closed), opened + timedelta(minutes=1)).replace(microsecond=0)
        profit = rules.profit(
            symbol.profit_calculation_mode,
            is_buy=is_buy,
            lots=rules.lots(volume),
            open_price=open_price,
            close_price=close,
            contract_size=symbol.contract_size,
            currency=self._group.currency,
            tick_size=symbol.tick_size,
            tick_value=symbol.tick_value,
            rate=rate,
        )
        storage = self._swap(symbol, is_buy, volume, open_price, rate, (closed - opened).days)
        commission = -self._round(_COMMISSIONS[self._user.group] * volume / 100)
        if self._balance + profit + storage + commission <= 0:
            return
        target = chance.random() < 0.15
        self.records.append(
            Trade(
                login=self._user.login,
                symbol=symbol.symbol,
                digits=symbol.digits,
                trade_command=TradeCommand.Buy if is_buy else TradeCommand.Sell,
                volume=volume,
                volume_lots=rules.lots(volume),
                trade_record_state=TradeRecordState.ClosedNormal,
                open_price=open_price,
                sl=close if target and profit < 0 else ZERO,
                tp=close if target and profit > 0 else ZERO,
                open_time=opened,
                close_time=closed,
                close_price=close,
                commission=commission,
                storage=storage,
                profit=profit,
                comment=("[tp]" if profit > 0 else "[sl]") if target else "",
                trade_record_reason=chance.choice(_CLIENTS),
                time_stamp=closed,
                margin_rate=margin,
            )
        )
        self._balance += profit + storage + commission

    def _swap(
        self,
        symbol: SymbolConfig,
        is_buy: bool,
        volume: int,
        price: Decimal,
        rate: rules.Ratio,
        nights: int,
    ) -> Decimal:
        if not nights:
            return ZERO
        return rules.swap(
            symbol.swap_type,
            lots=rules.lots(volume),
            value=symbol.swap_long if is_buy else symbol.swap_short,
            contract_size=symbol.contract_size,
            point=symbol.point,
            price=price,
            currency=self._group.currency,
            rate=rate,
            nights=nights,
        )

    def borrow(self) -> None:
        """Credit for some: a bonus that is still there, or one that was taken back."""
        if self._user.group == "retail-eu" or self._chance.random() > 0.15:
            return
        given = self._user.registration_date + timedelta(days=2)
        if given >= self._now:
            return
        amount = self._round(max(self._balance, Decimal(10)) * self._share(0.05, 0.3))
        until = (self._now + timedelta(days=60)).replace(hour=0, minute=0, second=0)
        self._money(TradeCommand.Credit, amount, given, "CR welcome bonus", until)
        if self._chance.random() < 0.4:
            taken = given + (self._now - given) * 0.5
            comment = "CR bonus expired"
            self._money(TradeCommand.Credit, -amount, taken.replace(microsecond=0), comment)

    def open_positions(self) -> None:
        """Positions whose margin and result put the account where it should stand."""
        chance = self._chance
        lot = chance.random()
        level = chance.uniform(260, 3000)
        if lot < 0.1:
            level = chance.uniform(104, 135)
        elif lot < 0.13:
            level = chance.uniform(self._group.margin_stopout + 5, self._group.margin_call - 2)
        elif lot < 0.135:
            level = chance.uniform(10, self._group.margin_stopout - 2)
        count = chance.randrange(1, 6)
        budget = float(self._balance + self._credit) / (level / 100) / count
        positions = [
            position
            for _ in range(count)
            if (position := self._position(chance.choice(self._symbols), budget))
        ]
        if level < 200 and positions:
            self._settle_at(level, positions)
        self.records += positions

    def _position(self, symbol: SymbolConfig, budget: float) -> Trade | None:
        """A position that needs about this much margin; None when the least is too much."""
        chance = self._chance
        opened = _off_weekend(self._now - timedelta(hours=chance.expovariate(1 / 60) + 1))
        opened = max(opened, self._user.registration_date + timedelta(hours=3))
        quote = self._state.quotes[symbol.symbol]
        is_buy = chance.random() < 0.5
        distance = float(quote.bid) * max(-0.02, min(0.02, chance.gauss(0, 0.003)))
        market = float(quote.ask if is_buy else quote.bid)
        price = rules.round_price(symbol, Decimal(market + distance))
        trade = Trade(
            login=self._user.login,
            symbol=symbol.symbol,
            digits=symbol.digits,
            trade_command=TradeCommand.Buy if is_buy else TradeCommand.Sell,
            volume=100,
            open_price=price,
            open_time=opened.replace(microsecond=0),
            trade_record_reason=chance.choice(_CLIENTS),
            time_stamp=opened.replace(microsecond=0),
            margin_rate=rules.margin_rate(
                symbol,
                self._group.currency,
                self._state.quotes.get,
                is_buy=is_buy,
                open_price=price,
            ),
        )
        per_lot = float(margin_level_with(self._state, self._user, [trade]).margin)
        volume = min(int(LARGEST_LOTS * 100), int(budget / per_lot * 100))
        if not volume:
            return None
        nights = (self._now - opened).days
        profit_rate, _ = self._past.rates(symbol, self._group.currency, is_buy)
        trade = replace(
            trade,
            volume=volume,
            volume_lots=rules.lots(volume),
            commission=-self._round(_COMMISSIONS[self._user.group] * volume / 100),
            storage=self._swap(symbol, is_buy, volume, trade.open_price, profit_rate, nights),
        )
        held = rules.hold(terms_of(self._state, self._user), trade, market_of(self._state))
        return self._guarded(
            symbol, replace(trade, profit=held.profit, close_price=held.close_price)
        )

    def _guarded(self, symbol: SymbolConfig, trade: Trade) -> Trade:
        """The position with a stop loss and a take profit, if its owner is a careful one."""
        if self._careful.random() < 0.6:
            return trade
        sign = 1 if trade.trade_command is TradeCommand.Buy else -1
        risk, hope = (sign * Decimal(f"{self._careful.uniform(0.6, 3):.2f}") / 100 for _ in "sl")
        now = trade.close_price
        return replace(
            trade,
            sl=rules.round_price(symbol, now - now * risk),
            tp=rules.round_price(symbol, now + now * hope),
        )

    def _settle_at(self, level: float, positions: list[Trade]) -> None:
        """Make the first deposit what it must have been for the account to stand at this level."""
        figures = margin_level_with(self._state, self.finished(), positions)
        wanted = self._round(figures.margin * Decimal(f"{level / 100:.4f}"))
        first = self.records[0]
        deposit = first.profit + wanted - figures.equity
        if deposit > 0 and self._balance + deposit - first.profit > 0:
            self._balance += deposit - first.profit
            self.records[0] = replace(first, profit=deposit)

    def place_orders(self) -> None:
        """A few pending orders around the market."""
        chance = self._chance
        for _ in range(chance.randrange(1, 4)):
            symbol, command = chance.choice(self._symbols), chance.choice(_PENDING)
            quote = self._state.quotes[symbol.symbol]
            below = command in (TradeCommand.BuyLimit, TradeCommand.SellStop)
            distance = float(quote.bid) * chance.uniform(0.002, 0.02) * (-1 if below else 1)
            price = rules.round_price(symbol, Decimal(float(quote.bid) + distance))
            volume = chance.choice((1, 2, 5, 10, 20, 50))
            placed = self._now - timedelta(minutes=chance.randrange(10, 20_000))
            placed = max(_off_weekend(placed), self._user.registration_date)
            is_buy = rules.is_long(command)
            _, rate = self._past.rates(symbol, self._group.currency, is_buy)
            expires = self._now.replace(second=0) + timedelta(hours=self._careful.randrange(2, 300))
            self.records.append(
                Trade(
                    login=self._user.login,
                    symbol=symbol.symbol,
                    digits=symbol.digits,
                    trade_command=command,
                    volume=volume,
                    volume_lots=rules.lots(volume),
                    open_price=price,
                    open_time=placed.replace(microsecond=0),
                    expiration=expires if self._careful.random() < 0.3 else NO_TIME,
                    trade_record_reason=chance.choice(_CLIENTS),
                    time_stamp=placed.replace(microsecond=0),
                    margin_rate=rate,
                )
            )
