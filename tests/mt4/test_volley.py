"""Many calls at once on one thread: each ends as it would have by itself."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from panel.lib.clock import uptime
from panel.mt4 import transport
from panel.mt4.client import Client
from panel.mt4.errors import LeaseLost, MT4Error, OutcomeUnknown, Rejected, Unavailable
from panel.mt4.protocol.envelope import Answer
from panel.mt4.volley import Talk
from tests.mt4.test_client import (
    BAD_GATEWAY,
    DEPOSIT,
    HALF_AN_ANSWER,
    UNAUTHORIZED,
)
from tests.mt4.wire_server import Reply, Script, data, error, hang, say, say_and_close, serving

ONE = data({"order": 1})
WHOLE = b'{"data": {"order": 1}, "error": null, "meta": {"activityId": ""}}'
CHUNKED = say(
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
    % (len(WHOLE), WHOLE)
)
Ends = list[Answer | MT4Error]


def later(seconds: float, reply: Reply) -> Reply:
    def say_later(peer: socket.socket) -> None:
        time.sleep(seconds)
        reply(peer)

    return say_later


def drip(peer: socket.socket) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(WHOLE))
    for byte in WHOLE:
        peer.sendall(bytes([byte]))
        time.sleep(0.001)


def volley(client: Client, calls: int, *, slots: int = 8, **options: Any) -> Ends:
    """So many deposits at once, each with its own key; how each ended, in their order."""
    ends: dict[int, Answer | MT4Error] = {}

    def talk(number: int) -> Talk[None]:
        try:
            ends[number] = yield from client.talk(
                "TradeTransaction", body=DEPOSIT, key=f"k-{number}", **options
            )
        except MT4Error as failure:
            ends[number] = failure

    free = threading.BoundedSemaphore(slots)
    client.converse_all((talk(number) for number in range(calls)), free)
    assert sum(free.acquire(blocking=False) for _ in range(slots)) == slots, "a slot was kept"
    return [ends[number] for number in range(calls)]


def ends_of(script: Script, calls: int, **options: Any) -> Ends:
    client = Client(script.connection())
    try:
        return volley(client, calls, **options)
    finally:
        client.close()


def kinds(ends: Ends) -> Sequence[str]:
    return sorted(type(end).__name__ for end in ends)


def test_every_call_is_sent_once_and_gets_its_own_answer() -> None:
    replies = [data({"order": number}) for number in range(40)]
    with serving(*replies) as script:
        ends = ends_of(script, 40)
    assert sorted(end.data.order for end in ends if isinstance(end, Answer)) == list(range(40))
    assert {call.headers["idempotency-key"] for call in script.calls} == {
        f"k-{number}" for number in range(40)
    }
    assert len(script.calls) == 40
    assert script.tokens == 1


def test_no_more_are_under_way_than_there_are_slots_and_connections_are_used_again() -> None:
    under_way: list[int] = []
    most: list[int] = []

    def count(peer: socket.socket) -> None:
        under_way.append(1)
        most.append(len(under_way))
        time.sleep(0.02)
        under_way.pop()
        ONE(peer)

    with serving(*[count] * 20) as script:
        ends = ends_of(script, 20, slots=4)
        # One more is of the sign-in.
        assert script.connections <= 5
    assert kinds(ends) == ["Answer"] * 20
    assert 1 < max(most) <= 4


@pytest.mark.parametrize("reply", [CHUNKED, drip], ids=["chunked", "drip"])
def test_an_answer_that_comes_in_pieces_is_put_together(reply: Reply) -> None:
    with serving(*[reply] * 6) as script:
        assert kinds(ends_of(script, 6)) == ["Answer"] * 6


@pytest.mark.parametrize("spoilt", [BAD_GATEWAY, HALF_AN_ANSWER, say_and_close(b"")])
def test_one_unclear_answer_leaves_the_others_alone(spoilt: Reply) -> None:
    with serving(ONE, spoilt, ONE, ONE) as script:
        ends = ends_of(script, 4)
    assert kinds(ends) == ["Answer", "Answer", "Answer", "OutcomeUnknown"]
    assert len(script.calls) == 4


def test_one_refusal_leaves_the_others_alone() -> None:
    with serving(ONE, error("MT4Error", "TradeNoMoney"), ONE) as script:
        ends = ends_of(script, 3)
    assert [end.manager_code for end in ends if isinstance(end, Rejected)] == ["TradeNoMoney"]


def test_silence_is_unknown_when_its_time_is_over_and_nobody_else_waits_for_it() -> None:
    begin = time.monotonic()
    with serving(hang(5), *[later(0.02, ONE)] * 12) as script:
        ends = ends_of(script, 13, slots=2, deadline=1)
    assert kinds(ends) == [*["Answer"] * 12, "OutcomeUnknown"]
    assert 1.1 < time.monotonic() - begin < 3


def test_nothing_is_sent_after_the_lease() -> None:
    with serving(ONE, ONE) as script:
        ends = ends_of(script, 2, send_before=uptime() - 0.001)
    assert kinds(ends) == ["LeaseLost", "LeaseLost"]
    assert script.calls == []


def test_a_lease_that_ends_on_the_way_stops_those_that_are_not_sent_yet() -> None:
    with serving(*[later(0.3, ONE)] * 6) as script:
        ends = ends_of(script, 6, slots=2, send_before=uptime() + 0.2)
    assert [isinstance(end, LeaseLost) for end in ends] == [False] * 2 + [True] * 4
    assert len(script.calls) == 2


def test_nobody_listening_means_that_nothing_was_applied() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with serving() as script:
        client = Client(script.connection(api_base=f"http://127.0.0.1:{port}"))
        ends = volley(client, 5)
        client.close()
    assert all(isinstance(end, Unavailable) for end in ends)


def test_connections_that_the_server_closed_meanwhile_are_replaced() -> None:
    cut = [say_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(WHOLE), WHOLE))]
    with serving(*cut * 3, *[ONE] * 6) as script:
        client = Client(script.connection())
        assert kinds(volley(client, 3)) == ["Answer"] * 3
        time.sleep(0.1)
        assert kinds(volley(client, 3)) == ["Answer"] * 3
        assert client.call("TradeTransaction", body=DEPOSIT, key="k").ok
        client.close()


def test_refused_token_is_replaced_and_the_call_sent_once_more() -> None:
    with serving(UNAUTHORIZED, UNAUTHORIZED, *[ONE] * 4) as script:
        ends = ends_of(script, 4, slots=2)
    assert kinds(ends) == ["Answer"] * 4
    assert len(script.calls) == 6
    assert script.tokens == 2


def test_a_fault_of_ours_gives_the_slots_back_and_says_so() -> None:
    with serving(*[hang(0.5)] * 2) as script:
        client = Client(script.connection())
        free = threading.BoundedSemaphore(3)

        def broken() -> Talk[None]:
            yield from client.talk("TradeTransaction", body=1 // len(script.replies[2:]))

        def sound() -> Talk[None]:
            yield from client.talk("TradeTransaction", body=DEPOSIT, key="k")

        with pytest.raises(ZeroDivisionError):
            client.converse_all(iter([sound(), broken()]), free)
        assert sum(free.acquire(blocking=False) for _ in range(3)) == 3
        client.close()


def test_two_volleys_share_their_slots() -> None:
    with serving(*[later(0.01, ONE)] * 40) as script:
        client = Client(script.connection())
        free = threading.BoundedSemaphore(3)
        ends: list[Answer] = []

        def talk() -> Talk[None]:
            ends.append((yield from client.talk("TradeTransaction", body=DEPOSIT, key="k")))

        def carry() -> None:
            client.converse_all([talk() for _ in range(20)], free)

        threads = [threading.Thread(target=carry) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()
    assert len(ends) == 40


def test_unknown_outcomes_are_told_by_each_call() -> None:
    with serving(error("OutcomeUnknown", outcome="in-progress"), ONE) as script:
        ends = ends_of(script, 2)
    assert [end.in_progress for end in ends if isinstance(end, OutcomeUnknown)] == [True]


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's side of TLS, with a certificate for this machine that the client trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "cert.pem").write_bytes(pem)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "both.pem").write_bytes(secret + pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    transport._trusted.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    yield context
    transport._trusted.cache_clear()


def test_it_is_the_same_over_tls(tls: ssl.SSLContext) -> None:
    replies = [ONE, drip, CHUNKED, HALF_AN_ANSWER, later(0.05, ONE), *[ONE] * 15]
    with serving(*replies, tls=tls) as script:
        client = Client(script.connection())
        assert kinds(volley(client, 20, slots=4)) == [*["Answer"] * 19, "OutcomeUnknown"]
        with pytest.raises(Rejected):
            client.call("TradeTransaction", body=DEPOSIT, key="k")
        client.close()
    assert len(script.calls) == 21
