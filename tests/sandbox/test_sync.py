"""Snapshots and incremental reads: what a mirror of the server is made from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import FIRST_LOGIN, Api

NOON = "2026-03-04T12:00:00"


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, accounts=30, clock=NOON, client="other:secret:12") as sandbox:
        yield Api(sandbox)


def _start(api: Api, kind: str, since: str = "1970-01-01T00:00:00+00:00") -> None:
    """Begin a synchronisation from a moment of the server's clock on."""
    moment = int(datetime.fromisoformat(since.replace("Z", "+00:00")).timestamp())
    reply = api.post(f"{kind}SyncStart?timestamp={moment}")
    assert reply.data is True, reply


def _read(api: Api, kind: str, **query: int) -> list[dict[str, Any]]:
    more = "&".join(f"{name}={value}" for name, value in query.items())
    reply = api.call("POST" if kind == "Daily" else "GET", f"{kind}SyncRead?{more}")
    assert reply.code == "Ok", reply
    return list(reply.data)


def _later(api: Api) -> str:
    """Let a minute pass; the server's time then."""
    api.sandbox.advance(60)
    return str(api.get("ServerTime").data)


def test_snapshots_are_what_the_pages_are(api: Api) -> None:
    assert api.get("UsersSnapshot").data == api.get("UsersRequest").data
    assert api.get("TradesSnapshot").data == api.get("TradesRequest").data
    assert len(api.get("UsersSnapshot?limit=4").data) == 4
    assert api.get("TradesSnapshot?limit=0").code == "Validation"


def test_a_sync_from_the_beginning_brings_everything_piece_by_piece(api: Api) -> None:
    _start(api, "Users")
    pieces = iter(lambda: _read(api, "Users", limit=7), [])
    logins = [user["login"] for piece in pieces for user in piece]
    assert logins == [user["login"] for user in api.get("UsersRequest").data]
    _start(api, "Trades")
    tickets = [trade["order"] for trade in _read(api, "Trades")]
    assert tickets == sorted(set(tickets))
    assert {trade["order"] for trade in api.get("TradesRequest").data} < set(tickets)


def test_a_sync_from_now_on_brings_what_changed_since(api: Api) -> None:
    now = _later(api)
    api.patch(f"UserRecord/{FIRST_LOGIN}", {"city": "Rome"})
    api.money(FIRST_LOGIN + 1, 25, "DP sync")
    _start(api, "Users", now)
    users = {user["login"]: user for user in _read(api, "Users")}
    assert set(users) == {FIRST_LOGIN, FIRST_LOGIN + 1}
    assert users[FIRST_LOGIN]["city"] == "Rome"
    _start(api, "Trades", now)
    (trade,) = _read(api, "Trades")
    assert (trade["login"], trade["comment"]) == (FIRST_LOGIN + 1, "DP sync")
    _start(api, "Users", _later(api))
    assert _read(api, "Users") == []


def test_records_come_as_they_are_when_they_are_read(api: Api) -> None:
    now = _later(api)
    gone, changed = api.new_account(), api.new_account()
    _start(api, "Users", now)
    api.patch(f"UserRecord/{changed}", {"city": "Oslo"})
    api.post("UsersGroupOp", {"command": "Delete", "logins": [gone]})
    (user,) = _read(api, "Users")
    assert (user["login"], user["city"]) == (changed, "Oslo")


def test_daily_reports_are_read_once_a_day_has_ended(api: Api) -> None:
    api.sandbox.advance(86400, step=3600)
    _start(api, "Daily")
    reports = _read(api, "Daily")
    balances = {user["login"]: user["balance"] for user in api.get("UsersRequest").data}
    assert {report["login"] for report in reports} <= set(balances)
    assert len(reports) >= 30
    assert _read(api, "Daily") == []


def test_each_client_has_a_session_of_its_own(api: Api) -> None:
    other = Api(api.sandbox, "other", "secret")
    assert other.get("UsersSyncRead").code == "Error"
    _start(api, "Users")
    _start(other, "Users", _later(api))
    assert len(_read(api, "Users", limit=5)) == 5
    assert _read(other, "Users") == []


@pytest.mark.parametrize("kind", ["Users", "Trades", "Daily"])
def test_a_read_without_a_start_is_an_error(tmp_path: Path, kind: str) -> None:
    with SandboxProcess(tmp_path, accounts=1) as sandbox:
        method = "POST" if kind == "Daily" else "GET"
        assert Api(sandbox).call(method, f"{kind}SyncRead").code == "Error"


@pytest.mark.parametrize("timestamp", ["-1", "99999999999", "yesterday"])
def test_a_moment_that_mt4_cannot_hold_is_refused(api: Api, timestamp: str) -> None:
    assert api.post(f"UsersSyncStart?timestamp={timestamp}").code == "Validation"
