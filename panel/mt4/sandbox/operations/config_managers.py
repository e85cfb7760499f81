"""Managers: who may do what, over which groups. Changes hold from the next call on."""

from __future__ import annotations

from dataclasses import replace

from panel.mt4.protocol.records import ManagerRights
from panel.mt4.sandbox import settings
from panel.mt4.sandbox.answers import Page, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.operations.config_lists import listed, shifted, without
from panel.mt4.sandbox.operations.fields import checked


def _all(call: Call) -> list[ManagerRights]:
    return list(call.state.managers.values())


def request(call: Call) -> Page:
    """All managers for an administrator, for anybody else their own entry."""
    return listed(call, _all(call) if call.manager.admin else [call.manager])


def update(call: Call) -> ManagerRights:
    """The name stays: MT4 takes it from the manager's account."""
    wanted = checked(call.record(ManagerRights), unsigned=("ip_from", "ip_to"))
    before = call.state.managers.get(wanted.login)
    if before is None:
        raise not_found(f"There is no manager {wanted.login}.")
    wanted = replace(wanted, name=before.name)
    managers = call.state.managers | {wanted.login: wanted}
    settings.put_managers(call.unit, list(managers.values()))
    return wanted


def delete(call: Call) -> bool:
    settings.put_managers(call.unit, without(call, _all(call)))
    return True


def shift(call: Call) -> bool:
    settings.put_managers(call.unit, shifted(call, _all(call)))
    return True


HANDLERS = {
    "CfgRequestManager": request,
    "CfgUpdateManager": update,
    "CfgDeleteManager/{pos}": delete,
    "CfgShiftManager/{pos}": shift,
}
