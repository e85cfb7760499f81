"""Replies of HTTP: believed when they are whole, however they arrive."""

from __future__ import annotations

import gzip
from http.client import HTTPException

import pytest

from panel.mt4.reply import Incoming, Reply

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmone\r\n1\r\ny\r\n0\r\n\r\n"
MEASURED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Request-Outcome: unknown\r\n\r\nmoney"


def taken(data: bytes, *, at_once: int = 1) -> Reply | None:
    incoming = Incoming()
    reply = None
    for start in range(0, len(data), at_once):
        assert reply is None, "It was whole before its last byte."
        reply = incoming.take(data[start : start + at_once])
    return reply


@pytest.mark.parametrize("at_once", [1, 7, 1000])
@pytest.mark.parametrize("data", [MEASURED, CHUNKED])
def test_a_reply_is_whole_with_its_last_byte(data: bytes, at_once: int) -> None:
    reply = taken(data, at_once=at_once)
    assert reply is not None
    assert (reply.status, reply.body, reply.keep) == (200, b"money", True)


def test_names_of_headers_are_in_small_letters() -> None:
    reply = taken(MEASURED)
    assert reply is not None
    assert reply.headers["x-request-outcome"] == "unknown"


def test_go_on_is_not_the_reply() -> None:
    reply = taken(b"HTTP/1.1 100 Continue\r\n\r\n" + MEASURED, at_once=1000)
    assert reply is not None
    assert (reply.status, reply.body) == (200, b"money")


def test_a_reply_without_a_length_ends_with_its_connection() -> None:
    incoming = Incoming()
    assert incoming.take(b"HTTP/1.1 200 OK\r\n\r\nmon") is None
    assert incoming.take(b"ey") is None
    reply = incoming.take(b"")
    assert reply is not None
    assert (reply.body, reply.keep) == (b"money", False)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_status_without_a_body_waits_for_none(status: str) -> None:
    reply = taken(f"HTTP/1.1 {status}\r\n\r\n".encode())
    assert reply is not None
    assert reply.body == b""


@pytest.mark.parametrize(
    "data",
    [
        MEASURED.replace(b"X-Request-Outcome: unknown", b"Connection: close"),
        MEASURED.replace(b"HTTP/1.1", b"HTTP/1.0"),
        MEASURED + b"more than was promised",
        MEASURED + MEASURED,
    ],
)
def test_a_connection_that_ends_or_says_too_much_is_not_used_again(data: bytes) -> None:
    reply = taken(data, at_once=1000)
    assert reply is not None
    assert (reply.body, reply.keep) == (b"money", False)


def test_a_packed_body_is_unpacked() -> None:
    body = gzip.compress(b"money")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    reply = taken(head.encode() + body)
    assert reply is not None
    assert reply.body == b"money"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nmoney",
        CHUNKED[:-5],
        CHUNKED[:-7],
    ],
)
def test_a_reply_that_breaks_off_is_none(data: bytes) -> None:
    incoming = Incoming()
    if data:
        assert incoming.take(data) is None
    with pytest.raises(HTTPException):
        incoming.take(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"220 mail.example.com ESMTP\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_reply_is_refused_at_once(data: bytes) -> None:
    with pytest.raises(HTTPException):
        Incoming().take(data)
