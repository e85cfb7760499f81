"""What MT4's own history says about a payment: the only word that counts on whether it happened.

MT4 is run by others. A plug-in may change comments and amounts, clocks are moved, backups are
restored. So no window of time bounds what is looked at, and the absence of our mark is not the
absence of the operation: see `after_sending`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from panel.commands.base import Evidence, Records
from panel.lib.money import show
from panel.lib.references import carries
from panel.models import Platform
from panel.mt4.errors import MT4Error, Rejected, Unavailable
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade, User
from panel.mt4.read import Reader, reader
from payments.attribution import MONEY, Unmarked, give_tickets, strangers
from payments.watermark import Watermark, verify_newest

# Wider than any zone, and any mistake about the server's zone, can shift its clock.
DOUBT = timedelta(days=2)
# Around what is read before a first sending: wider than clocks are moved by hand.
WEEK = timedelta(days=7)
# Older records of the account that a person is shown beside an unknown outcome.
EARLIER = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The one balance or credit record that is looked for; `amount` signed."""

    platform: Platform
    login: int
    reference: str
    purse: TradeCommand
    amount: Decimal


def money_records(history: Iterable[Trade]) -> list[Trade]:
    """The balance and credit records among an account's closed ones, oldest first."""
    return sorted(
        (trade for trade in history if trade.trade_command in MONEY),
        key=lambda trade: trade.order,
    )


def before_first(reading: Reader, wanted: Wanted, *, after_ticket: int) -> Evidence:
    """Whether MT4 has it although nothing was sent yet, as far as our own rows say: they may be
    those of a restored backup.

    `after_ticket` is MT4's newest ticket that was known when it was asked for: a record of the same
    amount that came after it, and that nothing else here booked, is for a person.
    Absent leaves the mark of the first sending: see `Watermark`. Raises `panel.mt4.errors`.
    """
    refuse_other_server(reading, wanted.platform)
    verify_newest(wanted.platform, reading)
    records = money_records(reading.history(wanted.login))
    seen = judge(records, not_anothers(records, wanted, after_ticket), wanted)
    if seen.verdict != "absent":
        return replace(seen, text=f"Before it was sent: {seen.text}")
    account = reading.account(wanted.login)
    return replace(seen, mark=Watermark.now(wanted.platform, account, records).as_json())


def refuse_other_server(reading: Reader, platform: Platform) -> None:
    """Raise `Unavailable` unless what answers is the platform's own server: addresses move."""
    is_now = reading.identity()
    if platform.identity and is_now != platform.identity:
        raise Unavailable(f"{is_now} answers in place of {platform.identity}")


def after_sending(wanted: Wanted, mark: Watermark) -> Evidence:
    """What became of it, from the whole history of its account, on the server it was sent to.

    Found: our mark, once, with the right amount. Absent: no record of that purse came after the
    watermark that does not belong to another operation, the balance has not moved by the amount,
    and it is the same server with nothing lost. Anything else is for a person. Raises the errors
    of `panel.mt4.errors`.
    """
    reading = reader(mark.connection(wanted.platform))
    other = _other_server(reading, mark)
    if other:
        return Evidence("unclear", other)
    history = reading.history(wanted.login)
    records = money_records(history)
    newer = [
        trade
        for trade in records
        if trade.order > mark.after and trade.trade_command is wanted.purse
    ]
    seen = judge(records, strangers(wanted.platform, wanted.reference, newer), wanted)
    if seen.verdict != "absent":
        return seen
    lost = _lost(reading, mark, history, wanted.login)
    if lost:
        return Evidence("unclear", lost)
    moved = _moved(reading.account(wanted.login), wanted, mark)
    return Evidence("unclear", moved) if moved else seen


def judge(records: Sequence[Trade], unmarked: Sequence[Trade], wanted: Wanted) -> Evidence:
    """Whether the records are exactly the one that was asked for.

    `unmarked` are those among them that may be ours, their mark taken away. Two records, another
    amount or another purse leave a doubt; so does one without our mark.
    """
    marked = [trade for trade in records if carries(trade.comment, wanted.reference)]
    marked = [trade for trade in marked if _same_way(trade, wanted)]
    if not marked and not unmarked:
        return Evidence("absent", "No record in the account's history can be this one.")
    twice = [trade for trade in unmarked if _is_alike(trade, wanted) and trade not in marked]
    if len(marked) == 1 and _is_alike(marked[0], wanted) and not twice:
        return Evidence(
            "found",
            f"Ticket {marked[0].order}: {show(wanted.amount)}, comment “{marked[0].comment}”.",
            as_data(marked[0]),
        )
    seen = [*marked, *(trade for trade in unmarked if trade not in marked)]
    told = "; ".join(
        f"ticket {trade.order}: {trade.trade_command.name.lower()} {show(trade.profit)}, comment "
        f"“{trade.comment}”"
        for trade in seen
    )
    asked = f"{wanted.purse.name.lower()} {show(wanted.amount)} as {wanted.reference}"
    return Evidence(
        "unclear",
        f"Asked for {asked} once; MT4 has {told}.",
        {"records": [as_data(trade) for trade in seen]},
    )


