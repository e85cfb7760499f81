from __future__ import annotations

from datetime import UTC, datetime

import pytest

from panel.mt4.sandbox.clock import offset_hours, server_time
from tests.sandbox.api import USD, Api


def test_server_time_is_ahead_of_utc_by_the_time_zone(api: Api) -> None:
    now = datetime.fromisoformat(api.get("ServerTime").data)
    zone = api.get("ManagerCommon").data["timeZone"]
    assert zone in (2, 3)
    assert abs((now - datetime.now(UTC)).total_seconds() - zone * 3600) < 5
    assert api.get("CfgRequestCommon").data == api.get("ManagerCommon").data


@pytest.mark.parametrize(
    ("utc", "hours"),
    [
        ("2026-01-15T12:00:00", 2),
        ("2026-03-29T00:59:59", 2),
        ("2026-03-29T01:00:00", 3),
        ("2026-10-25T00:59:59", 3),
        ("2026-10-25T01:00:00", 2),
    ],
)
def test_the_clock_changes_with_european_summer_time(utc: str, hours: int) -> None:
    instant = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert offset_hours(instant.timestamp()) == hours
    assert (server_time(instant.timestamp()) - instant.replace(tzinfo=None)).seconds == hours * 3600


def test_the_client_is_a_manager_with_every_right(api: Api) -> None:
    (manager,) = api.get("CfgRequestManager").data
    assert (manager["login"], manager["groups"]) == (11, "*")
    assert all(value is not False for value in manager.values())
    assert api.user(11)["group"] == "manager"


def test_groups_are_found_by_their_exact_name(api: Api) -> None:
    assert api.get(f"EnsureGroupNameExist/{USD}").data is True
    assert api.get(f"EnsureGroupNameExist/{USD.upper()}").data is False
    names = [group["group"] for group in api.get("GroupsGet").data]
    assert len(names) == 9
    assert [group["group"] for group in api.get("GroupsRequest").data] == sorted(names)
    assert api.get(f"GroupRecordGet/{USD}").data["currency"] == "USD"


def test_a_group_has_32_places_for_symbol_groups(api: Api) -> None:
    places = api.get(f"GroupSecGroupsGet/{USD}").data
    assert len(places) == 32
    in_use = [place for place in places if place["show"]]
    assert len(in_use) == len(api.get("SymbolsGroupsGet").data)
    overrides = api.get(f"GroupSecMarginsGet/{USD}").data
    assert len(overrides) == api.get(f"GroupRecordGet/{USD}").data["secMarginsTotal"]


def test_every_symbol_has_settings_prices_and_room_in_its_fields(api: Api) -> None:
    symbols = api.get("CfgRequestSymbol").data
    ticks = {tick["symbol"]: tick for tick in api.get("TickInfoLast").data}
    assert len(symbols) >= 30
    assert {"Forex", "CFD", "Futures"} == {each["profitCalculationMode"] for each in symbols}
    for each in symbols:
        assert len(each["symbol"]) <= 11
        assert 0 < ticks[each["symbol"]]["bid"] < ticks[each["symbol"]]["ask"]
    assert api.get("CfgRequestSymbol/EURUSD").data in symbols
    assert api.get("TickInfoLast/EURUSD").data == ticks["EURUSD"]
