"""Reading HTTP replies: whole ones in every form, and nothing that is less than whole."""

from __future__ import annotations

import gzip
import io
import time

import pytest

from panel.mt4.replies import BadReplyError, Reply, read_reply

LONG = b"x" * 70_000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(data: bytes, seconds: float = 5) -> Reply:
    return read_reply(io.BytesIO(data), time.monotonic() + seconds)


@pytest.mark.parametrize(
    ("data", "body", "keep"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokrest", b"ok", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok", False),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok", b"ok", False),
        (b"HTTP/1.1 200 OK\nContent-Length:2\n\nok", b"ok", True),
        (b"HTTP/1.1 200\r\n\r\nto the end", b"to the end", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", b"1", True),
        (
            CHUNKED + b"4;a=b\r\nmore\r\nA\r\n than once\r\n0\r\nX: y\r\n\r\n",
            b"more than once",
            True,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + LONG, LONG, True),
    ],
)
def test_a_whole_reply_is_read(data: bytes, body: bytes, keep: bool) -> None:
    reply = read(data)
    assert (reply.body, reply.keep) == (body, keep)


def test_headers_are_found_in_small_letters_and_gzip_is_unpacked() -> None:
    packed = gzip.compress(LONG)
    head = f"HTTP/1.1 502 Bad\r\nX-Request-Outcome:  unknown \r\nContent-Length: {len(packed)}\r\n"
    reply = read(head.encode() + b"Content-Encoding: gzip\r\n\r\n" + packed)
    assert (reply.status, reply.body) == (502, LONG)
    assert reply.headers["x-request-outcome"] == "unknown"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n0123456789",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + LONG + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(300)) + b"\r\n",
        CHUNKED + b"4\r\nmore",
        CHUNKED + b"2\r\nmore\r\n0\r\n\r\n",
        CHUNKED + b"zz\r\nmore\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_less_than_a_whole_reply_is_none(data: bytes) -> None:
    with pytest.raises(BadReplyError):
        read(data)


def test_a_reply_that_drips_is_given_up() -> None:
    with pytest.raises(BadReplyError, match="too long"):
        read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", seconds=-1)
