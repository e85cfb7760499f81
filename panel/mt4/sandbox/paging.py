"""Pages of a list that is ordered by a number: `limit`, and a cursor that is opaque to clients."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from panel.mt4.protocol.operation import MAX_LIMIT
from panel.mt4.sandbox.answers import Page, invalid
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.texts import Listed

_FOREIGN = "cursor is not one that this server gave out."


def limit_of(call: Call, most: int = MAX_LIMIT) -> int | None:
    """The `limit` of a call, None for everything; raises Validation."""
    text = call.text("limit")
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise invalid(f"limit must be from 1 to {most}.")
    return int(text)


def _cursor_of(call: Call) -> int:
    text = _cursor_text(call)
    if text is None:
        return -1
    try:
        return int(text)
    except ValueError:
        raise invalid(_FOREIGN) from None


def _cursor_text(call: Call) -> str | None:
    text = call.text("cursor")
    try:
        return None if text is None else urlsafe_b64decode(text.encode("ascii")).decode("ascii")
    except ValueError:
        raise invalid(_FOREIGN) from None


def page(
    call: Call,
    keys_after: Callable[[int, int | None], Sequence[int]],
    items: Callable[[Sequence[int]], Listed],
) -> Page:
    """The page that a call asks for.

    `keys_after(key, count)` gives up to `count` ascending keys greater than `key`, `items` the
    records of a page's keys.
    """
    limit = limit_of(call)
    keys = keys_after(_cursor_of(call), None if limit is None else limit + 1)
    following = None
    if limit is not None and len(keys) > limit:
        keys = keys[:limit]
        following = urlsafe_b64encode(str(keys[-1]).encode()).decode()
    return Page(items(keys), following)


def page_by_name(call: Call, names: Sequence[str], item: Callable[[str], Any]) -> Page:
    """As `page`, of a list ordered by ascending names."""
    limit, after = limit_of(call), _cursor_text(call)
    left = names if after is None else names[bisect_right(names, after) :]
    shown = left if limit is None else left[:limit]
    following = None
    if len(shown) < len(left):
        following = urlsafe_b64encode(shown[-1].encode()).decode()
    return Page([item(name) for name in shown], following)
