"""The two passwords of an account: the main one, and the investor's that only looks."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import replace

from panel.mt4 import limits
from panel.mt4.protocol.enums import ResultCode
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.sandbox.answers import invalid_data, rejected
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.records import Account

_ROUNDS = 1000  # play money behind it: a light digest keeps bulk resets quick


def _digest(password: str, salt: str) -> str:
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS)
    return f"{salt}${key.hex()}"


def _is(password: str, digest: str) -> bool:
    return bool(digest) and hmac.compare_digest(_digest(password, digest.partition("$")[0]), digest)


def _account(call: Call) -> Account:
    login = call.number("login")
    account = call.unit.account(login)
    if account is None:
        raise rejected(ResultCode.BadAccountInfo, f"There is no account {login}.")
    return account


def set_password(call: Call) -> bool:
    account = _account(call)
    password = call.record(str)
    for_investor = call.flag("changeInvestor")
    for problem in limits.check_password(password):
        raise invalid_data(problem)
    if _is(password, account.password if for_investor else account.investor_password):
        raise invalid_data("The main and the investor password must differ.")
    digest = _digest(password, secrets.token_hex(8))
    if for_investor:
        call.unit.put_account(replace(account, investor_password=digest))
    else:
        call.unit.put_account(replace(account, password=digest))
    return True


def check_password(call: Call) -> bool:
    account = _account(call)
    password = call.record(str)
    if not (_is(password, account.password) or _is(password, account.investor_password)):
        raise rejected(ResultCode.BadAccountInfo, "Wrong login or password.")
    group = call.state.groups[account.user.group].group
    if not group.enable or EnableFlags.Enabled not in account.user.enable_flags:
        raise rejected(ResultCode.AccountDisabled, "The account or its group is disabled.")
    return True


HANDLERS = {
    "UserPasswordSet/{login}": set_password,
    "UserPasswordCheck/{login}": check_password,
}
