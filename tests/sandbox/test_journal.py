"""The journal and the load: what the server tells of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.harness.sandbox import SandboxProcess
from tests.harness.waiting import wait_until
from tests.sandbox.api import FIRST_LOGIN, Api
from tests.sandbox.orders import funded, place

EVER = "from=2000-01-01T00:00:00Z"


def _lines(api: Api, query: str = "") -> list[dict[str, Any]]:
    reply = api.get(f"JournalRequest?{EVER}{query}")
    assert reply.code == "Ok", reply
    return list(reply.data)


def _messages(api: Api, query: str = "") -> list[str]:
    return [line["message"] for line in _lines(api, query)]


def test_the_journal_says_who_changed_what_from_where(api: Api, login: int) -> None:
    api.patch(f"UserRecord/{login}", {"city": "Rome"})
    # At the full hour the server's own backup may have been told since.
    line = next(line for line in reversed(_lines(api)) if line["message"][:4] == "'11'")
    assert line["message"] == f"'11': UserRecord {login}"
    assert (line["code"], line["ip"]) == ("Ok", "127.0.0.1")


def test_trades_are_told_with_their_figures_and_refusals_with_their_code(
    api: Api, login: int
) -> None:
    api.money(login, 50, "DP journal")
    api.money(login, -70, "WD journal")
    done, refused = _lines(api, "&mode=Trades&filter=journal")[-2:]
    assert done["message"] == (f"'11': TradeTransaction BrBalance Balance {login} 50 'DP journal'")
    assert done["code"] == "Trade"
    assert (refused["code"], refused["message"][-14:]) == ("Err", "[TradeNoMoney]")
    assert refused in _lines(api, "&mode=Errors")
    assert done not in _lines(api, "&mode=Errors")


def test_a_password_is_never_in_the_journal(api: Api, login: int) -> None:
    api.post(f"UserPasswordSet/{login}", "Secret123x")
    api.post(f"UserPasswordCheck/{login}", "Secret999x")
    text = " ".join(_messages(api))
    assert f"UserPasswordSet {login}" in text
    assert "Secret" not in text


def test_reads_are_not_told(api: Api, login: int) -> None:
    before = _messages(api)
    api.get(f"UserRecordRequest/{login}")
    assert _messages(api) == before


def test_lines_are_found_by_category_words_and_window(api: Api) -> None:
    api.post("MailSend", {"subject": "Hello", "logins": [FIRST_LOGIN]})
    assert _messages(api, "&mode=SendMail") == ["'11': MailSend"]
    assert "Sign-in: sandbox" in _messages(api, "&mode=Logins")
    assert _messages(api, "&filter=MAILSEND") == ["'11': MailSend"]
    assert _messages(api, "&to=2001-01-01T00:00:00Z") == []
    assert api.get("JournalRequest").code == "Validation"
    assert api.get(f"JournalRequest?{EVER}&mode=Gossip").code == "Validation"


def test_a_refused_sign_in_is_told(api: Api) -> None:
    form = {"grant_type": "client_credentials", "client_id": "eve", "client_secret": "guess"}
    requests.post(f"{api.sandbox.url}/connect/token", data=form, timeout=5)
    line = _lines(api, "&mode=Logins")[-1]
    assert (line["code"], line["message"]) == ("Att", "Sign-in: refused, invalid_client")


def test_the_journal_outlives_a_restart(lonely: Api) -> None:
    lonely.post("SymbolHide/JP225")
    before = _messages(lonely)
    lonely.sandbox.restart()
    assert _messages(Api(lonely.sandbox))[: len(before)] == before


def test_the_load_is_sampled_as_often_as_the_sampler_says(lonely: Api) -> None:
    first = wait_until(lambda: lonely.get(f"PerformanceRequest?{EVER}").data)[0]
    assert 0 <= first["cpu"] <= 100
    assert first["freeMem"] > 0
    sampler = lonely.get("PluginParamGet/1").data
    sampler["params"][0]["value"] = "5"
    assert lonely.post("PluginUpdate", sampler).code == "Ok"
    wait_until(lambda: len(lonely.get(f"PerformanceRequest?{EVER}").data) > 1)
    samples = lonely.get(f"PerformanceRequest?{EVER}").data
    assert samples[0] == first
    assert samples[1]["sockets"] > 0
    since = samples[1]["ctm"]
    assert lonely.get(f"PerformanceRequest?from={since}").data == samples[1:]


def test_what_the_market_did_by_itself_is_told(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, accounts=1, clock="2026-03-04T12:00:00") as sandbox:
        api = Api(sandbox)
        login = funded(api)
        sandbox.price("EURUSD", 1.08, 1.0801)
        stopped = place(api, login, sl=1.07)
        limit = place(api, login, "BuyLimit", price=1.065)
        sandbox.price("EURUSD", 1.069, 1.0691)
        sandbox.price("EURUSD", 1.064, 1.0641)
        sandbox.advance(86_400, step=3600)
        assert _messages(api, "&filter=order%20%23") == [
            f"'{login}': order #{stopped} Buy EURUSD closed at 1.06900 [sl]",
            f"'{login}': order #{limit} BuyLimit EURUSD reached at 1.06400 / 1.06410",
        ]
        day = "Server: 2026.03.04 is over, swaps and reports are written"
        assert day in _messages(api, "&mode=Standard")


@pytest.mark.parametrize("path", ["PerformanceRequest?from=yesterday", "JournalRequest?from=now"])
def test_a_time_that_is_none_is_refused(api: Api, path: str) -> None:
    assert api.get(path).code == "Validation"
