"""Sending many operations: many at a time, each to a plain verdict. Beside the executor, the only
place that writes to MT4.

Whoever calls has committed the intent of every operation under a lease; nothing is sent once that
is over, and nothing is ever sent twice from here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from panel.mt4.client import Connection, shared
from panel.mt4.errors import OutcomeUnknown, Rejected, Unavailable
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.volley import Talk
from panel.mt4.words import applied_differently
from panel.mt4.write import writer


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyOrder:
    """One balance or credit operation; `amount` signed, in the account's currency.

    `comment` begins with the reference by which MT4's records are found. `key` is the idempotency
    key, the same whenever this operation is sent again.
    """

    key: str
    login: int
    amount: Decimal
    comment: str
    purse: TradeCommand
    expiration: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an order.

    `unsent`: certainly nothing happened, and it may be sent again. `unknown`: it may have
    happened; only MT4's records, and after them the same key, can tell.
    """

    name: Literal["done", "rejected", "unsent", "unknown"]
    code: str = "Ok"
    text: str = ""
    activity_id: str = ""
    needs_person: bool = False


DONE = Verdict("done")
DIFFERENT = "AppliedDifferently"
"""The code of what MT4 did otherwise than it was asked."""


def send_all(
    connection: Connection, talks: Iterable[Talk[None]], slots: threading.Semaphore
) -> None:
    """Carry conversations made of `send` to their ends, all in this thread, each beginning when
    there is a slot for its letters."""
    shared(connection).converse_all(talks, slots)


def send(
    connection: Connection, order: MoneyOrder, *, send_before: float, deadline: float
) -> Talk[Verdict]:
    """Send once, as part of a conversation. `send_before` is a moment of `panel.lib.clock.uptime`,
    looked at last thing before the bytes leave; `deadline` the seconds that MT4 may take."""
    try:
        answer = yield from writer(connection).balance_talk(
            order.login,
            order.amount,
            order.comment,
            kind=order.purse,
            expiration=order.expiration,
            key=order.key,
            send_before=send_before,
            deadline=deadline,
        )
    except Rejected as refused:
        code = refused.manager_code or refused.code
        return Verdict("rejected", code, refused.explain(), refused.activity_id)
    except Unavailable as away:
        return Verdict("unsent", "Unavailable", away.explain(), away.activity_id)
    except OutcomeUnknown as open_end:
        return Verdict("unknown", "OutcomeUnknown", str(open_end), open_end.activity_id)
    except ValueError as error:
        return Verdict("rejected", "Invalid", f"Nothing was sent: {error}.")
    differs = applied_differently(answer, order.amount, order.comment)
    return Verdict("done", DIFFERENT, differs) if differs else DONE
