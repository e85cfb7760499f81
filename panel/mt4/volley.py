"""Conversations with the server, one at a time or many at once on one thread.

A conversation is a generator: it yields a letter and is given the reply, or the failure is thrown
into it. So what a call does stands in one place, whoever carries its letters.
"""

from __future__ import annotations

import select
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from typing import TypeAlias, TypeVar
from urllib.parse import SplitResult

from panel.mt4.errors import LeaseLost
from panel.mt4.reply import Incoming, Reply
from panel.mt4.transport import (
    CHUNK,
    FAILURES,
    Letter,
    NotSentError,
    ReplyLostError,
    Transport,
    name,
    post,
)

R = TypeVar("R")
Talk: TypeAlias = Generator[Letter, Reply, R]

FAILED = (NotSentError, ReplyLostError, LeaseLost, ValueError)
"""What is thrown into a conversation whose letter did not leave, or whose reply did not come."""
LOOK_ROUND = 0.25
"""Seconds between two looks for replies that are overdue."""
ASK_AGAIN = 0.01
"""Seconds after which a slot is asked for again that others have."""


def converse(transport: Transport, talk: Talk[R]) -> R:
    """Carry one conversation to its end, waiting for every reply."""
    try:
        letter = next(talk)
        while True:
            try:
                reply = transport.send(letter)
            except FAILED as error:
                letter = talk.throw(error)
            else:
                letter = talk.send(reply)
    except StopIteration as over:
        result: R = over.value
        return result


@dataclass(slots=True)
class _Exchange:
    """A letter that has left. `give_up` is a moment of `time.monotonic`."""

    talk: Talk[None]
    place: SplitResult
    connection: HTTPConnection
    incoming: Incoming
    give_up: float


class Volley:
    """Many conversations at once, each over a connection of its own, all in the caller's thread.

    `slots` bounds how many letters are under way at a time, here and in whatever else shares it. A
    thread costs a switch for every reply; this costs one look at all connections.
    """

    def __init__(self, transport: Transport, slots: threading.Semaphore) -> None:
        self._transport = transport
        self._slots = slots
        self._taken = 0
        self._poll = select.poll()
        self._leaving: list[tuple[Talk[None], Letter]] = []
        self._open: dict[int, _Exchange] = {}
        self._idle: dict[int, tuple[SplitResult, HTTPConnection]] = {}
        self._look_round_at = time.monotonic() + LOOK_ROUND

    def carry(self, talks: Iterable[Talk[None]]) -> None:
        """Carry all of them to their ends, beginning one whenever there is a slot."""
        waiting, more = iter(talks), True
        try:
            while True:
                more = more and self._begin(waiting)
                self._depart()
                if self._open:
                    self._listen(ASK_AGAIN if more else LOOK_ROUND)
                elif not more:
                    return
        finally:
            self._leave()

    def _begin(self, waiting: Iterator[Talk[None]]) -> bool:
        """Begin as many as there are slots for; whether there are more."""
        while self._slots.acquire(blocking=not self._open and not self._leaving):
            talk = next(waiting, None)
            if talk is None:
                self._slots.release()
                return False
            self._taken += 1
            self._step(talk, partial(next, talk))
        return True

    def _step(self, talk: Talk[None], go_on: Callable[[], Letter]) -> None:
        try:
            self._leaving.append((talk, go_on()))
        except StopIteration:
            self._taken -= 1
            self._slots.release()

    def _depart(self) -> None:
        """Send what waits to leave, until nothing does."""
        while self._leaving:
            leaving, self._leaving = self._leaving, []
            connections = [self._connection(letter.place) for _, letter in leaving]
            failed = _connect([each for each in connections if each.sock is None])
            for (talk, letter), connection in zip(leaving, connections, strict=True):
                try:
                    if connection in failed:
                        raise failed[connection]
                    self._send(talk, letter, connection)
                except FAILED as error:
                    connection.close()
                    self._step(talk, partial(talk.throw, error))

    def _send(self, talk: Talk[None], letter: Letter, connection: HTTPConnection) -> None:
        request = letter.written()
        # What does not fit in the socket's buffer is a failure; no letter of a volley is so long.
        if connection.sock.gettimeout() != 0:
            connection.sock.setblocking(False)
        post(connection, request, letter.send_before)
        number = connection.sock.fileno()
        self._poll.register(number, select.POLLIN)
        give_up = time.monotonic() + letter.wait
        incoming = Incoming()
        self._open[number] = _Exchange(talk, letter.place, connection, incoming, give_up)

    def _connection(self, place: SplitResult) -> HTTPConnection:
        for number, (where, connection) in self._idle.items():
            if (where.scheme, where.netloc) == (place.scheme, place.netloc):
                del self._idle[number]
                self._poll.unregister(number)
                return connection
        return self._transport.connection(place)

    def _listen(self, seconds: float) -> None:
        """Wait for the next replies and go on with their conversations."""
        for number, _ in self._poll.poll(seconds * 1000):
            if number in self._open:
                self._hear(number)
            elif number in self._idle:
                # It was closed, or the server said something that nobody asked for.
                self._poll.unregister(number)
                self._idle.pop(number)[1].close()
        now = time.monotonic()
        if now >= self._look_round_at:
            self._look_round_at = now + LOOK_ROUND
            for number in [each for each, one in self._open.items() if one.give_up <= now]:
                self._lose(number, TimeoutError())

    def _hear(self, number: int) -> None:
        exchange = self._open[number]
        try:
            reply = _received(exchange)
        except FAILURES as error:
            self._lose(number, error)
            return
        if reply is None:
            return
        del self._open[number]
        if reply.keep:
            self._idle[number] = exchange.place, exchange.connection
        else:
            self._poll.unregister(number)
            exchange.connection.close()
        self._step(exchange.talk, partial(exchange.talk.send, reply))

    def _lose(self, number: int, error: Exception) -> None:
        exchange = self._open.pop(number)
        self._poll.unregister(number)
        exchange.connection.close()
        lost = ReplyLostError(name(error))
        lost.__cause__ = error
        self._step(exchange.talk, partial(exchange.talk.throw, lost))

    def _leave(self) -> None:
        for place, connection in self._idle.values():
            self._transport.keep(place, connection)
        for exchange in self._open.values():
            exchange.connection.close()
        for _ in range(self._taken):
            self._slots.release()


def _received(exchange: _Exchange) -> Reply | None:
    """The reply, if the rest of it has arrived."""
    while True:
        try:
            piece = exchange.connection.sock.recv(CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        reply = exchange.incoming.take(piece)
        if reply is not None:
            return reply


def _connect(new: list[HTTPConnection]) -> dict[HTTPConnection, NotSentError]:
    """Connect them all at the same time; those that could not, and why."""
    if not new:
        return {}
    with ThreadPoolExecutor(len(new)) as threads:
        errors = threads.map(_failure_to_connect, new)
        return {each: error for each, error in zip(new, errors, strict=True) if error is not None}


def _failure_to_connect(connection: HTTPConnection) -> NotSentError | None:
    try:
        connection.connect()
    except FAILURES as error:
        connection.close()
        failure = NotSentError(name(error))
        failure.__cause__ = error
        return failure
    return None
