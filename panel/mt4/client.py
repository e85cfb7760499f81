"""Calls of the WebAPI: deadlines, sign-in, outcomes. It never repeats a change by itself.

Under it stand ``transport`` (HTTP) and ``tokens`` (sign-in); nothing else knows of either.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import orjson

from panel.mt4.errors import MT4Error, OutcomeUnknown, Rejected, Unavailable
from panel.mt4.protocol import envelope
from panel.mt4.protocol.catalogue import OPERATIONS
from panel.mt4.protocol.enums import ResultCode, WebApiErrorCode
from panel.mt4.protocol.envelope import Answer, NotAnEnvelopeError
from panel.mt4.protocol.operation import DEADLINES, MAX_LIMIT, Kind, Operation
from panel.mt4.protocol.wire import WireError, decode, decode_over, encode, write_time
from panel.mt4.reply import Reply
from panel.mt4.tokens import Tokens
from panel.mt4.transport import Letter, NotSentError, ReplyLostError, Transport
from panel.mt4.volley import Talk, Volley, converse

logger = logging.getLogger(__name__)
R = TypeVar("R")

SHORTEST, LONGEST = 1.0, 300.0
"""Deadlines that the protocol allows, in seconds."""

UNKNOWN = "unknown"
NOT_STARTED = "not-started"
IN_PROGRESS = "in-progress"

_REFUSALS = {
    WebApiErrorCode.Validation,
    WebApiErrorCode.MT4Error,
    WebApiErrorCode.MT5Error,
    WebApiErrorCode.Forbidden,
    WebApiErrorCode.NotFound,
}
_NOT_FINAL = {
    ResultCode.NoConnect.wire,
    ResultCode.TechProblem.wire,
    ResultCode.TradeTimeout.wire,
    ResultCode.TradeAccepted.wire,
    ResultCode.TradeProcess.wire,
    ResultCode.UnhandledException.wire,
}
"""MT4's codes after which a change may still be applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How to reach one platform. ``deadline_margin`` is waited on top of every deadline,
    because the server may spend up to 20 s connecting; times in seconds."""

    authority: str
    api_base: str
    client_id: str
    client_secret: str = field(repr=False)
    platform_id: str
    deadline_margin: float = 30.0
    connect_timeout: float = 5.0


PATIENCE = 5.0
"""Seconds that somebody waits who only looks whether a server is there."""


def impatient(connection: Connection) -> Connection:
    """The same for a caller that does not wait as long as one that moves money has to."""
    return replace(
        connection,
        deadline_margin=1.0,
        connect_timeout=min(connection.connect_timeout, PATIENCE),
    )


class Client:
    """One platform's WebAPI, for use by many threads."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._base = connection.api_base.rstrip("/")
        self._transport = Transport(connection.connect_timeout)
        self._tokens = Tokens(
            self._transport,
            connection.authority,
            connection.client_id,
            connection.client_secret,
        )

    def patience(self, path: str, deadline: float | None = None) -> float:
        """The longest that ``call`` waits after its bytes have left, in seconds."""
        operation = OPERATIONS[path]
        seconds = operation.deadline if deadline is None else deadline
        return seconds + self.connection.deadline_margin

    def call(
        self,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        key: str | None = None,
        send_before: float | None = None,
        deadline: float | None = None,
        request_id: str | None = None,
    ) -> Answer:
        """Run one operation of the catalogue, by its path; ``data`` comes decoded.

        ``deadline``: seconds the server may take, else the operation's default.
        ``send_before``: a moment of ``panel.lib.clock.uptime`` after which nothing is sent.
        Raises Rejected, Unavailable, LeaseLost, OutcomeUnknown (changes only), and ValueError
        for arguments that cannot be sent.
        """
        return self.converse(
            self.talk(
                path,
                params=params,
                query=query,
                body=body,
                key=key,
                send_before=send_before,
                deadline=deadline,
                request_id=request_id,
            )
        )

    def converse(self, talk: Talk[R]) -> R:
        """Carry one conversation to its end."""
        return converse(self._transport, talk)

    def converse_all(self, talks: Iterable[Talk[None]], slots: threading.Semaphore) -> None:
        """Carry many to their ends in this thread, with a letter under way for each slot."""
        Volley(self._transport, slots).carry(talks)

    def talk(
        self,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        key: str | None = None,
        send_before: float | None = None,
        deadline: float | None = None,
        request_id: str | None = None,
    ) -> Talk[Answer]:
        """What `call` does, as a conversation."""
        operation = OPERATIONS[path]
        headers = _headers(operation, key, deadline, request_id)
        url = self._base + operation.url(self.connection.platform_id, **(params or {}))
        content = None if body is None else orjson.dumps(encode(body))
        letter = Letter(
            method=operation.method,
            url=url,
            headers=headers,
            query=_query(query or {}),
            body=content,
            wait=self.patience(path, deadline),
            send_before=send_before,
        )
        try:
            reply = yield from self._sent(letter)
            return _judge(operation, reply)
        except ReplyLostError as error:
            failure: MT4Error = _unclear(operation, f"no reply ({error})")
            raise _logged(operation, failure) from error
        except MT4Error as failure:
            raise _logged(operation, failure) from failure.__cause__

    def pages(
        self,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        limit: int = MAX_LIMIT,
        deadline: float | None = None,
    ) -> Iterator[list[Any]]:
        """The pages of a list, one call each, until the server says there are no more."""
        asked: dict[str, Any] = {**(query or {}), "limit": limit}
        while True:
            answer = self.call(path, query=asked, deadline=deadline)
            yield answer.data or []
            if not answer.has_more or not answer.next_cursor:
                return
            if answer.next_cursor == asked.get("cursor"):
                raise Unavailable("the list does not go on", activity_id=answer.activity_id)
            asked["cursor"] = answer.next_cursor

    def plain_list(self, path: str, kind: Any) -> list[Any]:
        """A plain JSON array outside the envelope, as the list of platforms is."""
        letter = Letter(
            method="GET",
            url=self._base + path,
            headers={"Accept": "application/json"},
            wait=DEADLINES[Kind.READ] + self.connection.deadline_margin,
        )
        try:
            reply = self.converse(self._sent(letter))
            if reply.status != 200:
                raise Unavailable(f"HTTP {reply.status}")
            items: list[Any] = decode(list[kind], json.loads(reply.body, parse_float=Decimal))
        except ReplyLostError as error:
            raise Unavailable(f"no reply ({error})") from error
        except ValueError as error:
            raise Unavailable("the answer was not understood") from error
        return items

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    def _sent(self, letter: Letter) -> Talk[Reply]:
        """Send with a token; after a 401, which says that nothing ran, once more with a new one."""
        token = self._tokens.get()
        for last in (False, True):
            headers = {**letter.headers, "Authorization": f"Bearer {token}"}
            try:
                reply = yield replace(letter, headers=headers)
            except NotSentError as error:
                raise Unavailable(f"no connection ({error})") from error
            if reply.status != 401:
                return reply
            if not last:
                token = self._tokens.get(refused=token)
        raise Unavailable("sign-in was refused twice")


