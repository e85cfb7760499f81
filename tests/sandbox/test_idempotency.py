"""Each sentence that the protocol says about idempotency keys."""

from __future__ import annotations

import threading
import time

import pytest

from tests.harness.waiting import wait_until
from tests.sandbox.api import FIRST_LOGIN, Api, new_key
from tests.sandbox.conftest import HELD_KEY_MEMORY, KEY_MEMORY


def test_the_same_key_pays_once_and_answers_the_same(api: Api, login: int) -> None:
    key = new_key()
    replies = [api.money(login, 10, "DP once", key=key) for _ in range(3)]
    assert len(api.records(login, "DP once")) == 1
    assert api.user(login)["balance"] == 10
    assert [reply.meta for reply in replies] == [replies[0].meta] * 3


def test_another_key_pays_again(api: Api, login: int) -> None:
    for _ in range(2):
        api.money(login, 10, "DP twice", key=new_key())
    assert len(api.records(login, "DP twice")) == 2


def test_without_a_key_every_call_pays(api: Api, login: int) -> None:
    for _ in range(2):
        api.money(login, 10, "DP bare")
    assert len(api.records(login, "DP bare")) == 2


def test_a_key_names_the_operation_whatever_the_body_says(api: Api, login: int) -> None:
    key = new_key()
    first = api.money(login, 10, "DP first", key=key)
    assert api.money(login, 99, "DP other", key=key).data == first.data
    assert api.records(login, "DP other") == []


def test_a_refusal_of_mt4_is_remembered_too(api: Api, login: int) -> None:
    key = new_key()
    assert api.money(login, -10, "WD early", key=key).code == "TradeNoMoney"
    api.money(login, 100, "DP meanwhile")
    assert api.money(login, -10, "WD early", key=key).code == "TradeNoMoney"


def test_a_request_that_never_reached_mt4_leaves_its_key_free(api: Api, login: int) -> None:
    key = new_key()
    assert api.money(login, 10, key=key, tradeCommand="Gift").code == "Validation"
    assert api.money(login, 10, "DP corrected", key=key).code == "Ok"


@pytest.mark.parametrize("key", ["x" * 256, "", "tab\there", "café"])
def test_a_key_that_the_protocol_forbids_is_refused(api: Api, login: int, key: str) -> None:
    assert api.money(login, 10, "DP bad key", key=key).code == "Validation"
    assert api.records(login, "DP bad key") == []


def test_the_longest_key_is_taken(api: Api, login: int) -> None:
    assert api.money(login, 10, key="x" * 255).code == "Ok"


def test_reads_keep_no_key(api: Api, login: int) -> None:
    key = new_key()
    api.get(f"UserRecordRequest/{login}", key=key)
    api.money(login, 10)
    assert api.get(f"UserRecordRequest/{login}", key=key).data["balance"] == 10


def test_an_answer_in_time_is_forgotten_after_a_while_and_then_pays_again(forgetful: Api) -> None:
    key = new_key()
    forgetful.money(FIRST_LOGIN, 10, "DP late", key=key)
    forgetful.money(FIRST_LOGIN, 10, "DP late", key=key)
    assert len(forgetful.records(FIRST_LOGIN, "DP late")) == 1
    time.sleep(KEY_MEMORY * 1.1)
    forgetful.money(FIRST_LOGIN, 10, "DP late", key=key)
    assert len(forgetful.records(FIRST_LOGIN, "DP late")) == 2


def test_the_real_result_of_an_unknown_outcome_is_kept_longer(forgetful: Api) -> None:
    key = new_key()
    forgetful.sandbox.fault("outcome_unknown_applied", "TradeTransaction", count=1)
    reply = forgetful.money(FIRST_LOGIN, 10, "DP unknown", key=key)
    assert (reply.code, reply.outcome) == ("OutcomeUnknown", "unknown")
    time.sleep(KEY_MEMORY * 1.1)
    assert forgetful.money(FIRST_LOGIN, 10, "DP unknown", key=key).code == "Ok"
    assert len(forgetful.records(FIRST_LOGIN, "DP unknown")) == 1
    time.sleep(HELD_KEY_MEMORY * 1.1)
    forgetful.money(FIRST_LOGIN, 10, "DP unknown", key=key)
    assert len(forgetful.records(FIRST_LOGIN, "DP unknown")) == 2


