"""What plug-ins make of a balance operation before it is booked.

A plug-in or gateway of a real server hooks every transaction, and may change it: its comment, its
amount, into how many records it goes. The books have the changed operation and the answer carries
it, so a client that looks for its own words does not find them. Rules in force apply one after
another, as plug-ins do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from functools import partial
from typing import TYPE_CHECKING

from panel.mt4.protocol.records import TradeTransaction
from panel.mt4.sandbox.store import Store

if TYPE_CHECKING:
    from panel.mt4.sandbox.call import Call

COMMENT_LENGTH = 31
KIND = "hooked"
FEE_SHARE, LEAST_FEE = Decimal("0.01"), Decimal(1)


def _in_wide_letters(comment: str) -> str:
    """UTF-16 read as if it had one byte a letter; what is no letter is shown as a space."""
    return comment.encode("utf-16-le").decode("latin-1").replace("\0", " ")


COMMENTS: Mapping[str, Callable[[str], str]] = {
    "plugin_prefix": lambda comment: f"GW7/{comment}",
    "plugin_suffix": lambda comment: f"{comment} via GW7",
    "plugin_cut": lambda comment: comment[:8],
    "plugin_head_gone": lambda comment: comment[3:],
    "plugin_upper": str.upper,
    "plugin_lower": str.lower,
    "plugin_empty": lambda comment: "",
    "plugin_encoding": _in_wide_letters,
}
"""Changes of the comment, by the name of the fault; MT4 keeps what fits of it."""


def _in_two(wanted: TradeTransaction) -> Sequence[TradeTransaction]:
    """Two records that add up; whole units, so that it suits every currency."""
    first = (wanted.price / 2).to_integral_value(ROUND_DOWN)
    if not first:
        return [wanted]
    return [replace(wanted, price=first), replace(wanted, price=wanted.price - first)]


def _with_fee(wanted: TradeTransaction) -> Sequence[TradeTransaction]:
    """One percent in whole units, at least one, at the client's cost; none of a small amount."""
    fee = max((abs(wanted.price) * FEE_SHARE).to_integral_value(), LEAST_FEE)
    return [replace(wanted, price=wanted.price - fee)] if abs(wanted.price) > fee else [wanted]


def _with_comment(
    change: Callable[[str], str], wanted: TradeTransaction
) -> Sequence[TradeTransaction]:
    return [replace(wanted, comment=change(wanted.comment)[:COMMENT_LENGTH].rstrip())]


CHANGES: Mapping[str, Callable[[TradeTransaction], Sequence[TradeTransaction]]] = {
    **{name: partial(_with_comment, change) for name, change in COMMENTS.items()},
    "plugin_split": _in_two,
    "plugin_fee": _with_fee,
}
"""What each plug-in makes of an operation; one that changes nothing lets it pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooked:
    """A record that a plug-in had a hand in, and the operation that was asked for.

    `sending` numbers the operation: the halves of one that was split have it in common.
    """

    number: int
    sending: int
    ticket: int
    login: int
    time: datetime
    key: str | None
    asked_amount: Decimal
    asked_comment: str
    amount: Decimal
    comment: str
    plugins: tuple[str, ...]


@dataclass(slots=True)
class Hooks:
    """What plug-ins changed since the first start: for tests, which MT4 itself would not tell."""

    changed: list[Hooked] = field(default_factory=list)

    def load(self, store: Store) -> None:
        """Read what the last process left."""
        for number, body in store.rows(KIND):
            self.changed.append(
                Hooked(
                    number=number,
                    sending=body["sending"],
                    ticket=body["ticket"],
                    login=body["login"],
                    time=datetime.fromisoformat(body["time"]),
                    key=body["key"],
                    asked_amount=Decimal(body["asked_amount"]),
                    asked_comment=body["asked_comment"],
                    amount=Decimal(body["amount"]),
                    comment=body["comment"],
                    plugins=tuple(body["plugins"]),
                )
            )


def parts_of(call: Call, wanted: TradeTransaction) -> tuple[Sequence[TradeTransaction], list[str]]:
    """What is to be booked in place of an operation, and the plug-ins that made it so."""
    parts: Sequence[TradeTransaction] = [wanted]
    struck = []
    for name in call.faults.struck_plugins(call.operation.name, call.login):
        changed = [part for whole in parts for part in CHANGES[name](whole)]
        if changed != parts:
            parts = changed
            struck.append(name)
    return parts, struck


def keep(call: Call, wanted: TradeTransaction, made: Mapping[int, TradeTransaction],
         plugins: Sequence[str]) -> None:  # fmt: skip
    """Remember, with the records themselves, what each ticket was asked for as."""
    changed = call.unit.state.hooks.changed
    rows = [
        Hooked(
            number=len(changed) + place,
            sending=len(changed) + 1,
            ticket=ticket,
            login=wanted.order_by,
            time=call.now(),
            key=call.key,
            asked_amount=wanted.price,
            asked_comment=wanted.comment,
            amount=part.price,
            comment=part.comment,
            plugins=tuple(plugins),
        )
        for place, (ticket, part) in enumerate(made.items(), 1)
    ]
    call.unit.then(
        lambda store: store.append(KIND, [(row.number, row) for row in rows]),
        lambda: changed.extend(rows),
    )


def answered(wanted: TradeTransaction, parts: Sequence[TradeTransaction]) -> TradeTransaction:
    """The answer: the operation as it was booked; of one that was split, the whole amount."""
    if len(parts) == 1:
        return parts[0]
    return replace(parts[0], price=sum((part.price for part in parts), Decimal(0)))
