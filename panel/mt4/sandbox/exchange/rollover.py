"""The end of a server day: swaps, orders good for the day only, and the daily reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4 import rules
from panel.mt4.protocol.enums import GTCMode, TradeCommand
from panel.mt4.protocol.records import DailyReport, Trade, User
from panel.mt4.sandbox.dealing.desk import Desk
from panel.mt4.sandbox.figures import figures_of, market_of, terms_of
from panel.mt4.sandbox.records import Account, is_position
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.unit import Unit

ACCOUNTS_AT_ONCE = 100
LAST_MINUTE = time(23, 59)


class Rollover:
    """Ends days. Each unit it gives out says how far it got, so that none is charged twice."""

    def __init__(self, state: State) -> None:
        self._state = state

    def end(self, day: date, after: int) -> Iterator[tuple[Unit, int]]:
        """The end of a day for all accounts with a login above `after`, some at a time.

        With each unit comes the last login it is done with; commit it before asking for more.
        """
        while logins := self._state.logins.after(after, ACCOUNTS_AT_ONCE):
            desk = Desk(Unit(self._state), self._state.clock.now())
            reports = []
            for login in logins:
                account = self._state.accounts[login]
                self._end_for(desk, account, day)
                report = self._report(desk, login, day)
                if report is not None:
                    reports.append(report)
            self._keep(desk.unit, reports)
            after = logins[-1]
            yield desk.unit, after

    def _keep(self, unit: Unit, reports: list[DailyReport]) -> None:
        if reports:
            unit.then(lambda _: self._state.dailies.add(reports), lambda: None)

    def _end_for(self, desk: Desk, account: Account, day: date) -> None:
        for trade in desk.unit.open_trades(account.login):
            if trade.open_time.date() > day:
                continue  # Somebody was faster than the end of the day.
            symbol = self._state.symbols.get(trade.symbol)
            daily = symbol is not None and symbol.gtc_mode is not GTCMode.GTC
            if daily and not is_position(trade):
                desk.delete(trade, rules.comment_with(trade.comment, "[day is over]"))
                continue
            changed = self._with_swap(account, trade, day) if is_position(trade) else trade
            if symbol is not None and symbol.gtc_mode is GTCMode.Daily:
                changed = replace(changed, sl=ZERO, tp=ZERO)
            if changed != trade:
                desk.put(changed)

    def _with_swap(self, account: Account, trade: Trade, day: date) -> Trade:
        terms, market = terms_of(self._state, account.user), market_of(self._state)
        if not terms.group.use_swap:
            return trade
        try:
            amount = rules.trade_swap(
                market.symbol(trade.symbol),
                trade,
                day=day,
                price=market.closing_price(trade),
                currency=terms.group.currency,
                quotes=market.quotes,
                override=terms.overrides.get(trade.symbol),
                choices=terms.choices,
            )
        except rules.UnknownMarketError:
            return trade
        return replace(trade, storage=trade.storage + amount) if amount else trade

    def _report(self, desk: Desk, login: int, day: date) -> DailyReport | None:
        """The account's report; it also becomes what the account was the day before."""
        account = desk.unit.account(login)
        if account is None:
            return None
        trades, (deposit, closed, later) = desk.unit.open_trades(login), self._results(login, day)
        user = replace(account.user, balance=account.user.balance - later)
        if not (user.balance or user.credit or trades or deposit or closed):
            return None
        report = DailyReport(
            login=login,
            ctm=datetime.combine(day, LAST_MINUTE),
            group=user.group,
            balance_prev=user.balance - deposit - closed,
            balance=user.balance,
            deposit=deposit,
            credit=user.credit,
            profit_closed=closed,
            equity=user.balance + user.credit,
            margin_free=user.balance + user.credit,
        )
        if any(map(is_position, trades)):
            report = self._valued(report, user, trades)
        _remember(desk.unit, account, report, (day + timedelta(days=1)).day == 1)
        return report

    def _valued(self, report: DailyReport, user: User, trades: list[Trade]) -> DailyReport:
        try:
            figures = figures_of(self._state, user, trades)
        except rules.UnknownMarketError:
            return report
        return replace(
            report,
            profit=figures.equity - figures.balance - figures.credit,
            equity=figures.equity,
            margin=figures.margin,
            margin_free=figures.free,
        )

    def _results(self, login: int, day: date) -> tuple[Decimal, Decimal, Decimal]:
        """What a day brought: money paid in and out, and closed results; then what came later.

        A large server ends a day while the next one has begun.
        """
        deposit = closed = later = ZERO
        for trade in self._state.closed_trades(login):
            closed_on = trade.close_time.date()
            if closed_on < day:
                continue
            if trade.trade_command is TradeCommand.Balance:
                amount = trade.profit
            elif rules.is_market(trade.trade_command):
                amount = rules.net(trade)
            else:
                continue
            if closed_on > day:
                later += amount
            elif trade.trade_command is TradeCommand.Balance:
                deposit += amount
            else:
                closed += amount
        return deposit, closed, later


def _remember(unit: Unit, account: Account, report: DailyReport, is_month_end: bool) -> None:
    user = replace(account.user, prev_balance=report.balance, prev_equity=report.equity)
    if is_month_end:
        user = replace(user, prev_month_balance=report.balance, prev_month_equity=report.equity)
    if user != account.user:
        unit.put_account(replace(account, user=user))
