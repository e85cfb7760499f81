"""Accounts of the trade server. Money in the account's currency, leverage 100 means 1:100."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4.protocol.enums import UsersGroupCommand
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.wire import NO_TIME, Money, wire


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account as the server holds it. Never carries a password."""

    login: int = 0
    group: str = ""
    name: str = ""
    registration_date: datetime = NO_TIME
    last_date: datetime = NO_TIME
    external_id: str = ""
    status: str = ""
    country: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    address: str = ""
    lead_source: str = ""
    phone: str = ""
    email: str = ""
    comment: str = ""
    leverage: int = 0
    agent_account: int = 0
    last_ip: int = wire("lastIP", 0)
    balance: Money = ZERO
    credit: Money = ZERO
    prev_month_balance: Money = ZERO
    prev_balance: Money = ZERO
    prev_month_equity: Money = ZERO
    prev_equity: Money = ZERO
    interest_rate: Decimal = ZERO
    taxes: Decimal = ZERO
    enable_flags: EnableFlags = EnableFlags.None_
    send_reports: int = 0
    mqid: int = 0
    user_color: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreate:
    """A new account; login 0 takes the next number. Passwords are set by their own call."""

    login: int = 0
    group: str = ""
    name: str = ""
    external_id: str = ""
    status: str = ""
    country: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    address: str = ""
    lead_source: str = ""
    phone: str = ""
    email: str = ""
    comment: str = ""
    leverage: int = 0
    agent_account: int = 0
    interest_rate: Decimal = ZERO
    taxes: Decimal = ZERO
    enable_flags: EnableFlags = EnableFlags.None_
    send_reports: int = 0
    mqid: int = 0
    user_color: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdate:
    """All writable fields of an account; balance and credit must never be sent from here."""

    group: str = ""
    name: str = ""
    external_id: str = ""
    status: str = ""
    country: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    address: str = ""
    lead_source: str = ""
    phone: str = ""
    email: str = ""
    comment: str = ""
    leverage: int = 0
    agent_account: int = 0
    balance: Money = ZERO
    credit: Money = ZERO
    interest_rate: Decimal = ZERO
    taxes: Decimal = ZERO
    enable_flags: EnableFlags = EnableFlags.None_
    send_reports: int = 0
    mqid: int = 0
    user_color: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersGroupOp:
    """One operation over many accounts at once."""

    command: UsersGroupCommand = UsersGroupCommand.Enable
    new_group: str = ""
    leverage: int = 0
    logins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceDiff:
    """Recorded balance against the one recomputed from history; 0.00 means they agree."""

    login: int = 0
    diff: Money = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRestoreInput:
    """An account to bring back from a backup."""

    login: int = 0
    group: str = ""
    name: str = ""
    email: str = ""
    country: str = ""
    leverage: int = 0
    balance: Money = ZERO
    credit: Money = ZERO
    enable: int = 0
    enable_read_only: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """A login that is connected now."""

    login: int = 0
    group: str = ""
