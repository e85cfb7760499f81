"""The lists of settings: what is written is there after a restart, in the order people gave it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.api import USD, Api

LISTS = (
    "Access", "DataServer", "Feeder", "GatewayAccount", "GatewayMarkup", "GatewayRule", "Holiday",
    "LiveUpdate", "Sync",
)  # fmt: skip
BY_POSITION = ("Access", "DataServer", "Holiday")
CHANGES: dict[str, dict[str, Any]] = {
    "Access": {"comment": "Office", "ipTo": 2**32 - 1},
    "DataServer": {"description": "Frankfurt", "priority": 3},
    "Feeder": {"enable": 0, "dataFeedMode": "QuotesNews"},
    "GatewayAccount": {"address": "lp.example.com:443", "flags": "None"},
    "GatewayMarkup": {"bidMarkup": -2, "askMarkup": 4},
    "GatewayRule": {"requestGroup": "*", "exeVolumePercent": 50},
    "Holiday": {"month": 2, "day": 29, "year": 2028, "description": "Leap day", "to": 600},
    "LiveUpdate": {"path": "elsewhere", "build": 1404},
    "Sync": {"mode": "Insert", "securities": "Metals"},
}


@pytest.mark.parametrize("kind", LISTS)
def test_an_entry_is_replaced_moved_and_deleted_by_its_place(api: Api, kind: str) -> None:
    first, second, *rest = api.get(f"CfgRequest{kind}").data
    changed = first | CHANGES[kind]
    place = "/0" if kind in BY_POSITION else ""
    assert api.post(f"CfgUpdate{kind}{place}", changed).data == changed
    assert api.get(f"CfgRequest{kind}").data == [changed, second, *rest]
    assert api.post(f"CfgShift{kind}/0?shift=1").data is True
    assert api.get(f"CfgRequest{kind}").data == [second, changed, *rest]
    assert api.post(f"CfgShift{kind}/1?shift=-1").data is True
    assert api.post(f"CfgDelete{kind}/1").data is True
    assert api.get(f"CfgRequest{kind}").data == [changed, *rest]


@pytest.mark.parametrize("kind", LISTS)
def test_a_place_outside_of_the_list_is_refused(api: Api, kind: str) -> None:
    count = len(api.get(f"CfgRequest{kind}").data)
    assert api.post(f"CfgDelete{kind}/{count}").code == "NotFound"
    assert api.post(f"CfgShift{kind}/{count}?shift=1").code == "NotFound"
    assert api.post(f"CfgShift{kind}/0?shift={count}").code == "InvalidData"
    assert api.post(f"CfgShift{kind}/0?shift=-1").code == "InvalidData"
    assert api.post(f"CfgShift{kind}/0").code == "Validation"
    assert api.post(f"CfgShift{kind}/-1?shift=1").code == "Validation"
    assert len(api.get(f"CfgRequest{kind}").data) == count


@pytest.mark.parametrize("kind", [kind for kind in LISTS if kind not in BY_POSITION])
def test_an_update_finds_its_entry_by_name_or_nothing(api: Api, kind: str) -> None:
    entry = api.get(f"CfgRequest{kind}").data[0]
    stranger = {
        name: "nobody" if isinstance(value, str) and not value[:1].isupper() else value
        for name, value in entry.items()
    } | {"id": 999, "name": "nobody", "source": "nobody", "company": "nobody", "server": "nobody"}
    assert api.post(f"CfgUpdate{kind}", stranger).code == "NotFound"


def test_lists_page_in_the_order_of_the_server(api: Api) -> None:
    whole = api.get("CfgRequestHoliday").data
    assert [entry for page in api.pages("CfgRequestHoliday", 1) for entry in page] == whole


@pytest.mark.parametrize(
    "holiday",
    [{"month": 13, "day": 1}, {"month": 2, "day": 30}, {"month": 1, "day": 1, "from": 9, "to": 8}],
)
def test_a_holiday_is_a_day_that_exists(api: Api, holiday: dict[str, int]) -> None:
    reply = api.post("CfgUpdateHoliday/0", {"year": 2026, "symbol": "All", **holiday})
    assert reply.code == "InvalidData"


def test_an_address_fits_into_32_bits(api: Api) -> None:
    assert api.post("CfgUpdateAccess/0", {"ipFrom": 2**32}).code == "Validation"
    assert api.post("CfgUpdateAccess/0", {"ipFrom": -1}).code == "Validation"
    assert api.post("CfgUpdateAccess/0", {"comment": "x" * 300}).code == "InvalidData"


def test_access_hours_are_a_whole_week(api: Api) -> None:
    hours = [1] * 167 + [0]
    assert api.post("CfgUpdateTime", {"accessHours": hours}).data == {"accessHours": hours}
    assert api.get("CfgRequestTime").data == {"accessHours": hours}
    assert api.post("CfgUpdateTime", {"accessHours": hours[1:]}).code == "Validation"


def test_common_settings_change_without_moving_the_clock(api: Api) -> None:
    before = api.get("CfgRequestCommon").data
    update = {"name": "Training", "owner": "Training Ltd", "timeZone": before["timeZone"]}
    changed = api.post("CfgUpdateCommon", update)
    assert changed.data == before | {"name": "Training", "owner": "Training Ltd"}
    assert api.get("ManagerCommon").data == changed.data
    assert api.post("CfgUpdateCommon", update | {"timeZone": 9}).code == "InvalidData"


def test_settings_of_backups_keep_the_times_of_the_last_ones(api: Api) -> None:
    before = api.get("CfgRequestBackup").data
    update = before | {"fullBackupPeriod": "H4", "fullBackupLastTime": "2001-01-01T00:00:00Z"}
    changed = api.post("CfgUpdateBackup", update).data
    assert changed == before | {"fullBackupPeriod": "H4"}


def test_a_group_keeps_its_nested_tables_when_it_is_patched_or_replaced(api: Api) -> None:
    securities = api.get(f"GroupSecGroupsGet/{USD}").data
    margins = api.get(f"GroupSecMarginsGet/{USD}").data
    before = api.get(f"GroupRecordGet/{USD}").data
    patched = api.patch(f"GroupRecord/{USD}", {"marginCall": 90, "unheardOf": 1, "group": "x"})
    assert patched.data == before | {"marginCall": 90}
    update = {name: value for name, value in before.items() if name != "group"}
    assert api.post(f"GroupRecordUpdate/{USD}", update | {"company": "Other Ltd"}).data == (
        before | {"company": "Other Ltd"}
    )
    assert api.get(f"GroupSecGroupsGet/{USD}").data == securities
    assert api.get(f"GroupSecMarginsGet/{USD}").data == margins
    assert api.patch(f"GroupRecord/{USD}", {"currency": "dollars"}).code == "InvalidData"
    assert api.patch(f"GroupRecord/{USD}", {"marginCall": -1}).code == "InvalidData"
    assert api.patch("GroupRecord/nowhere", {}).code == "NotFound"


def test_groups_are_shifted_in_the_order_of_the_server(api: Api) -> None:
    first, second, *rest = [group["group"] for group in api.get("GroupsGet").data]
    assert api.post("CfgShiftGroup/0?shift=1").code == "Ok"
    assert [group["group"] for group in api.get("GroupsGet").data] == [second, first, *rest]


def test_settings_outlive_a_kill(lonely: Api) -> None:
    lonely.post("CfgDeleteHoliday/0")
    lonely.post("CfgShiftFeeder/0?shift=1")
    lonely.patch("SymbolConfig/EURUSD", {"stopsLevel": 33})
    lonely.post("SymbolHide/GBPUSD")
    lonely.post("CfgShiftSymbol/0?shift=2")
    paths = ("CfgRequestHoliday", "CfgRequestFeeder", "CfgRequestSymbol", "GroupsGet")
    before = [lonely.get(path).data for path in paths]
    lonely.sandbox.kill()
    lonely.sandbox.start()
    lonely.sign_in()
    assert [lonely.get(path).data for path in paths] == before
    assert lonely.get("TickInfoLast/GBPUSD").code == "NotFound"
