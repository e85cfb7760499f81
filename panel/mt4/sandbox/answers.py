"""What the server answers: the envelope's bytes, and the refusals that fill its `error`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from panel.mt4.protocol import envelope
from panel.mt4.protocol.enums import ResultCode, WebApiErrorCode
from panel.mt4.sandbox.texts import Listed, json_of


class RefusalError(Exception):
    """An operation that was not carried out: what goes into the envelope's `error`."""

    def __init__(
        self,
        code: WebApiErrorCode,
        message: str,
        *,
        manager_code: ResultCode | None = None,
        outcome: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.manager_code = manager_code
        self.outcome = outcome


def rejected(manager_code: ResultCode, message: str) -> RefusalError:
    """MT4's own no, with its result code."""
    return RefusalError(WebApiErrorCode.MT4Error, message, manager_code=manager_code)


def invalid_data(message: str) -> RefusalError:
    """MT4's no to a value it cannot take."""
    return rejected(ResultCode.InvalidData, message)


def invalid(message: str) -> RefusalError:
    """A request that the WebAPI itself does not understand; MT4 never saw it."""
    return RefusalError(WebApiErrorCode.Validation, message)


def not_found(message: str) -> RefusalError:
    """No such thing on the server."""
    return RefusalError(WebApiErrorCode.NotFound, message)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and where the next one begins (None after the last)."""

    items: Listed
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: the envelope's bytes, what the log calls it, and how far it got."""

    body: bytes
    code: str = "Ok"
    outcome: str | None = None


def success(data: Any, activity: str) -> Answer:
    """An envelope with data; a `Page` also fills `meta.paging`."""
    document = envelope.build(envelope.Answer(activity_id=activity))
    document["data"] = json_of(data.items if isinstance(data, Page) else data)
    if isinstance(data, Page):
        document["meta"]["paging"] = {
            "nextCursor": data.next_cursor,
            "hasMore": data.next_cursor is not None,
        }
    return Answer(orjson.dumps(document))


def failure(refusal: RefusalError, activity: str) -> Answer:
    """An envelope with an error."""
    manager_code = "" if refusal.manager_code is None else refusal.manager_code.wire
    document = envelope.build(
        envelope.Answer(
            code=refusal.code,
            manager_code=manager_code,
            message=refusal.message,
            activity_id=activity,
        )
    )
    return Answer(orjson.dumps(document), manager_code or str(refusal.code), refusal.outcome)
