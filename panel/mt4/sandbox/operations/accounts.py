"""Account records: read, create, replace, patch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from functools import partial

from panel.lib.money import LARGEST, quantize
from panel.mt4 import limits
from panel.mt4.protocol.records import User, UserCreate, UserUpdate
from panel.mt4.protocol.wire import to_wire, wire_names
from panel.mt4.sandbox.answers import Page, invalid, invalid_data
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.masks import matches
from panel.mt4.sandbox.paging import limit_of, page
from panel.mt4.sandbox.records import Account

MOST_OF_A_SNAPSHOT = 1_000_000
SNAPSHOT = 100_000

_WRITABLE = tuple(column.name for column in fields(UserUpdate))
_CREATABLE = tuple(column.name for column in fields(UserCreate))
_ON_WIRE = wire_names(UserUpdate)


def paged(call: Call) -> Page:
    return page(call, call.state.logins.after, partial(_users, call))


def _users(call: Call, logins: Iterable[int]) -> list[User]:
    """The accounts of logins that were found among this manager's."""
    accounts = call.unit.state.accounts
    return [accounts[login].user for login in logins]


def one(call: Call) -> User:
    return call.account().user


def several(call: Call) -> list[User]:
    accounts = call.state.accounts
    return [accounts[login].user for login in call.numbers("logins") if login in accounts]


def snapshot(call: Call) -> list[User]:
    limit = limit_of(call, MOST_OF_A_SNAPSHOT) or SNAPSHOT
    return _users(call, call.state.logins.after(0, limit))


def of_groups(call: Call) -> list[User]:
    """Accounts of a comma list of group masks, `*` for anything and `!` for not."""
    masks = call.params["group"]
    wanted = {name for name in call.state.groups if matches(masks, name)}
    return [user for user in _users(call, call.state.logins) if user.group in wanted]


def _problems(call: Call, user: User) -> Iterator[str]:
    for field in limits.FIELD_LIMITS:
        yield from (
            f"{field}: {problem}" for problem in limits.check_field(field, getattr(user, field))
        )
    if user.group not in call.state.groups:
        yield f"group: there is no group {user.group!r}."
    for column in fields(User):
        value = getattr(user, column.name)
        if isinstance(value, int) and column.name != "mqid" and abs(value) > limits.INT32_MAX:
            yield f"{column.name}: the number is too large."
    if not 0 <= user.mqid < 2**63:
        yield "mqid: the number is out of range."
    if user.leverage < 0:
        yield "leverage: it must not be negative."
    if abs(user.balance) > LARGEST or abs(user.credit) > LARGEST:
        yield "balance: the amount is too large."


def checked(call: Call, user: User) -> User:
    """The record as MT4 would take it, money in the decimals of its group's currency.

    Raises InvalidData for a field that does not fit.
    """
    for problem in _problems(call, user):
        raise invalid_data(problem)
    group = call.state.groups[user.group].group
    return replace(
        user,
        leverage=user.leverage or group.default_leverage,
        balance=quantize(user.balance, group.currency),
        credit=quantize(user.credit, group.currency),
    )


def create(call: Call) -> User:
    """A new account, without passwords and without money."""
    wanted = call.record(UserCreate)
    accounts = call.state.accounts
    login = wanted.login or call.state.last_login + 1
    if not 0 < login <= limits.INT32_MAX:
        raise invalid_data("login: the number is out of range.")
    if login in accounts:
        raise invalid_data(f"login: account {login} exists.")
    now = call.now()
    given = {name: getattr(wanted, name) for name in _CREATABLE if name != "login"}
    user = checked(call, User(login=login, registration_date=now, last_date=now, **given))
    call.unit.put_account(Account(user))
    return user


def _write(call: Call, account: Account, update: UserUpdate) -> User:
    given = {name: getattr(update, name) for name in _WRITABLE}
    user = checked(call, replace(account.user, **given))
    call.unit.put_account(replace(account, user=user))
    return user


def update(call: Call) -> User:
    """Replace every writable field, money included, as the native call does."""
    account = call.account()
    return _write(call, account, call.record(UserUpdate))


def patch(call: Call) -> User:
    """A JSON Merge Patch over the record; keys that MT4 does not know are ignored."""
    account = call.account()
    if not isinstance(call.body, dict):
        raise invalid("The body must be a JSON object.")
    now = to_wire(UserUpdate(**{name: getattr(account.user, name) for name in _WRITABLE}))
    known = {name: value for name, value in call.body.items() if name in _ON_WIRE.values()}
    call.body = now | known
    return _write(call, account, call.record(UserUpdate))


HANDLERS = {
    "UsersRequest": paged,
    "UserRecordGet/{login}": one,
    "UserRecordRequest/{login}": one,
    "UserRecordsRequest": several,
    "UsersSnapshot": snapshot,
    "AdmUsersRequestSafe/{group}": of_groups,
    "UserRecordNew": create,
    "UserRecordUpdate/{login}": update,
    "UserRecord/{login}": patch,
}
