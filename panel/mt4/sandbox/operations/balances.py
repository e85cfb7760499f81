"""Whether the stored balances agree with the records that made them."""

from __future__ import annotations

from dataclasses import replace

from panel.mt4.protocol.enums import ResultCode
from panel.mt4.protocol.records import BalanceDiff
from panel.mt4.sandbox.answers import rejected
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.records import Account


def _diff(call: Call, account: Account) -> BalanceDiff:
    recomputed = call.state.recomputed_balance(account.login)
    return BalanceDiff(login=account.login, diff=account.user.balance - recomputed)


def check(call: Call) -> BalanceDiff:
    return _diff(call, call.account())


def check_many(call: Call) -> list[BalanceDiff]:
    """Only the accounts that do not agree, as MT4 answers it."""
    known = (call.state.accounts.get(login) for login in call.numbers("logins"))
    diffs = (_diff(call, account) for account in known if account is not None)
    return [diff for diff in diffs if diff.diff]


def fix(call: Call) -> bool:
    """Make the stored balances what the records say; all of them, or none."""
    for login in dict.fromkeys(call.numbers("logins")):
        account = call.unit.account(login)
        if account is None:
            raise rejected(ResultCode.BadAccountInfo, f"There is no account {login}.")
        balance = call.state.recomputed_balance(login)
        if balance != account.user.balance:
            call.unit.put_account(replace(account, user=replace(account.user, balance=balance)))
    return True


HANDLERS = {
    "AdmBalanceCheck": check_many,
    "AdmBalanceCheck/{login}": check,
    "AdmBalanceFix": fix,
}
