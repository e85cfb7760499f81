"""Backups: made when they are due, read without a change, and restored for real."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.harness.sandbox import SandboxProcess
from tests.harness.waiting import wait_until
from tests.sandbox.api import FIRST_LOGIN, USD, Api, transaction
from tests.sandbox.samples_server import file_of, restore_of

NOON = "2026-03-04T12:00:00"
DAY = 24 * 3600


@pytest.fixture
def aged(tmp_path: Path) -> Iterator[Api]:
    """A sandbox whose clock stands until a test moves it."""
    with SandboxProcess(tmp_path, accounts=5, clock=NOON) as sandbox:
        yield Api(sandbox)


def _files(api: Api, half: str, mode: int = 0) -> list[dict[str, Any]]:
    return list(api.get(f"BackupInfo{half}/{mode}").data)


def _read(api: Api, half: str, request: object = "") -> list[dict[str, Any]]:
    reply = api.get(f"BackupRequest{half}/{file_of(api, half)}?request={request}")
    assert reply.code == "Ok", reply
    return list(reply.data)


def _back_up(api: Api) -> None:
    """Wait until there is a backup of a later day."""
    before = len(wait_until(lambda: _files(api, "Users")))
    api.sandbox.advance(DAY, step=DAY)
    wait_until(lambda: len(_files(api, "Users")) > before)


def test_a_backup_has_every_account_and_order_of_its_moment(api: Api) -> None:
    users = _read(api, "Users")
    assert [user["login"] for user in users] == [u["login"] for u in api.get("UsersRequest").data]
    assert all("password" not in name.lower() for name in users[0])
    orders = _read(api, "Orders", FIRST_LOGIN)
    history = api.get(f"TradesUserHistory/{FIRST_LOGIN}").data
    opened = [t for t in api.get("TradesRequest").data if t["login"] == FIRST_LOGIN]
    assert {order["order"] for order in orders} == {trade["order"] for trade in history + opened}


def test_backups_are_made_every_day_and_the_first_of_a_week_is_its_weekly_one(aged: Api) -> None:
    for _ in range(6):
        _back_up(aged)
    days = [file["time"][:10] for file in _files(aged, "Orders")]
    assert days == [f"2026-03-{day:02}" for day in range(4, 11)]
    weeks = {datetime.fromisoformat(f["time"]).isocalendar().week for f in _files(aged, "Users", 1)}
    assert len(_files(aged, "Users", 1)) == len(weeks) == 2
    assert _files(aged, "Users", 7) == []
    last = aged.get("CfgRequestBackup").data["fullBackupLastTime"]
    assert last[:10] == days[-1]


def test_a_deleted_account_comes_back_with_its_money_and_history(aged: Api) -> None:
    login = aged.new_account(city="Rome", email="ann@example.com")
    aged.money(login, 250, "DP before")
    position = transaction(
        login, 0, tradeTransactionType="BrOpen", tradeCommand="Buy", symbol="EURUSD", volume=10
    )
    position["price"] = aged.get("TickInfoLast/EURUSD").data["ask"]
    assert aged.post("TradeTransaction", position).code == "Ok"
    _back_up(aged)
    before = aged.user(login)
    opened = aged.get(f"TradesGetByLogin/{login}/{USD}").data
    history = aged.get(f"TradesUserHistory/{login}").data
    ticket = opened[0]["order"]
    assert aged.post(f"AdmTradesDelete?orders={ticket}").code == "Ok"
    assert aged.post("UsersGroupOp", {"command": "Delete", "logins": [login]}).code == "Ok"
    assert aged.get(f"UserRecordRequest/{login}").code == "NotFound"

    assert aged.post(*restore_of("Users", _read(aged, "Users", login))).data is True
    results = aged.post(*restore_of("Orders", _read(aged, "Orders", login))).data
    assert [result["res"] for result in results] == [1, 1]
    after = aged.user(login)
    kept = ("login", "group", "name", "email", "balance", "credit", "leverage", "enableFlags")
    assert {name: after[name] for name in kept if name != "enableFlags"} == {
        name: before[name] for name in kept if name != "enableFlags"
    }
    assert after["enableFlags"] & 1
    (restored,) = aged.get(f"TradesGetByLogin/{login}/{USD}").data
    assert restored["tradeRecordState"] == "OpenRestored"
    same = ("order", "symbol", "volume", "openPrice", "openTime", "profit", "marginRate")
    assert {name: restored[name] for name in same} == {name: opened[0][name] for name in same}
    again = aged.get(f"TradesUserHistory/{login}").data
    assert [(t["order"], t["profit"], t["comment"]) for t in again] == [
        (t["order"], t["profit"], t["comment"]) for t in history
    ]
    assert aged.get(f"AdmBalanceCheck/{login}").data["diff"] == 0
    assert aged.get(f"MarginLevelRequest/{login}").data["margin"] > 0


def test_restored_records_overwrite_what_was_changed_since(aged: Api) -> None:
    old = _read(aged, "Users", FIRST_LOGIN)
    aged.patch(f"UserRecord/{FIRST_LOGIN}", {"name": "Someone Else", "city": "Nowhere"})
    aged.money(FIRST_LOGIN, 1000, "DP after the backup")
    assert aged.post(*restore_of("Users", old)).data is True
    user = aged.user(FIRST_LOGIN)
    assert (user["name"], user["balance"]) == (old[0]["name"], old[0]["balance"])
    # What a restore does not carry stays as it is.
    assert user["city"] == "Nowhere"


def test_what_was_restored_outlives_a_kill(aged: Api) -> None:
    old = _read(aged, "Users", FIRST_LOGIN)
    aged.patch(f"UserRecord/{FIRST_LOGIN}", {"name": "Someone Else"})
    aged.post(*restore_of("Users", old))
    aged.sandbox.kill()
    aged.sandbox.start()
    assert Api(aged.sandbox).user(FIRST_LOGIN)["name"] == old[0]["name"]


def test_each_order_is_restored_by_itself(api: Api) -> None:
    good, *_ = _read(api, "Orders", FIRST_LOGIN)
    stranger = good | {"order": 900_001, "login": 999_999}
    unknown = good | {
        "order": 900_002, "tradeCommand": "Buy", "symbol": "NOTHING", "volume": 10,
    }  # fmt: skip
    reply = api.post(*restore_of("Orders", [good, stranger, unknown]))
    assert reply.data == [
        {"order": good["order"], "res": 1},
        {"order": 900_001, "res": 0},
        {"order": 900_002, "res": 0},
    ]


def test_a_restore_that_is_not_confirmed_or_does_not_fit_changes_nothing(api: Api) -> None:
    before = api.user(FIRST_LOGIN)
    path, records = restore_of("Users", _read(api, "Users", FIRST_LOGIN))
    wrong = [records[0] | {"name": "New"}, records[0] | {"login": 900_003, "group": "nowhere"}]
    assert api.post("BackupRestoreUsers", records).code == "Validation"
    assert api.post("BackupRestoreOrders", []).code == "Validation"
    assert api.post(path, []).code == "Validation"
    assert api.post(path, wrong).code == "InvalidData"
    assert api.user(FIRST_LOGIN) == before


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("BackupInfoUsers/daily", "Validation"),
        ("BackupRequestUsers/nothing", "NotFound"),
        ("BackupRequestUsers/..%2Fsandbox.sqlite3", "NotFound"),
        ("BackupRequestUsers/{orders}", "NotFound"),
        ("BackupRequestUsers/{users}?limit=0", "Validation"),
        ("BackupRequestUsers/{users}?request=Ann", "InvalidData"),
    ],
)
def test_what_is_no_backup_is_not_read(api: Api, path: str, code: str) -> None:
    names = {"users": file_of(api, "Users"), "orders": file_of(api, "Orders")}
    assert api.get(path.format(**names)).code == code


def test_a_limit_caps_what_is_read(api: Api) -> None:
    assert len(api.get(f"BackupRequestUsers/{file_of(api, 'Users')}?limit=3").data) == 3
