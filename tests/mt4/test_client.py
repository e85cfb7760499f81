"""What the client makes of everything that can go wrong between it and the server."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from decimal import Decimal
from typing import Any

import pytest

from panel.lib.clock import uptime
from panel.mt4.client import Client, Connection, shared
from panel.mt4.errors import LeaseLost, OutcomeUnknown, Rejected, Unavailable
from panel.mt4.protocol.records import User
from tests.mt4.wire_server import (
    Reply,
    Script,
    data,
    error,
    hang,
    http,
    say,
    say_and_close,
    serving,
)

DEPOSIT = {
    "tradeTransactionType": "BrBalance",
    "tradeCommand": "Balance",
    "orderBy": 100001,
    "price": 10.5,
    "comment": "DP 1",
}
UNAUTHORIZED = say(http(b"", "401 Unauthorized"))
BAD_GATEWAY = say(http(b"<html>502 Bad Gateway</html>", "502 Bad Gateway"))
HALF_AN_ANSWER = say_and_close(http(b'{"data": {"order"', length=500))


def deposit(script: Script, **options: Any) -> Any:
    client = Client(script.connection())
    try:
        return client.call("TradeTransaction", body=DEPOSIT, key="k-1", **options).data
    finally:
        client.close()


def read(script: Script, **options: Any) -> Any:
    client = Client(script.connection())
    try:
        path = "UserRecordRequest/{login}"
        return client.call(path, params={"login": 100001}, **options).data
    finally:
        client.close()


def test_call_carries_token_deadline_key_and_request_id() -> None:
    with serving(data({"order": 5})) as script:
        deposit(script, deadline=7.5, request_id="r-9")
    (call,) = script.calls
    assert call.method == "POST"
    assert call.path.endswith("/MT4/11111111-1111-4111-8111-111111111111/TradeTransaction")
    assert call.headers["authorization"] == "Bearer t1"
    assert call.headers["x-request-timeout"] == "7.5"
    assert call.headers["idempotency-key"] == "k-1"
    assert call.headers["x-request-id"] == "r-9"
    assert json.loads(call.body) == DEPOSIT


def test_default_deadline_is_that_of_the_operation() -> None:
    with serving(data({"login": 100001})) as script:
        read(script)
    assert script.calls[0].headers["x-request-timeout"] == "10"
    assert "idempotency-key" not in script.calls[0].headers


def test_numbers_arrive_as_decimals() -> None:
    with serving(data({"login": 100001, "balance": 5757.27})) as script:
        account = read(script)
    assert account == User(login=100001, balance=Decimal("5757.27"))


@pytest.mark.parametrize(
    "reply",
    [
        BAD_GATEWAY,
        HALF_AN_ANSWER,
        say_and_close(b""),
        say_and_close(b"HTTP/1.1 200 OK\r\nContent-Le"),
        say(http(b"<html>ok</html>")),
        say(http(b'{"ok": true}')),
        say(http(b"", "307 Temporary Redirect", "Location: /elsewhere\r\n")),
        say(http(b"", "503 Service Unavailable")),
        error("OutcomeUnknown", outcome="unknown"),
        error("Timeout", outcome="unknown"),
        error("Timeout"),
        error("Internal"),
        error("NoConnect"),
        error("SomethingNew"),
        error("MT4Error", "NoConnect"),
        error("MT4Error", "TradeTimeout"),
        error("MT4Error", "Error", outcome="unknown"),
        data({"order": "not a number"}),
    ],
)
def test_unclear_answer_to_a_change_is_an_unknown_outcome_and_is_sent_once(reply: Reply) -> None:
    with serving(reply) as script, pytest.raises(OutcomeUnknown) as caught:
        deposit(script)
    assert not caught.value.in_progress
    assert len(script.calls) == 1


@pytest.mark.parametrize(
    "reply",
    [
        BAD_GATEWAY,
        HALF_AN_ANSWER,
        say_and_close(b""),
        error("Timeout", outcome="timeout"),
        error("Busy", outcome="not-started"),
        error("NoConnect"),
        error("Internal"),
        data({"login": "x"}),
    ],
)
def test_unclear_answer_to_a_read_is_unavailable(reply: Reply) -> None:
    with serving(reply) as script, pytest.raises(Unavailable):
        read(script)


def test_same_key_in_progress_is_told_apart() -> None:
    reply = error("OutcomeUnknown", outcome="in-progress")
    with serving(reply) as script, pytest.raises(OutcomeUnknown) as caught:
        deposit(script)
    assert caught.value.in_progress
    assert caught.value.activity_id == "00-abc-01"


@pytest.mark.parametrize(
    "reply", [error("Busy", outcome="not-started"), error("NoConnect", outcome="not-started")]
)
def test_change_that_was_not_started_is_unavailable(reply: Reply) -> None:
    with serving(reply) as script, pytest.raises(Unavailable):
        deposit(script)


def test_silence_after_a_change_is_unknown_when_deadline_and_margin_are_over() -> None:
    begin = time.monotonic()
    with serving(hang(5)) as script, pytest.raises(OutcomeUnknown):
        deposit(script, deadline=1)
    assert 1.1 < time.monotonic() - begin < 3


def test_an_answer_that_drips_is_given_up() -> None:
    def drip(peer: socket.socket) -> None:
        peer.sendall(http(b"", length=1000))
        for _ in range(50):
            peer.sendall(b" ")
            time.sleep(0.1)

    with serving(drip) as script:
        client = Client(script.connection(connect_timeout=0.3))
        begin = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            client.call("TradeTransaction", body=DEPOSIT, deadline=1)
        client.close()
    assert time.monotonic() - begin < 4


def test_nobody_listening_means_that_nothing_was_applied() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with serving() as script:
        client = Client(script.connection(api_base=f"http://127.0.0.1:{port}"))
        with pytest.raises(Unavailable):
            client.call("TradeTransaction", body=DEPOSIT, key="k")
        client.close()


def test_server_that_does_not_exist_is_unavailable() -> None:
    with serving() as script:
        client = Client(script.connection(api_base="http://mt4.invalid"))
        with pytest.raises(Unavailable):
            client.call("TradeTransaction", body=DEPOSIT, key="k")
        client.close()


def test_kept_connection_cut_under_a_change_is_unknown_and_never_repeated() -> None:
    with serving(data({"login": 100001}), say_and_close(b"")) as script:
        client = Client(script.connection())
        client.call("UserRecordRequest/{login}", params={"login": 100001})
        with pytest.raises(OutcomeUnknown):
            client.call("TradeTransaction", body=DEPOSIT, key="k")
        client.close()
    assert [call.method for call in script.calls] == ["GET", "POST"]


def test_kept_connection_that_the_server_closed_meanwhile_is_replaced() -> None:
    body = b'{"data": {"login": 1}, "error": null, "meta": {"activityId": ""}}'
    with serving(say_and_close(http(body)), data({"order": 1})) as script:
        client = Client(script.connection())
        client.call("UserRecordRequest/{login}", params={"login": 100001})
        time.sleep(0.1)
        assert client.call("TradeTransaction", body=DEPOSIT, key="k").ok
        client.close()


def test_refused_token_is_replaced_and_the_call_sent_once_more() -> None:
    with serving(UNAUTHORIZED, data({"order": 1})) as script:
        deposit(script)
    assert [call.headers["authorization"] for call in script.calls] == ["Bearer t1", "Bearer t2"]
    assert {call.headers["idempotency-key"] for call in script.calls} == {"k-1"}


def test_token_refused_twice_is_unavailable() -> None:
    with serving(UNAUTHORIZED, UNAUTHORIZED) as script, pytest.raises(Unavailable):
        deposit(script)
    assert len(script.calls) == 2


@pytest.mark.parametrize(
    "reply",
    [
        say(http(b'{"error": "invalid_client"}', "400 Bad Request")),
        say(http(b"<html>", "200 OK")),
        say(http(b"[]", "200 OK")),
        say(http(b"{}", "200 OK")),
        say_and_close(b""),
    ],
)
def test_failed_sign_in_is_unavailable_and_nothing_is_sent(reply: Reply) -> None:
    with serving(token_replies=[reply]) as script, pytest.raises(Unavailable) as caught:
        deposit(script)
    assert script.calls == []
    assert "sandbox-secret" not in repr(caught.value)


def test_one_token_serves_all_threads() -> None:
    with serving(*[data({"login": 1})] * 8, token_delay=0.2) as script:
        client = Client(script.connection())
        call = {"params": {"login": 1}}
        threads = [
            threading.Thread(target=client.call, args=("UserRecordRequest/{login}",), kwargs=call)
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()
    assert len(script.calls) == 8
    assert script.tokens == 1


def test_token_is_renewed_before_it_expires() -> None:
    with serving(data({}), data({}), token_lifetime=1) as script:
        client = Client(script.connection())
        client.call("UserRecordRequest/{login}", params={"login": 1})
        time.sleep(0.9)
        client.call("UserRecordRequest/{login}", params={"login": 1})
        client.close()
    assert [call.headers["authorization"] for call in script.calls] == ["Bearer t1", "Bearer t2"]


def test_nothing_is_sent_after_the_lease() -> None:
    with serving(data({"order": 1})) as script, pytest.raises(LeaseLost):
        deposit(script, send_before=uptime() - 0.001)
    assert script.calls == []


def test_lease_that_ends_during_sign_in_sends_nothing() -> None:
    with serving(data({"order": 1}), token_delay=0.3) as script, pytest.raises(LeaseLost):
        deposit(script, send_before=uptime() + 0.1)
    assert script.calls == []


def test_lease_that_ends_while_the_token_was_refused_sends_nothing_more() -> None:
    def refuse_slowly(peer: socket.socket) -> None:
        time.sleep(0.3)
        UNAUTHORIZED(peer)

    with serving(refuse_slowly, data({"order": 1})) as script, pytest.raises(LeaseLost):
        deposit(script, send_before=uptime() + 0.2)
    assert len(script.calls) == 1


def test_lease_that_holds_lets_the_call_through() -> None:
    with serving(data({"order": 1})) as script:
        assert deposit(script, send_before=uptime() + 5).order == 1


def test_lease_lost_counts_as_certainly_not_applied() -> None:
    assert issubclass(LeaseLost, Unavailable)


def test_mt4_refusal_explains_itself() -> None:
    reply = error("MT4Error", "TradeNoMoney", "Not enough money")
    with serving(reply) as script, pytest.raises(Rejected) as caught:
        deposit(script)
    refusal = caught.value
    assert (refusal.code, refusal.manager_code) == ("MT4Error", "TradeNoMoney")
    assert "enough free money" in refusal.explain()
    assert "Lower the amount" in refusal.explain()
    assert "00-abc-01" in refusal.explain()


def test_refusal_names_the_field() -> None:
    reply = error("Validation", message="zipCode: too long")
    with serving(reply) as script, pytest.raises(Rejected) as caught:
        deposit(script)
    assert caught.value.field == "zip_code"
    assert "zip code" in caught.value.explain()


def test_nothing_to_change_is_no_failure_but_money_that_did_not_move_is() -> None:
    with serving(error("MT4Error", "OkNone"), error("MT4Error", "OkNone")) as script:
        client = Client(script.connection())
        answer = client.call("UserRecord/{login}", params={"login": 1}, body={"city": "Wien"})
        assert answer.data is None
        with pytest.raises(Rejected):
            client.call("TradeTransaction", body=DEPOSIT, key="k")
        client.close()


def test_pages_go_on_while_there_are_more() -> None:
    pages = [
        data([{"login": 1}, {"login": 2}], {"nextCursor": "a&b", "hasMore": True}),
        data([{"login": 3}], {"nextCursor": None, "hasMore": False}),
    ]
    with serving(*pages) as script:
        client = Client(script.connection())
        logins = [[user.login for user in page] for page in client.pages("UsersRequest", limit=2)]
        client.close()
    assert logins == [[1, 2], [3]]
    assert script.calls[0].path.endswith("UsersRequest?limit=2")
    assert script.calls[1].path.endswith("UsersRequest?limit=2&cursor=a%26b")


def test_a_list_that_turns_in_circles_is_given_up() -> None:
    page = data([{"login": 1}], {"nextCursor": "a", "hasMore": True})
    with serving(page, page, page) as script:
        client = Client(script.connection())
        with pytest.raises(Unavailable):
            list(client.pages("UsersRequest"))
        client.close()


@pytest.mark.parametrize("deadline", [0, 0.5, 301, float("nan")])
def test_deadlines_outside_the_protocol_are_refused(deadline: float) -> None:
    with serving() as script, pytest.raises(ValueError, match="deadline"):
        read(script, deadline=deadline)


@pytest.mark.parametrize("key", ["", "x" * 256, "clé", "a\nb"])
def test_keys_outside_the_protocol_are_refused(key: str) -> None:
    with serving() as script, pytest.raises(ValueError, match="key"):
        read(script, key=key)


@pytest.mark.parametrize("group", ["", ".", ".."])
def test_names_that_would_change_the_path_are_refused(group: str) -> None:
    with serving() as script:
        client = Client(script.connection())
        with pytest.raises(ValueError, match="empty name"):
            client.call("GroupRecordGet/{group}", params={"group": group})
        client.close()


def test_connections_are_kept_between_calls_and_large_gzipped_answers_are_whole() -> None:
    comment = "x" * 63
    accounts = [{"login": login, "comment": comment} for login in range(5000)]
    document = {"data": accounts, "error": None, "meta": {"activityId": ""}}
    packed = gzip.compress(json.dumps(document).encode())
    reply = say(http(packed, headers="Content-Encoding: gzip\r\n"))
    with serving(reply, reply) as script:
        client = Client(script.connection())
        for _ in range(2):
            (page,) = client.pages("UsersRequest")
            assert len(page) == 5000
        client.close()
    assert script.connections == 1


def test_secret_is_not_shown() -> None:
    connection = Connection(
        authority="https://a",
        api_base="https://a",
        client_id="c",
        client_secret="s3cr3t",
        platform_id="p",
    )
    assert "s3cr3t" not in repr(connection)


def test_client_is_shared_per_connection() -> None:
    with serving() as script:
        assert shared(script.connection()) is shared(script.connection())
        assert shared(script.connection()) is not shared(script.connection(client_id="other"))
