"""Masking of secrets before anything is logged, stored or shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

MASK = "***"

_SECRET = re.compile(
    r"pass(word|wd|phrase)|secret|token|authorization|api_?key|private_?key|cookie|otp_?code"
    r"|recovery_?code|^(master|investor|pwd|otp)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=2000)
def is_secret(key: str) -> bool:
    """Whether a key by this name holds something nobody may read."""
    return _SECRET.search(key) is not None


def redact(value: Any) -> Any:
    """A copy in which every secret, at any depth, is masked by the name of its key.

    Empty values stay as they are: that a password was not given is worth knowing.
    """
    if isinstance(value, Mapping):
        return {
            key: MASK if isinstance(key, str) and is_secret(key) and item else redact(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return value
