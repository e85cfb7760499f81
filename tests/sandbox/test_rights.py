"""Each client acts as a manager: what the flags and group masks forbid, MT4 refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from panel.mt4.protocol.catalogue import OPERATIONS
from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import FIRST_LOGIN, USD, Api, transaction

FLAGS = (
    "manager", "money", "online", "riskMan", "broker", "admin", "logs", "reports", "trades",
    "marketWatch", "email", "userDetails", "seeTrades", "news", "plugins", "market",
    "notifications", "serverReports", "techSupport",
)  # fmt: skip


class Desk:
    """A client whose manager has exactly the rights that a test gives."""

    def __init__(self, boss: Api, client: str, secret: str, login: int) -> None:
        self.boss, self.login = boss, login
        self.api = Api(boss.sandbox, client, secret)

    def may(self, *flags: str, groups: str = "*", **more: Any) -> Api:
        manager = {"login": self.login, "groups": groups, **more}
        reply = self.boss.post("CfgUpdateManager", manager | dict.fromkeys(flags, True))
        assert reply.code == "Ok", reply
        return self.api


@pytest.fixture(scope="module")
def boss(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, accounts=60, client="desk:secret:12") as sandbox:
        yield Api(sandbox)


@pytest.fixture(scope="module")
def desk(boss: Api) -> Desk:
    return Desk(boss, "desk", "secret", 12)


def _elsewhere(boss: Api) -> dict[str, Any]:
    """An account outside of the group USD, with open trades."""
    for trade in boss.get("TradesRequest").data:
        user = boss.user(trade["login"])
        if user["group"] != USD:
            return user
    raise AssertionError("Every account with trades is in one group.")


def test_a_client_of_the_command_line_is_a_manager_of_its_own(boss: Api, desk: Desk) -> None:
    answer = requests.get(
        f"{boss.sandbox.url}/api/TradePlatforms", headers=desk.api.session.headers, timeout=5
    )
    assert answer.json()[0]["login"] == 12
    assert boss.user(12)["group"] == "manager"


def test_rights_hold_from_the_next_call_on(desk: Desk) -> None:
    user = {"group": USD, "name": "Ann", "leverage": 100}
    assert desk.may().post("UserRecordNew", user).code == "NotEnoughRights"
    assert desk.may("manager").post("UserRecordNew", user).code == "Ok"
    assert desk.may("admin").post("UserRecordNew", user).code == "NotEnoughRights"


SEES_TRADES = {"seeTrades", "broker", "trades"}
TRANSACTION = transaction(FIRST_LOGIN, 5, "DP right")


@pytest.mark.parametrize(
    ("enough", "method", "path", "body"),
    [
        ({"manager"}, "PATCH", f"UserRecord/{FIRST_LOGIN}", {"city": "Rome"}),
        ({"manager"}, "POST", f"UserPasswordSet/{FIRST_LOGIN}", "abcDEF123"),
        ({"money"}, "POST", "TradeTransaction", TRANSACTION),
        ({"admin"}, "GET", "CfgRequestHoliday", None),
        ({"admin"}, "PATCH", f"GroupRecord/{USD}", {"marginCall": 100}),
        (SEES_TRADES, "GET", "TradesRequest", None),
        (SEES_TRADES | {"riskMan", "money"}, "GET", f"MarginLevelRequest/{FIRST_LOGIN}", None),
        (SEES_TRADES | {"reports", "money"}, "GET", f"TradesUserHistory/{FIRST_LOGIN}", None),
        ({"marketWatch"}, "POST", "SymbolAdd/EURUSD", None),
    ],
)
def test_each_right_opens_its_operations(
    desk: Desk, enough: set[str], method: str, path: str, body: Any
) -> None:
    refused = desk.may(*(set(FLAGS) - enough)).call(method, path, body)
    assert refused.error is not None
    assert (refused.error["code"], refused.code) == ("MT4Error", "NotEnoughRights")
    for flag in enough:
        assert desk.may(flag).call(method, path, body).code == "Ok"


def test_a_refused_operation_changes_nothing(boss: Api, desk: Desk) -> None:
    before = boss.user(FIRST_LOGIN)
    desk.may("seeTrades").money(FIRST_LOGIN, 1000, "DP no right")
    assert boss.user(FIRST_LOGIN) == before


def test_accounts_outside_of_the_masks_do_not_exist(boss: Api, desk: Desk) -> None:
    api = desk.may(*FLAGS, groups=USD)
    stranger = _elsewhere(boss)
    login = stranger["login"]
    assert {user["group"] for user in api.get("UsersRequest").data} == {USD}
    assert api.get(f"UserRecordRequest/{login}").code == "NotFound"
    assert api.get(f"UserRecordsRequest?logins={login}").data == []
    assert api.get(f"MarginLevelRequest/{login}").code == "NotFound"
    assert api.get(f"TradesUserHistory/{login}").data == []
    assert api.money(login, 5, "DP stranger").code == "BadAccountInfo"
    assert boss.user(login) == stranger


def test_no_read_tells_of_accounts_outside_of_the_masks(boss: Api, desk: Desk) -> None:
    strangers = {u["login"] for u in boss.get("UsersRequest").data if u["group"] != USD}
    stranger = _elsewhere(boss)
    ticket = next(
        trade["order"]
        for trade in boss.get("TradesRequest").data
        if trade["login"] == stranger["login"]
    )
    boss.patch(f"UserRecord/{FIRST_LOGIN}", {"agentAccount": 0})
    api = desk.may(*FLAGS, groups=USD)
    values = {
        "login": stranger["login"], "group": stranger["group"], "ticket": ticket, "order": ticket,
        "symbol": "EURUSD", "mode": 0, "pos": 0, "key": 1, "name": "Sandbox prices",
        "licenseName": "x", "file": "x",
    }  # fmt: skip
    every = "&".join(f"logins={login}" for login in sorted(strangers))
    query = (
        f"?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&{every}&orders={ticket}"
        "&symbol=EURUSD&start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z&period=D1"
    )
    asked = 0
    for operation in OPERATIONS.values():
        if operation.changes:
            continue
        reply = api.get(operation.path.format(**values) + query)
        if operation.name == "CfgRequestManager":
            continue
        asked += 1
        assert not _logins(reply.data) & strangers, operation.path
    assert asked > 50


def _logins(data: Any) -> set[int]:
    """Every login in an answer, wherever it stands."""
    if isinstance(data, list):
        return set().union(*map(_logins, data))
    if isinstance(data, dict):
        own = {data["login"]} if isinstance(data.get("login"), int) else set()
        keys = {int(key) for key in data if key.isdecimal()}
        return own.union(keys, *map(_logins, data.values()))
    return set()


def test_nobody_takes_an_account_out_of_their_groups_or_into_others(boss: Api, desk: Desk) -> None:
    api = desk.may(*(flag for flag in FLAGS if flag != "admin"), groups=USD)
    login = api.post("UserRecordNew", {"group": USD, "name": "Ann"}).data["login"]
    assert api.patch(f"UserRecord/{login}", {"group": "retail-eu"}).code == "InvalidData"
    taken = {"login": _elsewhere(boss)["login"], "group": USD, "name": "Ann"}
    assert api.post("UserRecordNew", taken).code in ("NotEnoughRights", "InvalidData")
    api = desk.may(*FLAGS, groups=USD)
    assert api.patch(f"UserRecord/{login}", {"group": "retail-eu"}).code == "NotEnoughRights"
    assert api.post("UserRecordNew", taken).code == "NotEnoughRights"


def test_masks_exclude_with_an_exclamation_mark(desk: Desk) -> None:
    groups = desk.may(groups="real-*,!real-std-*").get("GroupsGet").data
    assert {group["group"] for group in groups} == {
        "real-ecn-usd",
        "real-vip-eur",
        "real-micro-usd",
    }


def test_personal_details_are_for_those_who_may_see_them(desk: Desk) -> None:
    user = desk.may().get(f"UserRecordRequest/{FIRST_LOGIN}").data
    assert (user["name"], user["email"], user["phone"]) == ("", "", "")
    assert user["login"] == FIRST_LOGIN
    assert desk.may().get("UsersRequest?limit=2").data[1]["name"] == ""
    assert desk.may("userDetails").get(f"UserRecordRequest/{FIRST_LOGIN}").data["name"]


@pytest.mark.parametrize("path", ["ReportsRequest", "SymbolSendTick"])
def test_mt4_hangs_up_on_those_who_ask_for_reports_or_send_ticks_without_the_right(
    desk: Desk, path: str
) -> None:
    flags = [flag for flag in FLAGS if flag not in ("reports", "marketWatch")]
    method = "GET" if path == "ReportsRequest" else "POST"
    window = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
    with pytest.raises(requests.ConnectionError):
        desk.may(*flags).raw(method, f"{path}?{window}&logins={FIRST_LOGIN}")


def test_a_manager_without_the_administrators_right_sees_their_own_entry(desk: Desk) -> None:
    (own,) = desk.may("seeTrades").get("CfgRequestManager").data
    assert (own["login"], own["seeTrades"], own["admin"]) == (12, True, False)


def test_a_manager_may_be_bound_to_addresses(desk: Desk) -> None:
    assert desk.may(ipFilter=1, ipFrom=1, ipTo=2).get("ServerTime").code == "NoConnect"
    loopback = 0x7F000001
    api = desk.may(ipFilter=1, ipFrom=loopback, ipTo=loopback)
    assert api.get("ServerTime").code == "Ok"


def test_a_client_whose_manager_is_gone_has_no_connection(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, accounts=2, client="desk:secret:12") as sandbox:
        boss, desk = Api(sandbox), Api(sandbox, "desk", "secret")
        assert desk.get("ServerTime").code == "Ok"
        assert boss.post("CfgDeleteManager/1").code == "Ok"
        assert desk.get("ServerTime").code == "NoConnect"


def test_keys_of_two_clients_do_not_meet(boss: Api, desk: Desk) -> None:
    api = desk.may("money", "seeTrades")
    for each in (boss, api):
        assert each.money(FIRST_LOGIN, 7, "DP two clients", key="same").code == "Ok"
    assert len(boss.records(FIRST_LOGIN, "DP two clients")) == 2
