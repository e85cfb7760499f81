from __future__ import annotations

from tests.sandbox.api import Api


def test_a_symbol_is_patched_and_replaced_but_keeps_what_the_server_derives(api: Api) -> None:
    before = api.get("CfgRequestSymbol/AUDCAD").data
    patched = api.patch("SymbolConfig/AUDCAD", {"stopsLevel": 25, "digits": 3, "symbol": "X"})
    assert patched.data == before | {"stopsLevel": 25, "digits": 3, "point": 0.001}
    assert api.post("CfgUpdateSymbol/AUDCAD", before).data == before
    assert api.patch("SymbolConfig/AUDCAD", {"type": 30}).code == "InvalidData"
    assert api.patch("SymbolConfig/AUDCAD", {"contractSize": 0}).code == "InvalidData"
    assert api.patch("SymbolConfig/NOTHING", {}).code == "NotFound"


def test_a_dealer_changes_what_moves_with_the_market(api: Api) -> None:
    before = api.get("CfgRequestSymbol/EURCAD").data
    change = {
        "symbol": "EURCAD", "color": 255, "spread": 30, "spreadBalance": 1, "stopsLevel": 12,
        "smoothing": 2, "exeMode": "Instant",
    }  # fmt: skip
    assert api.post("SymbolChange", change).data is True
    assert api.get("CfgRequestSymbol/EURCAD").data == before | {
        "backgroundColor": 255, "spread": 30, "spreadBalance": 1, "stopsLevel": 12,
        "filterSmoothing": 2, "symbolExecMode": "Instant",
    }  # fmt: skip
    assert api.post("SymbolChange", change | {"symbol": "NOTHING"}).code == "NotFound"


def test_a_hidden_symbol_gets_no_ticks_until_it_is_added_again(api: Api) -> None:
    assert api.post("SymbolHide/NZDJPY").data is True
    assert api.get("TickInfoLast/NZDJPY").code == "NotFound"
    assert "NZDJPY" not in {tick["symbol"] for tick in api.get("TickInfoLast").data}
    assert api.post("SymbolSendTick?symbol=NZDJPY&bid=90.1&ask=90.2").code == "NotFound"
    assert api.post("SymbolAdd/NZDJPY").data is True
    assert api.get("TickInfoLast/NZDJPY").code == "Ok"
    assert api.post("SymbolHide/NOTHING").code == "NotFound"


def test_a_tick_by_hand_moves_the_market(api: Api) -> None:
    assert api.post("SymbolSendTick?symbol=USDCHF&bid=0.91&ask=0.9102").data is True
    tick = api.get("TickInfoLast/USDCHF").data
    assert (tick["bid"], tick["ask"]) == (0.91, 0.9102)
    updated = {info["symbol"] for info in api.get("SymbolInfoUpdated").data}
    assert "USDCHF" in updated
    assert api.post("SymbolSendTick?symbol=USDCHF&bid=2&ask=1").code == "InvalidData"
    assert api.post("SymbolSendTick?symbol=USDCHF&bid=x&ask=1").code == "Validation"


def test_a_symbol_with_open_orders_cannot_be_deleted(api: Api) -> None:
    names = [symbol["symbol"] for symbol in api.get("CfgRequestSymbol").data]
    used = {trade["symbol"] for trade in api.get("TradesRequest").data}
    busy = next(name for name in names if name in used)
    assert api.post(f"CfgDeleteSymbol/{names.index(busy)}").code == "InvalidData"


def test_an_unused_symbol_is_deleted_with_its_prices(lonely: Api) -> None:
    names = [symbol["symbol"] for symbol in lonely.get("CfgRequestSymbol").data]
    used = {trade["symbol"] for trade in lonely.get("TradesRequest").data}
    idle = next(name for name in reversed(names) if name not in used)
    assert lonely.post(f"CfgDeleteSymbol/{names.index(idle)}").data is True
    assert lonely.get(f"CfgRequestSymbol/{idle}").code == "NotFound"
    assert lonely.get(f"TickInfoLast/{idle}").code == "NotFound"
    assert len(lonely.get("CfgRequestSymbol").data) == len(names) - 1


def test_sessions_are_a_week_of_three_windows_each(api: Api) -> None:
    week = api.get("SymbolSessionsGet/EURUSD").data
    assert [day["dayOfWeek"] for day in week] == list(range(7))
    assert all(len(day["quote"]) == len(day["trade"]) == 3 for day in week)
    assert week[1]["trade"][0]["closeHour"] == 24
    assert api.get("SymbolSessionsGet/NOTHING").code == "NotFound"


def test_a_group_of_symbols_is_renamed_at_its_place(api: Api) -> None:
    body = {"name": "Oil and gas", "description": "Energies"}
    assert api.post("CfgUpdateSymbolGroup/4", body).data == body
    assert api.get("SymbolsGroupsGet").data[4] == body
    assert api.post("CfgUpdateSymbolGroup/32", body).code == "NotFound"
    assert api.post("CfgUpdateSymbolGroup/0", {"name": "x" * 16}).code == "InvalidData"
