"""Who is connected. No terminal connects to a sandbox, so sessions are made up, plausibly: of the
accounts that trade or were seen lately, each is in for some of the hours, the same for everybody
who asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from zlib import crc32

from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import Online
from panel.mt4.sandbox.records import Account
from panel.mt4.sandbox.state import State

SEEN_WITHIN = timedelta(days=30)
SHARE_OF_HOURS = 25
"""Percent of the hours in which such an account is connected."""


def _is_in(account: Account, hour: int) -> bool:
    return crc32(f"{account.login} {hour}".encode()) % 100 < SHARE_OF_HOURS


def online(state: State, connected: Iterable[int] = ()) -> list[Online]:
    """The sessions of now, by login; those of `connected` are real ones."""
    now = state.clock.now()
    since, hour = now - SEEN_WITHIN, now.toordinal() * 24 + now.hour
    traders, real = set(state.logins_with_open_trades()), set(connected)

    def is_online(account: Account) -> bool:
        user = account.user
        if user.login in real:
            return True
        is_active = user.login in traders or since <= user.last_date <= now
        return is_active and EnableFlags.Enabled in user.enable_flags and _is_in(account, hour)

    accounts = (state.accounts[login] for login in state.logins)
    return [Online(login=a.login, group=a.user.group) for a in accounts if is_online(a)]
