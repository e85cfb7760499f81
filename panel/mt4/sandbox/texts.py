"""Long answers as JSON, without all of their records being there as Python objects at once.

What an open record says of itself is written once, and cut where the market's figures go: a page
of thousands then costs those figures and little else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import orjson

from panel.mt4.protocol.records import Trade
from panel.mt4.protocol.wire import Records, encode
from panel.mt4.sandbox.records import is_open

CHUNK = 200
"""Records that are encoded at a time: enough to gain, few enough to stay in the cache."""
CHUNKS_AT_ONCE = 5
"""Chunks that are written before other callers get their turn: some milliseconds."""

_PRICE, _PROFIT = b'"closePrice":', b'"profit":'
_NOTHING = b"null"

Listed = Sequence[Any] | Records | orjson.Fragment
"""Records in a row: as they are, with other values in some fields, or as text already."""

Cut = tuple[bytes, bytes, bytes]
"""A record before its close price, from there to its profit, and after that."""


def json_of(data: Any) -> Any:
    """Any answer's data as what `orjson.dumps` takes."""
    if isinstance(data, list | Records) and len(data) > CHUNK:
        return _listed(map(_row_texts, _chunks(data)))
    return data if isinstance(data, orjson.Fragment) else encode(data)


async def written(data: Any) -> Any:
    """The same data, a long list of it as text: others have their turns while it is written."""
    if not isinstance(data, list | Records) or len(data) <= CHUNK:
        return data
    rows = []
    for number, chunk in enumerate(_chunks(data), 1):
        rows.append(_row_texts(chunk))
        if number % CHUNKS_AT_ONCE == 0:
            await asyncio.sleep(0)
    return _listed(rows)


def _row_texts(chunk: Any) -> bytes:
    return orjson.dumps(encode(chunk))[1:-1]


def _chunks(records: Any) -> Iterator[Any]:
    return (records[start : start + CHUNK] for start in range(0, len(records), CHUNK))


def _listed(rows: Iterable[bytes]) -> orjson.Fragment:
    return orjson.Fragment(b"[" + b",".join(rows) + b"]")


def _numbers(values: Iterable[Decimal]) -> list[bytes]:
    return orjson.dumps(list(map(float, values)))[1:-1].split(b",")


class TradeTexts:
    """The texts of open records: those of the start, and others once they are asked for."""

    def __init__(self) -> None:
        self._cuts: dict[int, Cut] = {}

    def prepare(self, trades: Iterable[Trade]) -> None:
        """Write the texts of these open records ahead of the first who asks."""
        self._cuts_of(list(trades))

    def forget(self, ticket: int) -> None:
        """The record is not open any more, or not as it was."""
        self._cuts.pop(ticket, None)

    def listed(
        self, trades: Sequence[Trade], figures: Iterable[tuple[Decimal, Decimal]]
    ) -> orjson.Fragment:
        """The records as a list, each with this price and profit for its own."""
        if not trades:
            return _listed(())
        prices, profits = map(_numbers, zip(*figures, strict=True))
        cuts = self._cuts_of(trades)
        return _listed(
            b"".join((head, price, middle, profit, tail))
            for (head, middle, tail), price, profit in zip(cuts, prices, profits, strict=True)
        )

    def _cuts_of(self, trades: Sequence[Trade]) -> list[Cut]:
        known = self._cuts
        new = [trade for trade in trades if trade.order not in known]
        made = {trade.order: cut for trade, cut in zip(new, _cut(new), strict=True)}
        known.update((trade.order, made[trade.order]) for trade in new if is_open(trade))
        return [known.get(trade.order) or made[trade.order] for trade in trades]


def _cut(trades: Sequence[Trade]) -> Iterator[Cut]:
    for chunk in _chunks(trades):
        nothing = [None] * len(chunk)
        for row in encode(Records(chunk, {"close_price": nothing, "profit": nothing})):
            # A name in quotation marks is a field's: texts have theirs escaped.
            head, _, rest = orjson.dumps(row).partition(_PRICE + _NOTHING)
            middle, _, tail = rest.partition(_PROFIT + _NOTHING)
            yield head + _PRICE, middle + _PROFIT, tail
