"""HTTP for the client: pooled, without retries, redirects, cookies or the environment's proxies.

Knows for certain whether a byte of a request left this process, which is what decides between
"nothing happened" and "outcome unknown". A request leaves in one piece, head and body, so that
the lease is looked at once, right before it.
"""

from __future__ import annotations

import select
import ssl
import threading
import time
import weakref
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from panel.lib.clock import uptime
from panel.mt4.errors import LeaseLost
from panel.mt4.reply import Incoming, Reply

POOL_SIZE = 64
"""Connections to one server that are kept when nobody uses them."""
CHUNK = 1 << 16
FAILURES = (HTTPException, OSError, zlib.error)
"""What can go wrong with a connection, or with what comes over it."""

Query = Sequence[tuple[str, str]]
Idle = dict[tuple[str, str], list[HTTPConnection]]


class NotSentError(Exception):
    """The request never left: no connection could be made."""


class ReplyLostError(Exception):
    """Bytes of the request left, and no whole reply came back."""


class Watch(threading.local):
    """What the request under way in this thread may do, and has done."""

    send_before: float | None = None
    sent: bool = False


watch = Watch()


def _look_before_sending(connection: HTTPConnection) -> None:
    if connection.sock is None:
        connection.connect()
    if watch.send_before is not None and uptime() >= watch.send_before:
        connection.close()
        raise LeaseLost
    watch.sent = True


class GuardedConnection(HTTPConnection):
    """Looks at the lease last thing before any bytes leave."""

    def send(self, data: Any) -> None:
        _look_before_sending(self)
        super().send(data)


class GuardedSecureConnection(HTTPSConnection):
    """The same over TLS."""

    def send(self, data: Any) -> None:
        _look_before_sending(self)
        super().send(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One request as it is to leave. `wait` is how many seconds its reply is waited for;
    `send_before`, a moment of `panel.lib.clock.uptime`, is looked at right before bytes go out."""

    method: str
    url: str
    headers: Mapping[str, str]
    wait: float
    query: Query = ()
    body: bytes | str | None = None
    send_before: float | None = None

    @property
    def place(self) -> SplitResult:
        """Where it goes."""
        return urlsplit(self.url)

    def written(self) -> bytes:
        """The whole of it as it travels. Raises ValueError for a header that would end early."""
        place, body = self.place, self.body
        content = body.encode() if isinstance(body, str) else body or b""
        target = f"{place.path or '/'}?{urlencode(self.query)}" if self.query else place.path or "/"
        lines = [f"{self.method} {target} HTTP/1.1", f"Host: {place.netloc}"]
        lines.append("Accept-Encoding: gzip")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if content or self.method != "GET":
            lines.append(f"Content-Length: {len(content)}")
        head = "\r\n".join(lines)
        if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
            raise ValueError("a header must not contain the end of a line")
        return f"{head}\r\n\r\n".encode("latin-1") + content


def _close(idle: Idle) -> None:
    for connections in idle.values():
        while connections:
            connections.pop().close()


@lru_cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


class Transport:
    """Pools of connections, usable from many threads at once."""

    def __init__(self, connect_timeout: float) -> None:
        self.connect_timeout = connect_timeout
        self._idle: Idle = defaultdict(list)
        weakref.finalize(self, _close, self._idle)

    def send(self, letter: Letter) -> Reply:
        """Send once and read the whole reply.

        LeaseLost means that the server has no request it could execute. Raises NotSentError,
        ReplyLostError, LeaseLost, and ValueError for what cannot be written.
        """
        place, request = letter.place, letter.written()
        give_up = time.monotonic() + self.connect_timeout + letter.wait
        connection = self.connection(place)
        post(connection, request, letter.send_before)
        try:
            reply = _read(connection, letter, give_up)
        except FAILURES as error:
            connection.close()
            raise ReplyLostError(name(error)) from error
        if reply.keep:
            self.keep(place, connection)
        else:
            connection.close()
        return reply

    def close(self) -> None:
        """Close the connections that nobody uses at the moment."""
        _close(self._idle)

    def connection(self, place: SplitResult) -> HTTPConnection:
        """One that is open and silent, or a new one that has yet to connect."""
        idle = self._idle[place.scheme, place.netloc]
        while True:
            try:
                kept = idle.pop()
            except IndexError:
                return self._new(place)
            if not _has_ended(kept):
                return kept
            kept.close()

    def _new(self, place: SplitResult) -> HTTPConnection:
        host = place.hostname or ""
        if place.scheme == "https":
            return GuardedSecureConnection(
                host, place.port, timeout=self.connect_timeout, context=_trusted()
            )
        return GuardedConnection(host, place.port, timeout=self.connect_timeout)

    def keep(self, place: SplitResult, connection: HTTPConnection) -> None:
        """Keep a connection, open and silent, for whoever needs one next."""
        idle = self._idle[place.scheme, place.netloc]
        if len(idle) < POOL_SIZE:
            connection.sock.settimeout(self.connect_timeout)
            idle.append(connection)
        else:
            connection.close()


def post(connection: HTTPConnection, request: bytes, send_before: float | None) -> None:
    """Have a request leave, over a connection that connects if it has not yet. Raises NotSentError,
    ReplyLostError, LeaseLost; it is closed then."""
    watch.sent, watch.send_before = False, send_before
    try:
        connection.send(request)
    except FAILURES as error:
        connection.close()
        kind = ReplyLostError if watch.sent else NotSentError
        raise kind(name(error)) from error
    finally:
        watch.send_before = None


def _read(connection: HTTPConnection, letter: Letter, give_up: float) -> Reply:
    """The reply, whole. `give_up` is a moment of `time.monotonic` after which one that drips is
    given up."""
    connection.sock.settimeout(letter.wait)
    incoming = Incoming()
    while (reply := incoming.take(connection.sock.recv(CHUNK))) is None:
        if time.monotonic() > give_up:
            raise TimeoutError("the reply took too long")
    return reply


def _has_ended(connection: HTTPConnection) -> bool:
    """Whether the server has closed it, or said something that nobody asked for."""
    if connection.sock is None:
        return True
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def name(error: Exception) -> str:
    """The kind of failure without addresses or headers in it."""
    return type(error).__name__
