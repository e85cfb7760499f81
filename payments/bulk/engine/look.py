"""The live look before sending: what was approved must still be possible, and not done already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from panel.commands.base import Evidence
from panel.lib.money import ZERO
from panel.models import Platform
from panel.mt4.protocol.records import Trade, User
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.read import Reader, reader
from panel.ui.figures import money_text
from panel.ui.owners import LOGINS_PER_CALL, portions
from payments import stops
from payments.attribution import MONEY
from payments.bulk.engine.chunk import OUT, Chunk, leg_of
from payments.bulk.engine.threads import senders
from payments.bulk.funds import withdrawable
from payments.evidence import (
    WEEK,
    judge,
    money_records,
    not_anothers,
    refuse_other_server,
)
from payments.mirror import may_ask_reports
from payments.models import BulkItem, Kind
from payments.watermark import Watermark, newest_known, verify_newest

WORDS = {Kind.CREDIT_OUT: "of credit is there", Kind.CORRECTION_OUT: "of balance is there"}
# Beyond any clock: MT4 keeps times in 32 bits.
LAST_MOMENT = NO_TIME.replace(year=2038)

Accounts = Mapping[int, Sequence[BulkItem]]


@dataclass(slots=True)
class Seen:
    """What was read of a chunk's accounts, by line's key.

    `refused` says why a line must not be sent, `known` what MT4 has already that is or may be the
    line, `marks` what is kept with the sending of the others.
    """

    refused: dict[int, str]
    known: dict[int, Evidence] = field(default_factory=dict)
    marks: dict[int, Watermark] = field(default_factory=dict)


def look(chunk: Chunk) -> Seen:
    """Read the accounts and their latest records, many at a time, once for the whole chunk.

    Raises the errors of `panel.mt4.errors`: then nothing may be sent.
    """
    live = reader(chunk.platform.connection)
    refuse_other_server(live, chunk.platform)
    verify_newest(chunk.platform, live)
    users = _users(live, chunk.accounts)
    seen = Seen(_refusals(live, chunk.platform, chunk.accounts, users))
    left = {
        login: [item for item in items if item.pk not in seen.refused]
        for login, items in chunk.accounts.items()
    }
    left = {login: items for login, items in left.items() if items}
    records = _records(live, chunk, list(left))
    for login, items in left.items():
        for item in items:
            evidence = _evidence(chunk, item, records[login])
            if evidence.verdict != "absent":
                seen.known[item.pk] = evidence
    _mark(chunk, seen, left, users, records)
    return seen


def refusals(platform: Platform, accounts: Accounts) -> dict[int, str]:
    """Why lines must not be sent, by line's key; empty if all may.

    An account that money only goes onto must exist in the currency that was approved; from one that
    money leaves it must be there. Of several lines that take out, give one. Raises the errors of
    `panel.mt4.errors`.
    """
    live = reader(platform.connection)
    return _refusals(live, platform, accounts, _users(live, accounts))


def _users(live: Reader, logins: Iterable[int]) -> dict[int, User]:
    users: dict[int, User] = {}
    for some in portions(sorted(logins), LOGINS_PER_CALL):
        users |= {user.login: user for user in live.accounts_of(some)}
    return users


def _refusals(
    live: Reader, platform: Platform, accounts: Accounts, users: Mapping[int, User]
) -> dict[int, str]:
    currencies = {group.group: group.currency for group in live.groups()}
    out = {login for login, items in accounts.items() if items[0].kind in OUT}
    kinds = {login: Kind(accounts[login][0].kind) for login in out if login in users}
    most = _most(live, [users[login] for login in kinds], kinds, accounts)
    barred = stops.stopped(platform, out)
    refused: dict[int, str] = {}
    for login, items in accounts.items():
        user = users.get(login)
        for item in items:
            why = _why_not(item, currencies.get(user.group, "") if user else None)
            if not why and login in barred and item.kind == Kind.WITHDRAWAL:
                why = f"Nothing was sent: withdrawals from {login} are stopped."
            if not why and login in most:
                why = _too_much(item, most[login])
            if why:
                refused[item.pk] = why
    return refused


def _why_not(item: BulkItem, currency: str | None) -> str:
    if currency is None:
        return f"Nothing was sent: there is no account {item.login} any more."
    if currency != item.currency:
        return (
            f"Nothing was sent: the account is in {currency or 'an unknown currency'} now, "
            f"{item.currency} was approved."
        )
    return ""


def _too_much(item: BulkItem, most: Decimal) -> str:
    if item.amount <= most:
        return ""
    what = WORDS.get(Kind(item.kind), "can be withdrawn")
    return f"Nothing was sent: only {money_text(most, item.currency)} {what} now."


def _most(
    live: Reader, users: Sequence[User], kinds: Mapping[int, Kind], accounts: Accounts
) -> dict[int, Decimal]:
    """The most that may be taken out, by login; margins are read several at a time."""
    most = {
        user.login: max(user.credit if kinds[user.login] is Kind.CREDIT_OUT else user.balance, ZERO)
        for user in users
    }
    money = [user for user in users if kinds[user.login] is Kind.WITHDRAWAL]
    margins = live.margin_levels_of([user.login for user in money], senders().slots)
    for user in money:
        currency = accounts[user.login][0].currency
        most[user.login] = withdrawable(user, margins[user.login], currency)
    return most


def _records(live: Reader, chunk: Chunk, logins: Sequence[int]) -> dict[int, list[Trade]]:
    """The money records that the accounts have gained since the file came, and some before."""
    start = chunk.platform.server_time(chunk.file.created) - WEEK
    found: dict[int, list[Trade]] = defaultdict(list)
    if may_ask_reports(chunk.platform, live):
        for some in portions(sorted(logins), LOGINS_PER_CALL):
            for trade in live.reports(some, start, LAST_MOMENT):
                if trade.trade_command in MONEY:
                    found[trade.login].append(trade)
    else:
        histories = live.histories_of(logins, start, senders().slots)
        found |= {login: money_records(history) for login, history in histories.items()}
    return {login: money_records(found[login]) for login in logins}


def _evidence(chunk: Chunk, item: BulkItem, records: Sequence[Trade]) -> Evidence:
    wanted = leg_of(item).wanted(chunk.platform)
    candidates = not_anothers(records, wanted, chunk.file.asked_after)
    evidence = judge(records, candidates, wanted)
    return replace(evidence, text=f"Before it was sent: {evidence.text}")


def _mark(
    chunk: Chunk,
    seen: Seen,
    accounts: Accounts,
    users: Mapping[int, User],
    records: Mapping[int, Sequence[Trade]],
) -> None:
    """One watermark for all; the balances are those that the lines before will have left."""
    newest = newest_known(chunk.platform)
    for login, some in records.items():
        if some:
            newest = max(newest, (some[-1].order, login, some[-1].profit))
    of_all = Watermark.of_server(chunk.platform, newest)
    for login, items in accounts.items():
        balance, credit = users[login].balance, users[login].credit
        for item in items:
            if item.pk in seen.known:
                continue
            seen.marks[item.pk] = replace(of_all, balance=balance, credit=credit)
            if Kind(item.kind).is_credit:
                credit += item.signed_amount
            else:
                balance += item.signed_amount
