"""The live look before sending: what was approved must still be possible."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from decimal import Decimal

from panel.lib.money import ZERO
from panel.models import Platform
from panel.mt4.protocol.records import User
from panel.mt4.read import reader
from panel.ui.figures import money_text
from panel.ui.owners import LOGINS_PER_CALL, portions
from payments import stops
from payments.bulk.engine.chunk import OUT, Chunk
from payments.bulk.engine.threads import senders
from payments.bulk.funds import withdrawable
from payments.models import BulkItem, Kind

# Seconds for which an account that money goes onto counts as seen, and the groups as read.
KEPT = 60.0
WORDS = {Kind.CREDIT_OUT: "of credit is there", Kind.CORRECTION_OUT: "of balance is there"}


class Seen:
    """What this process has read of one platform's accounts and groups lately."""

    def __init__(self) -> None:
        self._groups: dict[str, str] = {}
        self._groups_until = 0.0
        self._accounts: dict[int, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def currencies(self, platform: Platform) -> dict[str, str]:
        """The currency of each group."""
        with self._lock:
            if time.monotonic() > self._groups_until:
                groups = reader(platform.connection).groups()
                self._groups = {group.group: group.currency for group in groups}
                self._groups_until = time.monotonic() + KEPT
            return self._groups

    def known(self, login: int) -> str | None:
        """The account's currency, if it was read lately."""
        until, currency = self._accounts.get(login, (0.0, ""))
        return currency if time.monotonic() < until else None

    def keep(self, login: int, currency: str) -> None:
        """Remember an account's currency for a while."""
        self._accounts[login] = (time.monotonic() + KEPT, currency)


_seen: dict[int, Seen] = {}


def look(chunk: Chunk) -> dict[int, str]:
    """Why lines must not be sent, by line's key; empty if all may.

    Accounts are read many at a time. An account that money only goes onto must exist in the
    currency that was approved; from one that money leaves it must be there. Raises the errors of
    `panel.mt4.errors`: then nothing may be sent.
    """
    seen = _seen.setdefault(chunk.platform.pk, Seen())
    out = {login for login, items in chunk.accounts.items() if items[0].kind in OUT}
    # Asked once: what is known now may be forgotten while the others are being read.
    known = {login: seen.known(login) for login in chunk.accounts}
    unseen = {login for login, currency in known.items() if login in out or currency is None}
    users = _read(chunk, seen, unseen)
    known |= {login: seen.known(login) if login in users else None for login in unseen}
    most = _most(chunk, [users[login] for login in out if login in users])
    barred = stops.stopped(chunk.platform, out)
    refused: dict[int, str] = {}
    for login, items in chunk.accounts.items():
        for item in items:
            why = _why_not(item, known[login])
            if not why and login in barred and item.kind == Kind.WITHDRAWAL:
                why = f"Nothing was sent: withdrawals from {login} are stopped."
            if not why and login in out:
                why = _too_much(item, most[login])
            if why:
                refused[item.pk] = why
    return refused


def _read(chunk: Chunk, seen: Seen, logins: Iterable[int]) -> dict[int, User]:
    users: dict[int, User] = {}
    wanted = sorted(logins)
    if not wanted:
        return users
    live = reader(chunk.platform.connection)
    currencies = seen.currencies(chunk.platform)
    for some in portions(wanted, LOGINS_PER_CALL):
        for user in live.accounts_of(some):
            users[user.login] = user
            seen.keep(user.login, currencies.get(user.group, ""))
    return users


def _why_not(item: BulkItem, currency: str | None) -> str:
    if currency is None:
        return f"Nothing was sent: there is no account {item.login} any more."
    if currency != item.currency:
        return (
            f"Nothing was sent: the account is in {currency or 'an unknown currency'} now, "
            f"{item.currency} was approved."
        )
    return ""


def _too_much(item: BulkItem, most: Decimal) -> str:
    if item.amount <= most:
        return ""
    what = WORDS.get(Kind(item.kind), "can be withdrawn")
    return f"Nothing was sent: only {money_text(most, item.currency)} {what} now."


def _most(chunk: Chunk, users: list[User]) -> dict[int, Decimal]:
    """The most that may be taken out, by login; margins are read several at a time."""
    live = reader(chunk.platform.connection)
    kinds = {login: items[0].kind for login, items in chunk.accounts.items()}
    most = {
        user.login: max(user.credit if kinds[user.login] == Kind.CREDIT_OUT else user.balance, ZERO)
        for user in users
    }
    money = [user for user in users if kinds[user.login] == Kind.WITHDRAWAL]
    margins = live.margin_levels_of([user.login for user in money], senders().slots)
    for user in money:
        currency = chunk.accounts[user.login][0].currency
        most[user.login] = withdrawable(user, margins[user.login], currency)
    return most
