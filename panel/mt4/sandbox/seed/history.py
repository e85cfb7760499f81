"""Two years of life for an account: deposits, trades, withdrawals, credits, and what is open now.

Balances are the sum of the closed records, as everywhere in MT4. Records of all accounts are
numbered in the order in which they were opened, once everybody's life is written.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from panel.mt4.protocol.records import Trade, User
from panel.mt4.sandbox.records import Account
from panel.mt4.sandbox.seed.life import Life
from panel.mt4.sandbox.seed.past_market import PastMarket
from panel.mt4.sandbox.state import State

TRADES_IN_ALL = 450_000
FEWEST_TRADES, MOST_TRADES = 3, 30


class Historian:
    """Writes lives into a state that has its groups and symbols."""

    def __init__(self, state: State, chance: random.Random, now: datetime, accounts: int) -> None:
        self._state = state
        self._chance = chance
        self._most = max(FEWEST_TRADES, min(MOST_TRADES, TRADES_IN_ALL // max(accounts, 1)))
        self._past = PastMarket(state, chance, now)
        self._records: list[Trade] = []

    def write_account(self, user: User) -> None:
        """Give an account a past and a present."""
        life = Life(self._past, user)
        life.deposit(user.registration_date + timedelta(hours=2))
        life.trade(self._most)
        life.borrow()
        if self._chance.random() < 0.38:
            life.open_positions()
        if self._chance.random() < 0.2:
            life.place_orders()
        self._records += life.records
        self._state.put_account(Account(life.finished()))

    def finish(self) -> None:
        """Number the records and put them into the state."""
        self._records.sort(key=lambda trade: (trade.open_time, trade.login))
        for ticket, trade in enumerate(self._records, 1):
            self._state.put_trade(replace(trade, order=ticket))