def _headers(
    operation: Operation, key: str | None, deadline: float | None, request_id: str | None
) -> dict[str, str]:
    seconds = operation.deadline if deadline is None else deadline
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"a deadline is {SHORTEST:g} to {LONGEST:g} seconds, not {seconds:g}")
    headers = {"Accept": "application/json", "X-Request-Timeout": f"{seconds:g}"}
    if operation.body is not None:
        headers["Content-Type"] = "application/json"
    if key is not None:
        if not 1 <= len(key) <= 255 or not (key.isascii() and key.isprintable()):
            raise ValueError("an idempotency key is 1 to 255 printable ASCII characters")
        headers["Idempotency-Key"] = key
    if request_id:
        headers["X-Request-Id"] = request_id
    return headers


def _query(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Query pairs; None is left out, a list repeats its name."""
    pairs = []
    for name, value in values.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, bool):
                pairs.append((name, str(item).lower()))
            elif isinstance(item, datetime):
                pairs.append((name, write_time(item)))
            elif item is not None:
                pairs.append((name, str(item)))
    return pairs


def _judge(operation: Operation, reply: Reply) -> Answer:
    """The answer in a reply, or the failure that it means."""
    if reply.status != 200:
        raise _unclear(operation, f"HTTP {reply.status} in place of an answer")
    try:
        answer = envelope.parse(reply.body)
    except NotAnEnvelopeError as error:
        raise _unclear(operation, f"the reply is no answer ({error})") from error
    if not answer.ok:
        return _refused(operation, answer, reply.headers.get("x-request-outcome", ""))
    if answer.data is None:
        return answer
    try:
        return replace(answer, data=decode_over(operation.result, answer.data))
    except WireError as error:
        raise _unclear(operation, f"the answer was not understood ({error})", answer) from error


def _refused(operation: Operation, answer: Answer, outcome: str) -> Answer:
    unknown = answer.code == WebApiErrorCode.OutcomeUnknown or outcome in (UNKNOWN, IN_PROGRESS)
    if unknown and operation.changes:
        raise OutcomeUnknown(
            answer.message or "the server does not know",
            in_progress=outcome == IN_PROGRESS,
            activity_id=answer.activity_id,
        )
    if answer.code == WebApiErrorCode.Busy or outcome == NOT_STARTED:
        raise Unavailable(answer.message or "busy", activity_id=answer.activity_id)
    if answer.code not in _REFUSALS or answer.manager_code in _NOT_FINAL:
        raise _unclear(operation, answer.message or answer.code, answer)
    # MT4 says OkNone where a record already was as asked. Of money it would mean "not moved".
    if answer.manager_code == ResultCode.OkNone.wire and operation.kind is not Kind.TRADE:
        return Answer(activity_id=answer.activity_id)
    raise Rejected(
        answer.code,
        manager_code=answer.manager_code,
        message=answer.message,
        activity_id=answer.activity_id,
    )


def _unclear(operation: Operation, message: str, answer: Answer | None = None) -> MT4Error:
    """The same silence: of a read it says nothing changed, of a change it says nothing."""
    activity_id = answer.activity_id if answer else ""
    if operation.changes:
        return OutcomeUnknown(message, activity_id=activity_id)
    return Unavailable(message, activity_id=activity_id)


def _logged(operation: Operation, failure: MT4Error) -> MT4Error:
    logger.info(
        "%s: %s: %s (activity %s)",
        operation.path,
        type(failure).__name__,
        failure.message,
        failure.activity_id or "-",
    )
    return failure


_clients: dict[tuple[int, Connection], Client] = {}
_clients_lock = threading.Lock()


def shared(connection: Connection) -> Client:
    """The client of a connection, one per process: its sockets must not survive a fork."""
    place = (os.getpid(), connection)
    with _clients_lock:
        if place not in _clients:
            _clients[place] = Client(connection)
        return _clients[place]
