"""A lane: one Celery task that takes chunk after chunk, sending while it writes.

While the lines of one chunk are on their way, the next is claimed and the last is written, so
that neither MT4 nor the database waits for the other.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, wait
from dataclasses import dataclass

import structlog

from panel.commands.sending import MoneyOrder, Verdict, send, send_all
from panel.mt4.client import Connection
from panel.mt4.errors import MT4Error
from panel.mt4.volley import Talk
from payments.bulk.engine import look as live
from payments.bulk.engine.chunk import STEP, Chunk, deadline, leg_of
from payments.bulk.engine.claim import announce, claim, runs
from payments.bulk.engine.record import record
from payments.bulk.engine.threads import FLIGHTS, senders
from payments.models import BulkFile, BulkItem

log = structlog.get_logger(__name__)

TURN = 5.0
"""Seconds after which a lane lets other work have the process."""
LOOK_FOR_STOP = 0.5
"""Seconds between two looks at whether a person has stopped the file."""
STOPPED = Verdict("unsent", "Stopped", "Stopped before it was sent.")

Verdicts = dict[int, Verdict]


@dataclass(slots=True)
class Flight:
    """A chunk on its way: what is known already, and what is still being sent."""

    chunk: Chunk
    known: Verdicts
    sent: Future[Verdicts] | None

    def land(self) -> Verdicts:
        """Wait for every line; a person who stops the file stops what has not begun."""
        if self.sent is None:
            return self.known
        while wait([self.sent], timeout=LOOK_FOR_STOP).not_done:
            if not self.chunk.stop.is_set() and not runs(self.chunk.file):
                self.chunk.stop.set()
        return {**self.known, **self.sent.result()}


def work(file_id: int) -> bool:
    """Take a turn at a file; whether there is more to do at once."""
    file = BulkFile.objects.select_related("platform", "run__platform").get(pk=file_id)
    if file.run is None:
        return False
    until = time.monotonic() + TURN
    flying: deque[Flight] = deque()
    more = True
    while True:
        if more and len(flying) < FLIGHTS and time.monotonic() < until:
            chunk = claim(file, file.run)
            if chunk is None:
                more = False
            elif chunk.accounts:
                flying.append(take_off(chunk))
            continue
        if not flying:
            return more
        flight = flying.popleft()
        if not record(flight.chunk, flight.land()):
            # Nothing came through: MT4 is away or silent. The sweep tries again in a while.
            return _landed(flying)
        more = more or bool(flight.chunk.later)


def _landed(flying: deque[Flight]) -> bool:
    """Bring home what is still on its way; then leave the file for now."""
    for flight in flying:
        record(flight.chunk, flight.land())
    return False


def take_off(chunk: Chunk) -> Flight:
    """Look at the live figures, then hand the lines to the senders."""
    known: Verdicts = {}
    try:
        connection = chunk.platform.connection
        seen = live.look(chunk)
    except MT4Error as error:
        away = Verdict("unsent", "Unavailable", error.explain(), error.activity_id)
        return Flight(chunk, {item.pk: away for item in chunk.items}, None)
    known.update({pk: Verdict("rejected", "Invalid", why) for pk, why in seen.refused.items()})
    for pk, evidence in seen.known.items():
        if evidence.verdict == "found":
            known[pk] = Verdict("done", "Found", evidence.text)
        else:
            known[pk] = Verdict("unknown", "OutcomeUnknown", evidence.text, needs_person=True)
    for pk in seen.marks.keys() - announce(chunk, seen.marks):
        known[pk] = Verdict("unsent", "LeaseLost", "The time to send was over.")
    left = ([item for item in items if item.pk not in known] for items in chunk.accounts.values())
    accounts = list(filter(None, left))
    return Flight(chunk, known, senders().threads.submit(_send, chunk, connection, accounts))


def _send(chunk: Chunk, connection: Connection, accounts: list[list[BulkItem]]) -> Verdicts:
    """All lines: accounts side by side, as many as this process may have under way."""
    verdicts: Verdicts = {}
    talks = (_send_in_turn(chunk, connection, items, verdicts) for items in accounts)
    send_all(connection, talks, senders().slots)
    return verdicts


def _send_in_turn(
    chunk: Chunk, connection: Connection, items: list[BulkItem], verdicts: Verdicts
) -> Talk[None]:
    """The lines of one account, one after the other; after a doubt none follows."""
    for item in items:
        if chunk.stop.is_set():
            verdicts[item.pk] = STOPPED
            continue
        verdict = yield from send(
            connection, order_of(item), send_before=chunk.send_before, deadline=deadline()
        )
        verdicts[item.pk] = verdict
        if verdict.name in ("unknown", "unsent"):
            rest = Verdict("unsent", "Waiting", "The line before it on this account is open.")
            verdicts.update({later.pk: rest for later in items if later.pk not in verdicts})
            break


def order_of(item: BulkItem) -> MoneyOrder:
    """What is sent for a line: its own key, its reference at the head of the comment."""
    leg = leg_of(item)
    return MoneyOrder(
        key=f"{item.mt4_key}:{STEP}",
        login=leg.login,
        amount=leg.signed,
        comment=leg.mt4_comment,
        purse=leg.purse,
        expiration=leg.expires,
    )
