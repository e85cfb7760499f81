"""One operation over many accounts: all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from panel.mt4.protocol.enums import ResultCode, UsersGroupCommand
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import User, UsersGroupOp
from panel.mt4.sandbox.answers import invalid, invalid_data, rejected
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.operations.accounts import checked
from panel.mt4.sandbox.records import Account


def _changes(wanted: UsersGroupOp, user: User) -> Mapping[str, Any]:
    if wanted.command is UsersGroupCommand.Enable:
        return {"enable_flags": user.enable_flags | EnableFlags.Enabled}
    if wanted.command is UsersGroupCommand.Disable:
        return {"enable_flags": user.enable_flags & ~EnableFlags.Enabled}
    if wanted.command is UsersGroupCommand.Leverage:
        return {"leverage": wanted.leverage}
    return {"group": wanted.new_group}


def _accounts(call: Call, wanted: UsersGroupOp) -> list[Account]:
    if not wanted.logins:
        raise invalid("logins must name at least one account.")
    accounts = []
    for login in dict.fromkeys(wanted.logins):
        account = call.unit.account(login)
        if account is None:
            raise rejected(ResultCode.BadAccountInfo, f"There is no account {login}.")
        accounts.append(account)
    return accounts


def users_group_op(call: Call) -> bool:
    if not isinstance(call.body, dict) or call.body.get("command") in (None, ""):
        raise invalid("command must be given.")
    wanted = call.record(UsersGroupOp)
    for account in _accounts(call, wanted):
        if wanted.command is UsersGroupCommand.Delete:
            if call.state.open_trades(account.login):
                raise invalid_data(f"Account {account.login} has open orders.")
            call.unit.drop_account(account.login)
        else:
            user = replace(account.user, **_changes(wanted, account.user))
            call.unit.put_account(replace(account, user=checked(call, user)))
    return True


HANDLERS = {"UsersGroupOp": users_group_op}
