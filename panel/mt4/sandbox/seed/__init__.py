"""Demo data for the first start."""

from __future__ import annotations

import random
from datetime import datetime

from panel.mt4.sandbox.seed import configuration, groups, instruments, people
from panel.mt4.sandbox.seed.history import Historian
from panel.mt4.sandbox.state import State


def fill(state: State, *, accounts: int, seed: int, now: datetime) -> None:
    """Groups, symbols, a manager, and `accounts` accounts with two years of history before `now`.

    The same seed makes the same data, with all dates moved along with `now`.
    """
    chance = random.Random(seed)
    instruments.add_to(state, now)
    groups.add_to(state)
    configuration.add_to(state, now)
    people.add_manager(state, now)
    historian = Historian(state, chance, now, accounts)
    for _ in range(accounts):
        historian.write_account(people.make(chance, state, now))
    historian.finish()
