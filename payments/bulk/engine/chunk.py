"""A chunk: the lines that one lane has claimed, and until when it may send them."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from panel.models import ChangeRequest, Platform
from payments.commands import last_second
from payments.legs import DEADLINE, Leg
from payments.models import BulkFile, BulkItem, Kind

# The one step of a line: its key is the line's key with this behind.
STEP = "balance"
OUT = frozenset({Kind.WITHDRAWAL, Kind.CREDIT_OUT, Kind.CORRECTION_OUT})

State = BulkItem.State
OPEN = (State.READY, State.CLAIMED, State.SENDING, State.UNKNOWN)
CLAIMED = (State.CLAIMED, State.SENDING)


def deadline() -> float:
    """Seconds that MT4 may take for one line."""
    return settings.MT4_CHANGE_DEADLINE or DEADLINE


def call_over(lease_until: datetime) -> datetime:
    """When nothing sent under a lease can still be under way here: the bytes leave within the
    lease; the client then waits for the deadline and the margin."""
    return lease_until + timedelta(seconds=deadline() + settings.MT4_DEADLINE_MARGIN)


def new_token() -> str:
    """A name for one claim: host, process, and what tells it from every other claim."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(8)}"


def leg_of(item: BulkItem) -> Leg:
    """The one operation of a line."""
    return Leg(
        step=STEP,
        reference=item.reference,
        login=item.login,
        kind=Kind(item.kind),
        amount=item.amount,
        comment=item.comment,
        expires=last_second(item.expires) if item.expires else None,
    )


@dataclass(slots=True)
class Chunk:
    """Claimed lines by account, in the order of the file. Lines of one account go one after the
    other; what takes money out stands alone, because its live check must be the last word.

    `token` guards every write; `send_before` is a moment of `panel.lib.clock.uptime`.
    """

    file: BulkFile
    run: ChangeRequest
    platform: Platform
    token: str
    lease_until: datetime
    send_before: float
    accounts: dict[int, list[BulkItem]] = field(default_factory=dict)
    # Lines of these accounts that have to come after the ones that were taken.
    later: list[int] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def items(self) -> list[BulkItem]:
        """All of its lines."""
        return [item for items in self.accounts.values() for item in items]
