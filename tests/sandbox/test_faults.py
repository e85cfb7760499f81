from __future__ import annotations

import time

import pytest
import requests

from panel.mt4.sandbox.guard import is_local
from tests.harness.waiting import wait_until
from tests.sandbox.api import Api, new_key, transaction


def _deposit_raw(api: Api, login: int, comment: str, key: str | None = None) -> requests.Response:
    return api.raw("POST", "TradeTransaction", transaction(login, 10, comment), key=key)


def test_drop_before_cuts_the_connection_and_applies_nothing(api: Api, login: int) -> None:
    api.sandbox.fault("drop_before", "TradeTransaction", count=1)
    with pytest.raises(requests.ConnectionError):
        _deposit_raw(api, login, "DP cut")
    assert api.records(login, "DP cut") == []


def test_drop_after_cuts_the_connection_and_the_same_key_tells(api: Api, login: int) -> None:
    key = new_key()
    api.sandbox.fault("drop_after", "TradeTransaction", count=1)
    with pytest.raises(requests.ConnectionError):
        _deposit_raw(api, login, "DP applied", key)
    assert len(api.records(login, "DP applied")) == 1
    assert _deposit_raw(api, login, "DP applied", key).json()["error"] is None
    assert len(api.records(login, "DP applied")) == 1


@pytest.mark.parametrize(("fault", "applied"), [("html_502", 0), ("html_502_after", 1)])
def test_a_proxys_page_says_nothing(api: Api, login: int, fault: str, applied: int) -> None:
    api.sandbox.fault(fault, "TradeTransaction", count=1)
    answer = _deposit_raw(api, login, fault)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert len(api.records(login, fault)) == applied


def test_busy_is_refused_before_it_was_sent_and_may_be_repeated(api: Api, login: int) -> None:
    key = new_key()
    api.sandbox.fault("busy", "TradeTransaction", count=1)
    reply = api.money(login, 10, "DP busy", key=key)
    assert (reply.code, reply.outcome) == ("Busy", "not-started")
    assert api.money(login, 10, "DP busy", key=key).code == "Ok"
    assert len(api.records(login, "DP busy")) == 1


def test_a_delay_beyond_the_deadline_is_an_unknown_outcome_that_still_comes(
    api: Api, login: int
) -> None:
    api.sandbox.fault("delay", "TradeTransaction", seconds=2, count=1)
    body = transaction(login, 10, "DP delayed")
    reply = api.post("TradeTransaction", body, X_Request_Timeout="1")
    assert (reply.code, reply.outcome) == ("OutcomeUnknown", "unknown")
    assert api.records(login, "DP delayed") == []
    assert len(wait_until(lambda: api.records(login, "DP delayed"))) == 1


def test_a_caller_that_hangs_up_does_not_stop_what_has_begun(api: Api, login: int) -> None:
    api.sandbox.fault("delay", "TradeTransaction", seconds=0.6, count=1)
    url = api.raw("GET", "ServerTime").url.replace("ServerTime", "TradeTransaction")
    with pytest.raises(requests.ReadTimeout):
        api.session.post(url, json=transaction(login, 10, "DP abandoned"), timeout=0.2)
    assert len(wait_until(lambda: api.records(login, "DP abandoned"))) == 1


def test_delay_after_applies_at_once_and_answers_later(api: Api, login: int) -> None:
    api.sandbox.fault("delay_after", "TradeTransaction", seconds=0.4, count=1)
    begun = time.monotonic()
    assert api.money(login, 10).code == "Ok"
    assert time.monotonic() - begun >= 0.4


def test_delay_after_beyond_the_deadline_is_an_unknown_outcome(api: Api, login: int) -> None:
    key = new_key()
    api.sandbox.fault("delay_after", "TradeTransaction", seconds=30, count=1)
    body = transaction(login, 10, "DP slow answer")
    reply = api.post("TradeTransaction", body, key=key, X_Request_Timeout="1")
    assert reply.outcome == "unknown"
    assert len(api.records(login, "DP slow answer")) == 1
    assert api.post("TradeTransaction", body, key=key).code == "Ok"


def test_a_read_that_times_out_changed_nothing(api: Api, login: int) -> None:
    api.sandbox.fault("read_timeout", "UserRecordRequest", count=1)
    reply = api.get(f"UserRecordRequest/{login}")
    assert (reply.code, reply.outcome) == ("Timeout", "timeout")
    assert api.get(f"UserRecordRequest/{login}").code == "Ok"


def test_unknown_outcomes_are_for_changes_and_timeouts_for_reads(api: Api, login: int) -> None:
    api.sandbox.fault("outcome_unknown_applied")
    api.sandbox.fault("read_timeout")
    assert api.get("ServerTime").code == "Timeout"
    assert api.money(login, 10).code == "OutcomeUnknown"


def test_a_fault_strikes_its_operation_and_account_only(api: Api, login: int) -> None:
    other = api.new_account()
    api.sandbox.fault("busy", "TradeTransaction", login=login)
    assert api.money(other, 10).code == "Ok"
    assert api.get(f"UserRecordRequest/{login}").code == "Ok"
    assert api.money(login, 10).code == "Busy"
    assert api.patch(f"UserRecord/{login}", {"city": "Rome"}).code == "Ok"


def test_a_count_runs_out(api: Api) -> None:
    api.sandbox.fault("busy", "ServerTime", count=2)
    assert [api.get("ServerTime").code for _ in range(3)] == ["Busy", "Busy", "Ok"]
    assert [rule["count"] for rule in api.sandbox.faults()] == [0]


def test_chance_can_be_repeated(api: Api) -> None:
    runs = []
    for _ in range(2):
        api.sandbox.clear_faults()
        api.sandbox.fault("busy", "ServerTime", probability=0.5, randomSeed=7)
        runs.append([api.get("ServerTime").code for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {"Busy", "Ok"}


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "earthquake"},
        {"fault": "busy", "probability": 2},
        {"fault": "delay", "seconds": "long"},
        {"fault": "busy", "colour": "red"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(api: Api, rule: dict[str, object]) -> None:
    answer = requests.post(f"{api.sandbox.url}/control/faults", json=rule, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_log_of_calls_tells_what_happened_and_no_secret(api: Api, login: int) -> None:
    api.sandbox.fault("outcome_unknown_applied", "TradeTransaction", count=1)
    key = new_key()
    api.money(login, 10, key=key)
    api.post(f"UserPasswordSet/{login}", "s3cretWord")
    money = api.sandbox.calls("TradeTransaction")[-1]
    assert (money["key"], money["login"], money["code"]) == (key, login, "OutcomeUnknown")
    assert (money["outcome"], money["fault"]) == ("unknown", "outcome_unknown_applied")
    assert "s3cretWord" not in str(api.sandbox.calls())


def test_the_front_page_says_what_this_is(api: Api) -> None:
    page = requests.get(api.sandbox.url, timeout=5)
    assert "MT4 server in a box" in page.text


@pytest.mark.parametrize(
    ("peer", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.1.2.3", False),
        ("::ffff:10.1.2.3", False),
        ("", False),
        (None, False),
    ],
)
def test_the_control_endpoint_is_for_this_machine_only(peer: str | None, local: bool) -> None:
    assert is_local(peer) is local
