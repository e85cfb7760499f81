"""Changing groups: replace, patch, reorder. The nested tables of a group survive all of it."""

from __future__ import annotations

from dataclasses import replace

from panel.mt4.protocol.records import Group, GroupUpdate
from panel.mt4.sandbox import settings
from panel.mt4.sandbox.answers import invalid_data
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.operations.config_lists import shifted
from panel.mt4.sandbox.operations.fields import checked, patched, same_named
from panel.mt4.sandbox.operations.groups import entry_of
from panel.mt4.sandbox.records import GroupEntry

CURRENCY_LENGTH = 3
_AMOUNTS = ("default_leverage", "margin_call", "margin_stopout", "max_positions", "max_securities")


def _write(call: Call, entry: GroupEntry, update: GroupUpdate) -> Group:
    checked(update)
    if not (len(update.currency) == CURRENCY_LENGTH and update.currency.isalpha()):
        raise invalid_data("currency: three letters name one, such as USD.")
    for name in _AMOUNTS:
        if getattr(update, name) < 0:
            raise invalid_data(f"{name}: it must not be negative.")
    group = replace(entry.group, **same_named(update, GroupUpdate))
    changed = call.unit.state.groups | {group.group: replace(entry, group=group)}
    settings.put_groups(call.unit, list(changed.values()))
    return group


def update(call: Call) -> Group:
    return _write(call, entry_of(call), call.record(GroupUpdate))


def patch(call: Call) -> Group:
    entry = entry_of(call)
    return _write(call, entry, patched(call, GroupUpdate(**same_named(entry.group, GroupUpdate))))


def shift(call: Call) -> bool:
    settings.put_groups(call.unit, shifted(call, list(call.unit.state.groups.values())))
    return True


HANDLERS = {
    "GroupRecordUpdate/{group}": update,
    "GroupRecord/{group}": patch,
    "CfgShiftGroup/{pos}": shift,
}
