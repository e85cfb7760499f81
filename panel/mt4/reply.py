"""Replies of HTTP as they come in: whole, or not at all."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected

LONGEST_HEAD = 1 << 16
"""Bytes of a reply's head; none comes near."""
GZIP = 16 + zlib.MAX_WBITS
BODILESS = (204, 304)
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP reply, whatever its status; the names of `headers` are in small letters. `keep`
    says whether the connection is good for another request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    keep: bool


class Incoming:
    """One reply, taken in piece by piece. Nothing is believed before all of it is there."""

    __slots__ = (
        "_data",
        "_headers",
        "_is_chunked",
        "_keep",
        "_length",
        "_method",
        "_start",
        "_status",
    )

    def __init__(self, method: str) -> None:
        self._method = method
        self._data: bytes | bytearray = b""
        # Where the body begins; 0 while the head is not whole.
        self._start = 0
        self._status = 0
        self._headers: dict[str, str] = {}
        self._length: int | None = None
        self._is_chunked = False
        self._keep = False

    def take(self, piece: bytes) -> Reply | None:
        """The next bytes as they arrived, none when the server has closed; the reply once it is
        whole. Raises HTTPException for what is none, or breaks off; zlib.error."""
        if not self._data:
            self._data = piece
        else:
            if isinstance(self._data, bytes):
                self._data = bytearray(self._data)
            self._data += piece
        while not self._start:
            end = self._data.find(_END)
            if end < 0:
                self._expect_more(ended=not piece)
                return None
            self._read_head(bytes(self._data[:end]), end + len(_END))
        return self._read_body(ended=not piece)

    def _expect_more(self, *, ended: bool) -> None:
        if ended:
            raise RemoteDisconnected("the server closed before it had answered")
        if len(self._data) > LONGEST_HEAD:
            raise HTTPException("the head of the reply has no end")

    def _read_head(self, head: bytes, start: int) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, words = first.partition(" ")
        if not version.startswith("HTTP/1.") or not words[:3].isdecimal():
            raise HTTPException("the reply is not HTTP")
        self._status = int(words[:3])
        if self._status < 200:
            # "Go on" and the like: the reply itself is still to come.
            self._data = self._data[start:]
            return
        headers = self._headers
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.lower(), value.strip())
        self._start = start
        self._keep = version != "HTTP/1.0" and "close" not in headers.get("connection", "").lower()
        self._is_chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        length = headers.get("content-length")
        if self._status in BODILESS or self._method == "HEAD":
            self._length, self._is_chunked = 0, False
        elif length is not None and not self._is_chunked:
            if not length.isdecimal():
                raise HTTPException("the reply has no true length")
            self._length = int(length)

    def _read_body(self, *, ended: bool) -> Reply | None:
        if self._is_chunked:
            return self._read_chunks(ended=ended)
        if self._length is None:
            # Without a length the end of the connection is the end of the body.
            return self._whole(bytes(self._data[self._start :]), keep=False) if ended else None
        missing = self._start + self._length - len(self._data)
        if missing > 0:
            if ended:
                raise IncompleteRead(b"", missing)
            return None
        # More than was promised is nothing that anybody asked for.
        body = bytes(self._data[self._start : self._start + self._length])
        return self._whole(body, keep=self._keep and missing == 0)

    def _read_chunks(self, *, ended: bool) -> Reply | None:
        if not ended and not self._data.endswith(_END):
            return None
        response = HTTPResponse(_Received(bytes(self._data)))  # type: ignore[arg-type]
        try:
            response.begin()
            return self._whole(response.read(), keep=self._keep and not ended)
        except IncompleteRead:
            if ended:
                raise
            return None

    def _whole(self, body: bytes, *, keep: bool) -> Reply:
        if self._headers.get("content-encoding", "").lower() == "gzip":
            body = zlib.decompress(body, GZIP)
        return Reply(self._status, self._headers, body, keep)


class _Received:
    """What has arrived, as HTTPResponse wants to read it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)