def test_a_key_whose_outcome_cannot_be_told_stays_taken(forgetful: Api) -> None:
    key = new_key()
    forgetful.sandbox.fault("outcome_unknown_not_applied", "TradeTransaction", count=1)
    assert forgetful.money(FIRST_LOGIN, 10, "DP lost", key=key).outcome == "unknown"
    time.sleep(KEY_MEMORY * 1.1)
    held = forgetful.money(FIRST_LOGIN, 10, "DP lost", key=key)
    assert (held.code, held.outcome) == ("OutcomeUnknown", "in-progress")
    assert forgetful.records(FIRST_LOGIN, "DP lost") == []
    time.sleep(HELD_KEY_MEMORY * 1.1)
    assert forgetful.money(FIRST_LOGIN, 10, "DP lost", key=key).code == "Ok"
    assert len(forgetful.records(FIRST_LOGIN, "DP lost")) == 1


def test_a_running_key_tells_and_holds_the_repeat_back(api: Api, login: int) -> None:
    key = new_key()
    api.sandbox.fault("delay", "TradeTransaction", seconds=1.5, count=1)
    other, replies = Api(api.sandbox), []
    slow = threading.Thread(
        target=lambda: replies.append(other.money(login, 10, "DP slow", key=key))
    )
    slow.start()
    time.sleep(0.5)
    repeat = api.money(login, 10, "DP slow", key=key)
    slow.join()
    assert (repeat.code, repeat.outcome) == ("OutcomeUnknown", "in-progress")
    assert replies[0].code == "Ok"
    assert api.money(login, 10, "DP slow", key=key).meta == replies[0].meta
    assert len(api.records(login, "DP slow")) == 1


def test_a_late_change_holds_its_key_until_it_is_done(api: Api, login: int) -> None:
    key = new_key()
    api.sandbox.fault("outcome_unknown_late", "TradeTransaction", seconds=1.5, count=1)
    assert api.money(login, 10, "DP lagging", key=key).outcome == "unknown"
    assert api.records(login, "DP lagging") == []
    assert api.money(login, 10, "DP lagging", key=key).outcome == "in-progress"
    wait_until(lambda: api.records(login, "DP lagging"))
    assert api.money(login, 10, "DP lagging", key=key).code == "Ok"
    assert len(api.records(login, "DP lagging")) == 1


def test_keys_outlive_a_kill(lonely: Api) -> None:
    key = new_key()
    lonely.sandbox.fault("outcome_unknown_applied", count=1)
    lonely.money(FIRST_LOGIN, 10, "DP unknown", key=key)
    lonely.sandbox.kill()
    lonely.sandbox.start()
    lonely.sign_in()
    assert lonely.money(FIRST_LOGIN, 10, "DP unknown", key=key).code == "Ok"
    assert len(lonely.records(FIRST_LOGIN, "DP unknown")) == 1


def test_a_late_change_that_a_kill_swallowed_keeps_its_key_taken(lonely: Api) -> None:
    key = new_key()
    lonely.sandbox.fault("outcome_unknown_late", seconds=60, count=1)
    lonely.money(FIRST_LOGIN, 10, "DP swallowed", key=key)
    lonely.sandbox.kill()
    lonely.sandbox.start()
    lonely.sign_in()
    assert lonely.money(FIRST_LOGIN, 10, "DP swallowed", key=key).outcome == "in-progress"
    assert lonely.records(FIRST_LOGIN, "DP swallowed") == []