def not_anothers(records: Sequence[Trade], wanted: Wanted, after_ticket: int) -> list[Trade]:
    """Records of the same amount above a ticket that nothing else here is known to have booked.

    What was done a moment ago may not have its record yet: that is found first.
    """
    alike = [trade for trade in records if _is_alike(trade, wanted) and trade.order > after_ticket]
    left = strangers(wanted.platform, wanted.reference, alike)
    if not left:
        return []
    unmarked = (
        Unmarked(
            trade.order,
            trade.trade_command is TradeCommand.Credit,
            trade.profit,
            wanted.platform.from_server_time(trade.close_time),
        )
        for trade in left
    )
    given = give_tickets(wanted.platform, wanted.login, unmarked, exclude=wanted.reference)
    return [trade for trade in left if trade.order not in given]


def ticket_of(records: Sequence[Trade], wanted: Wanted, after_ticket: int) -> Trade | None:
    """The record of an operation that MT4 said it had carried out: our mark, else the only one of
    this amount that came after it was sent; None if that is not one."""
    marked = [trade for trade in records if carries(trade.comment, wanted.reference)]
    alike = [trade for trade in records if _is_alike(trade, wanted) and trade.order > after_ticket]
    mine = [trade for trade in marked if _same_way(trade, wanted)] or strangers(
        wanted.platform, wanted.reference, alike
    )
    return mine[0] if len(mine) == 1 else None


def _is_alike(trade: Trade, wanted: Wanted) -> bool:
    return trade.trade_command is wanted.purse and trade.profit == wanted.amount


def _same_way(trade: Trade, wanted: Wanted) -> bool:
    """In or out: the legs of a request share their eight characters, and may share an account."""
    return (trade.profit > 0) == (wanted.amount > 0)


def _other_server(reading: Reader, mark: Watermark) -> str:
    """Why what answers is not the server it was sent to, in words; empty if it is."""
    if not mark.server:
        return ""
    is_now = reading.identity()
    if is_now == mark.server:
        return ""
    return f"It was sent to {mark.server}; now {is_now} answers at {mark.api_base}."


def _lost(reading: Reader, mark: Watermark, history: Sequence[Trade], login: int) -> str:
    """Why the server must have been set back, in words; empty if it has what it had.

    MT4 never loses a record by itself: the newest one known before the first sending must be there.
    """
    if not mark.newest_ticket:
        return ""
    if mark.newest_login != login:
        try:
            history = reading.history(mark.newest_login)
        except Rejected:
            history = ()
    if any(mark.is_newest(trade) for trade in history):
        return ""
    return (
        f"MT4 has lost ticket {mark.newest_ticket} of {mark.newest_login}, which it had before "
        "this was sent: it was set back to an earlier state."
    )


def has_newer(platform: Platform, login: int, mark: Watermark) -> bool:
    """Whether an account has a money record that came after a watermark, on the server of that."""
    history = reader(mark.connection(platform)).history(login)
    return any(trade.order > mark.after for trade in money_records(history))


def _moved(account: User, wanted: Wanted, mark: Watermark) -> str:
    """Why the account may have been moved without a record, in words; empty if it was not.

    A trade that closed with this very profit looks the same: rare enough to ask a person.
    """
    if wanted.purse is TradeCommand.Credit:
        was, is_now = mark.credit, account.credit
    else:
        was, is_now = mark.balance, account.balance
    if was is None or is_now - was != wanted.amount:
        return ""
    return (
        f"No record shows it, but the {wanted.purse.name.lower()} of {wanted.login} has moved by "
        f"{show(wanted.amount)}, from {show(was)} to {show(is_now)}."
    )


def records_beside(wanted: Iterable[tuple[Wanted, Mapping[str, Any]]]) -> Records:
    """What MT4 has of some operations, each with the mark of its first sending, for people."""
    ours: list[Trade] = []
    candidates: list[Trade] = []
    earlier: list[Trade] = []
    try:
        for one, kept in wanted:
            mark = Watermark.of(kept)
            history = reader(mark.connection(one.platform)).history(one.login)
            records = money_records(history)
            newer = [trade for trade in records if trade.order > mark.after]
            marked = [trade for trade in records if carries(trade.comment, one.reference)]
            others = strangers(one.platform, one.reference, newer)
            ours += (trade for trade in marked if trade not in ours)
            candidates += (trade for trade in others if trade not in ours + candidates)
            earlier += (trade for trade in records[-EARLIER:] if trade not in ours + others)
    except MT4Error as error:
        return Records(trouble=error.explain())
    return Records(ours, candidates, earlier)


def as_data(trade: Trade) -> dict[str, object]:
    """A record for the request's row; the time is the server's clock."""
    return {
        "ticket": trade.order,
        "kind": trade.trade_command.name.lower(),
        "amount": trade.profit,
        "comment": trade.comment,
        "time": trade.close_time,
    }
