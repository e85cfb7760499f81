"""Reading one HTTP/1.1 reply off a connection (RFC 9112): whole, or not at all.

Python's own reader goes through the e-mail parser, which costs more than all the rest of a call.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_LINE = 1 << 16
MOST_HEADERS = 200
CHUNK = 1 << 16
GZIP = 16 + zlib.MAX_WBITS
WITHOUT_BODY = (204, 304)


class BadReplyError(Exception):
    """What came is no whole HTTP reply."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply, whatever its status. Names of headers are in small letters; `keep` says
    whether the connection is good for another request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    keep: bool


def read_reply(source: BinaryIO, give_up: float) -> Reply:
    """The reply to a GET, POST or PATCH. `give_up` is a moment of `time.monotonic` after which a
    reply that drips is given up. Raises BadReplyError, OSError."""
    status, headers, keep = _head(source)
    while 100 <= status < 200:
        status, headers, keep = _head(source)
    length = headers.get("content-length")
    if status in WITHOUT_BODY:
        body = b""
    elif "chunked" in headers.get("transfer-encoding", "").lower():
        body = _chunked(source, give_up)
    elif length is not None:
        body = _exactly(source, _number(length, 10), give_up)
    else:
        body, keep = _to_the_end(source, give_up), False
    if headers.get("content-encoding", "").lower() == "gzip":
        try:
            body = zlib.decompress(body, GZIP)
        except zlib.error as error:
            raise BadReplyError("the body cannot be unpacked") from error
    return Reply(status, headers, body, keep)


def _head(source: BinaryIO) -> tuple[int, dict[str, str], bool]:
    version, _, rest = _line(source).partition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadReplyError("this is no HTTP")
    status = _number(rest[:3], 10)
    headers: dict[str, str] = {}
    while line := _line(source):
        name, colon, value = line.partition(":")
        name, value = name.lower(), value.strip()
        if not colon or len(headers) >= MOST_HEADERS:
            raise BadReplyError("the headers are wrong")
        if name == "content-length" and headers.get(name, value) != value:
            raise BadReplyError("it has two lengths")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    keep = version == "HTTP/1.1" and "close" not in headers.get("connection", "").lower()
    return status, headers, keep


def _line(source: BinaryIO) -> str:
    line = source.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise BadReplyError("it ended early" if len(line) < LONGEST_LINE else "a line is too long")
    return line.rstrip(b"\r\n").decode("latin-1")


def _number(text: str, base: int) -> int:
    digits = text.strip()
    if not digits or not digits.isascii() or not digits.isalnum():
        raise BadReplyError("a number is wrong")
    try:
        return int(digits, base)
    except ValueError as error:
        raise BadReplyError("a number is wrong") from error


def _exactly(source: BinaryIO, size: int, give_up: float) -> bytes:
    pieces = []
    while size:
        piece = _piece(source, min(size, CHUNK), give_up)
        if not piece:
            raise BadReplyError("it ended early")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _to_the_end(source: BinaryIO, give_up: float) -> bytes:
    pieces = []
    while piece := _piece(source, CHUNK, give_up):
        pieces.append(piece)
    return b"".join(pieces)


def _chunked(source: BinaryIO, give_up: float) -> bytes:
    pieces = []
    while size := _number(_line(source).partition(";")[0], 16):
        pieces.append(_exactly(source, size, give_up))
        if _line(source):
            raise BadReplyError("a chunk is longer than it says")
    while _line(source):
        pass
    return b"".join(pieces)


def _piece(source: BinaryIO, most: int, give_up: float) -> bytes:
    """What has arrived: a reply that drips does not hold us."""
    if time.monotonic() > give_up:
        raise BadReplyError("the reply took too long")
    piece: bytes = source.read1(most)  # type: ignore[attr-defined]
    return piece
