"""A process that freezes in the middle of a request must not finish it when it wakes up."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from panel.lib.clock import uptime
from panel.mt4.errors import LeaseLost
from panel.mt4.transport import GuardedConnection, Letter, Transport, watch
from tests.mt4.wire_server import data, serving


@pytest.fixture(autouse=True)
def fresh_watch() -> Iterator[None]:
    yield
    watch.send_before, watch.sent = None, False


def test_body_is_not_sent_when_the_lease_ended_after_the_headers() -> None:
    with serving(data({"order": 1})) as script:
        connection = GuardedConnection("127.0.0.1", script.port)
        watch.send_before = uptime() + 0.2
        connection.putrequest("POST", "/api/v2/MT4/p/TradeTransaction")
        connection.putheader("Content-Length", "5")
        connection.endheaders()
        time.sleep(0.3)
        with pytest.raises(LeaseLost):
            connection.send(b"money")
        time.sleep(0.1)
    assert [call.body for call in script.calls if call.body == b"money"] == []


def test_lease_that_ended_before_connecting_opens_a_connection_and_says_nothing() -> None:
    with serving() as script:
        watch.send_before = uptime()
        with pytest.raises(LeaseLost):
            GuardedConnection("127.0.0.1", script.port).send(b"GET / HTTP/1.1\r\n\r\n")
        time.sleep(0.1)
    assert script.calls == []
    assert not watch.sent


def test_a_request_leaves_in_one_piece_and_no_header_can_end_early() -> None:
    with serving(data({"order": 1})) as script:
        transport = Transport(1.0)
        url = f"{script.address}/api/v2/MT4/p/TradeTransaction"
        with pytest.raises(ValueError, match="end of a line"):
            transport.send(
                Letter(method="POST", url=url, headers={"A": "b\r\nC: d"}, wait=1, body=b"money")
            )
        headers, query = {"A": "b"}, [("x", "1 2")]
        transport.send(
            Letter(method="POST", url=url, headers=headers, wait=1, query=query, body=b"money")
        )
    [call] = script.calls
    assert (call.path.rpartition("/")[2], call.body) == ("TradeTransaction?x=1+2", b"money")
