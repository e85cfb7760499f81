"""The envelope around every answer: ``{"data", "error", "meta"}``, built and parsed.

Anything else (an HTML page of a proxy, half a body) says nothing about what happened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from panel.mt4.protocol.enums import ResultCode, WebApiErrorCode
from panel.mt4.protocol.wire import encode

LONGEST_CODE, LONGEST_ID = 60, 64
"""Characters that are kept of MT4's code and of the trace id: none that is true is longer, and a
record of the outcome must never fail on what a server says beside it."""
_DECODER = json.JSONDecoder(parse_float=Decimal)


class NotAnEnvelopeError(ValueError):
    """The body is not an answer of the WebAPI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. ``code`` is Ok or the failure; codes not known here stay as text."""

    data: Any = None
    code: str = WebApiErrorCode.Ok
    manager_code: str = ""
    message: str = ""
    activity_id: str = ""
    next_cursor: str | None = None
    has_more: bool = False

    @property
    def ok(self) -> bool:
        """Whether the operation was done."""
        return self.code == WebApiErrorCode.Ok


def build(answer: Answer) -> dict[str, Any]:
    """The envelope as ``json.dumps`` takes it; ``meta.paging`` only where a page says so."""
    meta: dict[str, Any] = {"activityId": answer.activity_id}
    if answer.next_cursor is not None or answer.has_more:
        meta["paging"] = {"nextCursor": answer.next_cursor, "hasMore": answer.has_more}
    if answer.ok:
        return {"data": encode(answer.data), "error": None, "meta": meta}
    error = {
        "code": str(answer.code),
        "managerCode": answer.manager_code or None,
        "message": answer.message,
    }
    return {"data": None, "error": error, "meta": meta}


def parse(body: bytes) -> Answer:
    """Read an answer; fractions become Decimal. Raises NotAnEnvelopeError."""
    try:
        document = _DECODER.decode(body.decode(json.detect_encoding(body)))
    except (ValueError, RecursionError):
        raise NotAnEnvelopeError("not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("meta"), dict):
        raise NotAnEnvelopeError("no meta")
    if "data" not in document and "error" not in document:
        raise NotAnEnvelopeError("neither data nor error")
    paging = document["meta"].get("paging") or {}
    if not isinstance(paging, dict):
        raise NotAnEnvelopeError("no paging")
    activity_id = _text(document["meta"].get("activityId"))[:LONGEST_ID]
    error = document.get("error")
    if error is None:
        return Answer(
            data=document.get("data"),
            activity_id=activity_id,
            next_cursor=paging.get("nextCursor"),
            has_more=paging.get("hasMore") is True,
        )
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(code, str) or code == WebApiErrorCode.Ok:
        raise NotAnEnvelopeError("an error without a code")
    return Answer(
        code=code,
        manager_code=_manager_code(error.get("managerCode"))[:LONGEST_CODE],
        message=_text(error.get("message")),
        activity_id=activity_id,
    )


def _text(value: Any) -> str:
    return value.replace("\0", "") if isinstance(value, str) else ""


def _manager_code(value: Any) -> str:
    """The name of MT4's code; servers may send the number."""
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return ResultCode(value).wire
        except ValueError:
            return str(value)
    return _text(value)
