"""Groups of accounts. Names are case-sensitive, as in MT4."""

from __future__ import annotations

from panel.mt4.protocol.records import Group, GroupMargin, GroupSec
from panel.mt4.sandbox.answers import Page, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.paging import page
from panel.mt4.sandbox.records import GroupEntry
from panel.mt4.sandbox.state import SortedKeys


def _entry(call: Call) -> GroupEntry:
    name = call.params["group"]
    entry = call.state.groups.get(name)
    if entry is None:
        raise not_found(f"There is no group {name}.")
    return entry


def exists(call: Call) -> bool:
    return call.params["group"] in call.state.groups


def listed(call: Call) -> list[Group]:
    return [entry.group for entry in call.state.groups.values()]


def paged(call: Call) -> Page:
    groups = listed(call)
    return page(call, SortedKeys(range(len(groups))).after, groups.__getitem__)


def one(call: Call) -> Group:
    return _entry(call).group


def securities(call: Call) -> list[GroupSec]:
    return list(_entry(call).securities)


def margins(call: Call) -> list[GroupMargin]:
    return list(_entry(call).margins)


HANDLERS = {
    "EnsureGroupNameExist/{group}": exists,
    "GroupsGet": listed,
    "GroupsRequest": paged,
    "GroupRecordGet/{group}": one,
    "GroupSecGroupsGet/{group}": securities,
    "GroupSecMarginsGet/{group}": margins,
}
