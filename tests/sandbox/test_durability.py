"""What was answered is there after a kill -9, and nothing is there by half."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import requests

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import FIRST_LOGIN, Api

THREADS = 4
ACCOUNTS = 8


def _pay_until_cut(api: Api, number: int, answered: list[str]) -> None:
    serial = 0
    while True:
        comment = f"DP {number}-{serial}"
        login = FIRST_LOGIN + serial % ACCOUNTS
        try:
            reply = api.money(login, 1.5, comment, key=comment)
        except requests.RequestException:
            return
        assert reply.code == "Ok"
        answered.append(comment)
        serial += 1


@pytest.mark.chaos
def test_no_answered_change_is_lost_by_kills_under_load(tmp_path: Path) -> None:
    answered: list[str] = []
    sandbox = SandboxProcess(tmp_path / "sandbox", accounts=ACCOUNTS).start()
    for round_ in range(3):
        clients = [Api(sandbox) for _ in range(THREADS)]
        threads = [
            threading.Thread(target=_pay_until_cut, args=(client, round_ * 100 + index, answered))
            for index, client in enumerate(clients)
        ]
        before = len(answered)
        for thread in threads:
            thread.start()
        threading.Event().wait(0.7)
        sandbox.kill()
        for thread in threads:
            thread.join()
        assert len(answered) > before + 50
        sandbox.start()
    api = Api(sandbox)
    comments: list[str] = []
    for login in range(FIRST_LOGIN, FIRST_LOGIN + ACCOUNTS):
        history = api.get(f"TradesUserHistory/{login}").data
        comments += [record["comment"] for record in history]
        assert api.get(f"AdmBalanceCheck/{login}").data["diff"] == 0
    paid = [comment for comment in comments if comment.startswith("DP ") and "-" in comment]
    assert len(paid) == len(set(paid))
    assert set(answered) <= set(paid)
    # At most the calls under way at each kill were applied without their answer getting out.
    assert len(paid) - len(answered) <= 3 * THREADS
    sandbox.stop()


def test_everything_is_the_same_after_a_restart(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path / "sandbox", accounts=30) as sandbox:
        api = Api(sandbox)
        sandbox.price("EURUSD", 1.2345, 1.2347)
        api.post(f"UserPasswordSet/{FIRST_LOGIN}", "passWord1")
        api.patch(f"UserRecord/{FIRST_LOGIN}", {"name": "Zoë Groß", "leverage": 77})
        api.post("UsersGroupOp", {"command": "Delete", "logins": [api.new_account()]})
        paths = (
            "UsersRequest", "TradesRequest", "GroupsRequest", "CfgRequestSymbol", "TickInfoLast",
            "CfgRequestManager", "SymbolsGroupsGet", "GroupSecMarginsGet/retail-eu",
            f"TradesUserHistory/{FIRST_LOGIN + 1}",
        )  # fmt: skip
        before = {path: api.get(path).data for path in paths}
        sandbox.kill()
        sandbox.start()
        api.sign_in()
        assert {path: api.get(path).data for path in paths} == before
        assert api.post(f"UserPasswordCheck/{FIRST_LOGIN}", "passWord1").data is True


def test_a_second_sandbox_keeps_off_a_folder_in_use(tmp_path: Path) -> None:
    with (
        SandboxProcess(tmp_path / "sandbox", accounts=1),
        pytest.raises(Exception, match="in use by another sandbox"),
    ):
        SandboxProcess(tmp_path / "sandbox", accounts=1).start()
