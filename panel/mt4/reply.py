"""Replies of HTTP as they come in: whole, or not at all."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

from httptools import HttpParserError, HttpResponseParser

LONGEST_HEAD = 1 << 16
"""Bytes of a reply's head; none comes near."""
GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP reply, whatever its status; the names of `headers` are in small letters. `keep`
    says whether the connection is good for another request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    keep: bool


class Incoming:
    """One reply, taken in piece by piece. Nothing is believed before all of it is there.

    The parser calls the methods that begin with `on_`.
    """

    __slots__ = ("_body", "_has_head", "_headers", "_parser", "_reply", "_taken")

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._has_head = False
        self._taken = 0
        self._reply: Reply | None = None

    def take(self, piece: bytes) -> Reply | None:
        """The next bytes as they arrived, none when the server has closed; the reply once it is
        whole. Raises HTTPException for what is none, or breaks off; zlib.error."""
        if not piece:
            return self._end()
        self._taken += len(piece)
        try:
            self._parser.feed_data(piece)
        except HttpParserError as error:
            if self._reply is None:
                raise HTTPException(str(error)) from error
        if not self._has_head and self._taken > LONGEST_HEAD:
            raise HTTPException("the head of the reply has no end")
        return self._reply and _unpacked(self._reply)

    def on_message_begin(self) -> None:
        """A reply begins; a second one is nothing that anybody asked for."""
        if self._reply is not None:
            self._reply = replace(self._reply, keep=False)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or the like behind a body in pieces."""
        self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1").strip())

    def on_headers_complete(self) -> None:
        """The head is whole, unless it is of "go on" and the like: the reply is still to come."""
        self._has_head = self._parser.get_status_code() >= 200

    def on_body(self, piece: bytes) -> None:
        """More of the body."""
        self._body.append(piece)

    def on_message_complete(self) -> None:
        """What began is whole."""
        if self._reply is None and self._has_head:
            self._reply = self._as_it_is(keep=self._parser.should_keep_alive())
        self._headers, self._body = {}, []

    def _end(self) -> Reply:
        if not self._taken:
            raise RemoteDisconnected("the server closed before it had answered")
        measured = "content-length" in self._headers or "transfer-encoding" in self._headers
        if measured or not self._has_head:
            raise IncompleteRead(b"")
        # Without a length the end of the connection is the end of the body.
        return _unpacked(self._as_it_is(keep=False))

    def _as_it_is(self, *, keep: bool) -> Reply:
        status = self._parser.get_status_code()
        return Reply(status, self._headers, b"".join(self._body), keep)


def _unpacked(reply: Reply) -> Reply:
    if reply.headers.get("content-encoding", "").lower() != "gzip":
        return reply
    return replace(reply, body=zlib.decompress(reply.body, GZIP))
