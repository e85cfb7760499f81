"""Canonical JSON and digests over it: the same content gives the same bytes everywhere."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

_PLAIN = frozenset({str, int, bool, float})
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def plain(value: Any) -> Any:
    """A value as JSON knows it: decimals and times as text, so that nothing is rounded."""
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value


def canonical(value: Any) -> str:
    """One JSON text for one content: sorted keys, no blanks, ASCII."""
    return _ENCODER.encode(plain(value))


def sha256(value: Any) -> str:
    """The SHA-256 of the canonical JSON, in hexadecimal."""
    return sha256_of_plain(plain(value))


def sha256_of_plain(value: Any) -> str:
    """The same of what is `plain` already."""
    return hashlib.sha256(_ENCODER.encode(value).encode()).hexdigest()
