"""Which accounts to look at again when a price goes where: nobody walks over all of them.

An account that was looked at is safe until a price that its figures depend on has gone so far
that, were all of them to go as far against it, it would reach its stop-out. That distance is
kept for each of those prices. Whoever's records change is looked at anew, and a slow round over
all accounts finds what settings changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from panel.lib.money import ZERO
from panel.mt4 import rules
from panel.mt4.protocol.enums import MarginControllingType
from panel.mt4.protocol.records import Group, Trade, User
from panel.mt4.sandbox.exchange.levels import Levels
from panel.mt4.sandbox.figures import terms_of
from panel.mt4.sandbox.records import Quote
from panel.mt4.sandbox.state import State

FARTHEST = Decimal("0.25")
"""No price goes so far between two rounds."""
CAUTION = Decimal("0.9")
"""Products of two moves, and margins that float, are left out of the sum."""
ROUND_TICKS = 300


class Watch:
    """Accounts and the prices at which each must be looked at again."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_symbol: dict[str, Levels[tuple[int, int]]] = {}
        self._looks: dict[int, int] = {}
        self._added = 0
        self._round: list[int] = []
        self._share = 1

    def due(self, symbols: Iterable[str], most: int | None) -> list[int]:
        """Accounts to look at after these symbols moved, those with changed records first.

        No more than `most` of the changed ones; the others stay due.
        """
        changed = list(islice(self._state.touched, most))
        for login in changed:
            del self._state.touched[login]
        found = dict.fromkeys(changed)
        moved = list(symbols)
        for name in moved:
            levels, quote = self._by_symbol.get(name), self._state.quotes.get(name)
            if levels is not None and quote is not None:
                for login, look in levels.reached(quote):
                    if self._looks.get(login) == look:
                        found[login] = None
        if moved or most is None:
            found.update(dict.fromkeys(self._next_of_the_round()))
        return list(found)

    def _next_of_the_round(self) -> list[int]:
        if not self._round:
            self._round = self._state.logins_with_open_trades()
            self._share = len(self._round) // ROUND_TICKS + 1
        share, self._round = self._round[: self._share], self._round[self._share :]
        return share

    def figures(self, user: User, trades: list[Trade]) -> tuple[rules.Figures, set[str]]:
        """An account's figures, and every symbol whose price they depend on."""
        used: set[str] = set()
        quotes = self._state.quotes

        def noting(name: str) -> Quote | None:
            found = quotes.get(name)
            if found is not None:
                used.add(name)
            return found

        figures = rules.figures(
            terms_of(self._state, user),
            balance=user.balance,
            credit=user.credit,
            trades=trades,
            market=rules.Market(self._state.symbols, noting),
        )
        return figures, used

    def forget(self, login: int) -> None:
        """An account without positions is safe from everything."""
        self._looks.pop(login, None)

    def keep(self, user: User, figures: rules.Figures, used: Iterable[str]) -> None:
        """Remember how far the prices may go before this account must be looked at again."""
        login = user.login
        look = self._looks[login] = self._looks.get(login, 0) + 1
        group = self._state.groups[user.group].group
        exposure = self._exposure(figures, group.currency)
        distance = max(_room(group, figures), ZERO) * CAUTION / exposure if exposure else FARTHEST
        if distance >= FARTHEST:
            return
        for name in used:
            quote, levels = self._state.quotes[name], self._by_symbol.setdefault(name, Levels())
            levels.when_bid_falls(quote.bid * (1 - distance), (login, look))
            levels.when_ask_rises(quote.ask * (1 + distance), (login, look))
            self._added += 2
        self._tidy()

    def _exposure(self, figures: rules.Figures, currency: str) -> Decimal:
        """What all positions are worth: by how much equity falls when prices double."""
        total = ZERO
        for held in figures.held:
            symbol = self._state.symbols[held.trade.symbol]
            from_nothing = replace(held.trade, open_price=ZERO)
            value = rules.trade_profit(
                symbol, from_nothing, held.close_price, currency, self._state.quotes.get
            )
            total += abs(value) + 2 * abs(held.profit)
        return total

    def _tidy(self) -> None:
        if self._added <= 20 * len(self._looks) + 10_000:
            return
        for levels in self._by_symbol.values():
            levels.keep(lambda entry: self._looks.get(entry[0]) == entry[1])
        self._added = sum(map(len, self._by_symbol.values()))


def _room(group: Group, figures: rules.Figures) -> Decimal:
    """How much equity may be lost before a stop-out."""
    if group.margin_controlling_type is MarginControllingType.Percent:
        return figures.equity - figures.margin * group.margin_stopout / rules.HUNDRED
    return figures.equity - figures.margin - group.margin_stopout
