"""What happens to whole servers: a wrong clock, a restored backup, forgotten keys, two of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api, new_key

DAYS = 3 * 86_400
OTHER = "22222222-1111-4111-8111-111111111111"


def _now(api: Api) -> datetime:
    return datetime.fromisoformat(api.get("ServerTime").data)


@pytest.mark.parametrize("seconds", [DAYS, -DAYS])
def test_the_clock_jumps_while_it_runs_and_stays_wrong_over_a_restart(
    lonely: Api, seconds: int
) -> None:
    before = _now(lonely)
    lonely.sandbox.jump(seconds)
    wrong = _now(lonely) - before - timedelta(seconds=seconds)
    assert timedelta(0) <= wrong < timedelta(seconds=5)
    login = lonely.new_account()
    lonely.money(login, 10, "DP after the jump")
    record = lonely.records(login, "DP after the jump")[0]
    assert abs(datetime.fromisoformat(record["closeTime"]) - _now(lonely)) < timedelta(seconds=5)
    lonely.sandbox.restart()
    again = Api(lonely.sandbox)
    assert timedelta(0) <= _now(again) - before - timedelta(seconds=seconds) < timedelta(seconds=30)


def test_a_standing_clock_jumps_too(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, accounts=2, clock="2026-03-04T12:00:00") as sandbox:
        sandbox.jump(-DAYS)
        assert f"{_now(Api(sandbox)):%Y-%m-%d %H:%M}" == "2026-03-01 12:00"


def test_a_clock_does_not_jump_by_nothing_or_by_years(api: Api) -> None:
    for seconds in (0, 400 * 86_400, -400 * 86_400, "soon"):
        answer = requests.post(
            f"{api.sandbox.url}/control/clock/jump", json={"seconds": seconds}, timeout=5
        )
        assert answer.status_code == 400, seconds


def test_forgotten_keys_are_carried_out_again(api: Api, login: int) -> None:
    key = new_key()
    for _ in range(2):
        assert api.money(login, 10, "DP once", key=key).code == "Ok"
    assert len(api.records(login, "DP once")) == 1
    api.sandbox.forget_keys()
    assert api.sandbox.state()["keys"] == 0
    assert api.money(login, 10, "DP once", key=key).code == "Ok"
    assert len(api.records(login, "DP once")) == 2


def test_a_restored_server_has_the_accounts_money_and_tickets_of_its_backup(lonely: Api) -> None:
    login = lonely.new_account()
    lonely.money(login, 100, "DP kept")
    ticket = lonely.sandbox.state()["lastTicket"]
    name = lonely.sandbox.back_up()
    lonely.money(login, 50, "DP lost")
    later = lonely.new_account()
    assert lonely.sandbox.state()["lastTicket"] == ticket + 1

    lonely.sandbox.restore(name)

    api = Api(lonely.sandbox)
    assert api.sandbox.state()["lastTicket"] == ticket
    assert api.user(login)["balance"] == 100
    assert api.records(login, "DP lost") == []
    assert api.get(f"UserRecordRequest/{later}").code == "NotFound"
    api.money(login, 1, "DP after")
    assert api.records(login, "DP after")[0]["order"] == ticket + 1
    api.sandbox.restart()
    assert Api(api.sandbox).user(login)["balance"] == 101


def test_a_backup_that_is_not_there_is_not_restored(api: Api) -> None:
    url = f"{api.sandbox.url}/control/restore"
    assert requests.post(url, json={"name": "../x"}, timeout=5).status_code == 400
    assert api.get("ServerTime").code == "Ok"


def test_two_servers_say_who_they_are(tmp_path: Path, api: Api) -> None:
    with SandboxProcess(
        tmp_path, accounts=2, seed=2, platform=OTHER, server_name="Other-Live"
    ) as sandbox:
        answer = requests.post(
            f"{sandbox.url}/connect/token",
            data={
                "grant_type": "client_credentials",
                "client_id": "sandbox",
                "client_secret": "sandbox-secret",
            },
            timeout=5,
        )
        signed_in = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        there = requests.get(f"{sandbox.url}/api/TradePlatforms", headers=signed_in, timeout=5)
        assert there.json()[0]["id"] == OTHER
        other = Api(sandbox)
        assert other.raw("GET", "ServerTime").json()["error"]["code"] == "NotFound"
        said = other.raw("GET", "ManagerCommon", platform=OTHER).json()["data"]
        assert said["name"] == "Other-Live"
    assert api.get("ManagerCommon").data["name"] == "Sandbox-Demo"


def test_servers_made_from_other_seeds_have_other_names(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, accounts=2, seed=7) as sandbox:
        assert Api(sandbox).get("ManagerCommon").data["name"] == "Sandbox-Demo-7"


def test_the_page_of_mishaps_does_them(lonely: Api) -> None:
    url = lonely.sandbox.url

    def send(path: str, **form: str) -> str:
        answer = requests.post(f"{url}{path}", data=form, headers={"Origin": url}, timeout=10)
        assert answer.status_code == 200
        return answer.text

    login = lonely.new_account()
    lonely.sandbox.fault("plugin_cut", "TradeTransaction")
    lonely.money(login, 10, "DP 7Q2K9F31")
    page = requests.get(f"{url}/mishaps", timeout=5).text
    for words in ("Sandbox-Demo", "DP 7Q2K9F31", "plugin_cut", "Back up now"):
        assert words in page
    assert "jumped by 72 hours" in send("/clock/jump", hours="72")
    assert "did not jump" in send("/clock/jump", hours="x")
    assert "keys are forgotten" in send("/keys/forget")
    assert "is written" in send("/backups")
    name = lonely.sandbox.back_up()
    assert name in requests.get(f"{url}/mishaps", timeout=5).text
    assert "Nothing was restored" in send("/restore", name="none")
