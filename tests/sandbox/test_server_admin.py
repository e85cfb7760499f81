"""The machine room: feeds, licences, restarts, and who is online."""

from __future__ import annotations

import pytest

from tests.sandbox.api import FIRST_LOGIN, Api


def test_a_restart_is_a_new_server_in_the_same_process(lonely: Api) -> None:
    pid = lonely.sandbox.pid
    lonely.money(FIRST_LOGIN, 75, "DP before the restart")
    lonely.sandbox.fault("busy", "SymbolHide")
    assert lonely.post("SrvRestart?confirm=true").data is True
    lonely.sign_in_again()
    assert lonely.sandbox.pid == pid
    assert lonely.sandbox.faults() == []
    assert len(lonely.records(FIRST_LOGIN, "DP before the restart")) == 1
    lines = [line["message"] for line in lonely.get("JournalRequest?from=2000-01-01").data]
    assert lines.count("Server: started") == 2
    assert "Server: restart asked for by '11'" in lines


@pytest.mark.parametrize(
    "name", ["SrvRestart", "SrvFeedsRestart", "SrvChartsSync", "SrvLiveUpdateStart"]
)
def test_what_cannot_be_undone_asks_to_be_confirmed(api: Api, name: str) -> None:
    for query in ("", "?confirm=false", "?confirm=yes"):
        assert api.post(name + query).code == "Validation"
    assert api.get("ServerTime").code == "Ok"


def test_only_feeders_that_are_switched_on_run(lonely: Api) -> None:
    prices = next(
        each for each in lonely.get("CfgRequestFeeder").data if each["name"] == "Sandbox prices"
    )
    assert [each["name"] for each in lonely.get("SrvFeeders").data] == [
        "Sandbox news",
        "Sandbox prices",
    ]
    lonely.post("CfgUpdateFeeder", prices | {"enable": 0})
    assert [each["name"] for each in lonely.get("SrvFeeders").data] == ["Sandbox news"]


def test_a_feeder_notes_that_it_was_restarted(lonely: Api) -> None:
    connected = lonely.get("SrvFeederLog/Sandbox prices").data
    assert "connected to 127.0.0.1" in connected
    assert lonely.post("SrvFeedsRestart?confirm=true").data is True
    log = lonely.get("SrvFeederLog/Sandbox prices").data
    assert log.startswith(connected)
    assert log.endswith("restarted by a manager")
    assert lonely.get("SrvFeederLog/Nothing").data == ""


def test_charts_cannot_be_synchronised_from_a_source_out_of_reach(lonely: Api) -> None:
    for source in lonely.get("CfgRequestSync").data:
        lonely.post("CfgUpdateSync", source | {"enable": 0})
    assert lonely.post("SrvChartsSync?confirm=true").data is True
    lonely.post("CfgUpdateSync", source | {"enable": 1})
    assert lonely.post("SrvChartsSync?confirm=true").code == "NoConnect"


def test_there_is_no_licence_and_nothing_to_distribute(api: Api) -> None:
    assert api.get("LicenseCheck/MT4 Gateway").data is False
    assert api.post("SrvLiveUpdateStart?confirm=true").code == "Error"


def test_the_asking_manager_is_online_among_enabled_accounts(api: Api) -> None:
    sessions = api.get("OnlineRequest").data
    logins = [session["login"] for session in sessions]
    assert 11 in logins
    assert logins == sorted(logins)
    assert sessions == api.get("OnlineGet").data
    for session in sessions:
        user = api.user(session["login"])
        assert user["group"] == session["group"]
        assert user["enableFlags"] & 1


def test_online_sessions_come_in_pages(api: Api) -> None:
    pages = list(api.pages("OnlineGet", 2))
    assert [each for page in pages for each in page] == api.get("OnlineGet").data
