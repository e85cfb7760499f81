"""Groups of accounts. Names are case-sensitive, as in MT4."""

from __future__ import annotations

from panel.mt4.protocol.records import Group, GroupMargin, GroupSec
from panel.mt4.sandbox.answers import Page, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.paging import page_by_name
from panel.mt4.sandbox.records import GroupEntry


def entry_of(call: Call) -> GroupEntry:
    """The group of the path; raises NotFound."""
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
    """By name, so that pages hold when groups are shifted; `listed` has the server's order."""
    groups = call.state.groups
    return page_by_name(call, sorted(groups), lambda name: groups[name].group)


def one(call: Call) -> Group:
    return entry_of(call).group


def securities(call: Call) -> list[GroupSec]:
    return list(entry_of(call).securities)


def margins(call: Call) -> list[GroupMargin]:
    return list(entry_of(call).margins)


HANDLERS = {
    "EnsureGroupNameExist/{group}": exists,
    "GroupsGet": listed,
    "GroupsRequest": paged,
    "GroupRecordGet/{group}": one,
    "GroupSecGroupsGet/{group}": securities,
    "GroupSecMarginsGet/{group}": margins,
}
